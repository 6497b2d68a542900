"""The committed sounds are the ones the script makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PUBLIC = Path(__file__).parents[2] / "public"


def test_the_sounds_are_what_the_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PUBLIC / "build/make_sounds.py", tmp_path], check=True)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_bytes() for file in (PUBLIC / "sounds").iterdir()}
    assert all(len(data) < 100_000 for data in made.values())
