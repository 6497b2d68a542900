"""The builds that are measured: a copy of ours, and the reference page made from the same files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from bench.errors import BenchError

PAGES = Path(__file__).resolve().parent.parent / "public" / "bench"
_NAMED = re.compile(r"/webphone-assets/BUILD/([\w.-]+)")
_HASH = r"([.-][\w-]+)?"


def copy_builds(dist: Path, to: Path) -> tuple[Path, Path]:
    """(ours, reference), both shaped like dist/. Raises BenchError.

    A copy, because the bench takes minutes and a build in between replaces every file. The reference has the
    files it names (the SIP user agent, the style sheets, the sounds) from our build, byte for byte and
    with what was compressed beside them.
    """
    ours, reference = to / "ours", to / "reference"
    try:
        shutil.copytree(dist / "frame", ours / "frame")
    except (OSError, shutil.Error) as error:
        raise BenchError(f"{dist} cannot be copied: run `make build` first, and none meanwhile") from error
    assets = reference / "frame" / "assets" / "reference"
    assets.mkdir(parents=True)
    shutil.copy(PAGES / "reference.js", assets)
    page = (PAGES / "reference.html").read_text("utf-8")
    for name in sorted(set(_NAMED.findall(page)) - {"reference.js"}):
        _copy_asset(ours / "frame" / "assets", name, assets)
    page = page.replace("/webphone-assets/BUILD/", "/webphone-assets/reference/")
    (reference / "frame" / "webphone-embed.html").write_text(page, "utf-8")
    return ours, reference


def _copy_asset(build: Path, name: str, to: Path) -> None:
    """Copies `sip-ua.js` under that name, whatever hash the build gave it. Raises BenchError."""
    stem, dot, suffix = name.rpartition(".")
    named = re.compile(re.escape(stem) + _HASH + re.escape(dot + suffix))
    found = [file for file in build.rglob(f"{stem}*") if named.fullmatch(file.name)]
    if len(found) != 1:
        raise BenchError(f"the build has {len(found)} files for {name}, the reference page needs one")
    for suffix in ("", ".br", ".zst", ".gz"):
        file = found[0].with_name(found[0].name + suffix)
        if file.exists():
            shutil.copy(file, to / (name + suffix))
