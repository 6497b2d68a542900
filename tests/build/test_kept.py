"""The cache of the builds: what one made the next may use, and what none has used for a week is gone."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.build.frame_site import ROOT

DAY_S = 24 * 3600
Build = Callable[..., subprocess.CompletedProcess[str]]
CACHE = ROOT / "node_modules/.cache/zorio-webphone"

USE = """
import { Kept } from "./kept.mjs";
const [folder] = process.argv.slice(1);
const kept = new Kept(folder);
const made = [];
const make = (name) => () => (made.push(name), name);
for (const name of ["used", "new"]) await kept.file(name, "key", make(name));
kept.prune();
console.log(made.join(" "));
"""


def leave(folder: Path, name: str, days: float) -> Path:
    """A result that was used last so long ago."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("kept")
    then = time.time() - days * DAY_S
    os.utime(file, (then, then))
    return file


def test_what_is_used_is_kept_and_what_no_build_used_for_a_week_is_not(tmp_path: Path) -> None:
    for name, days in {"key.used": 30, "old": 7.1, "young": 6.9, "unfinished.4711": 8}.items():
        leave(tmp_path, name, days)
    command = ["node", "--input-type=module", "--eval", USE, "--", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT / "public/fast-start", capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["new"]
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "key.used": "kept",
        "key.new": "new",
        "young": "kept",
    }


def test_every_build_tidies_up(build: Build, app_dir: Path, tmp_path: Path) -> None:
    old, young = leave(CACHE, "test.old", 8), leave(CACHE, "test.young", 1)
    changed = tmp_path / "sip-ua.js"
    changed.write_text("globalThis.zorioSip = {tidy: true};")
    assert build(ZORIO_APP_DIR=str(app_dir), ZORIO_SIP_UA=str(changed)).returncode == 0
    assert young.exists()
    young.unlink()
    assert not old.exists()
