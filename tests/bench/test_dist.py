"""The reference page is made from the files of the build it is compared with."""

from pathlib import Path

import pytest

from bench.dist import PAGES, copy_builds
from bench.errors import BenchError

NAMES = {
    "boot.css": "boot.css",
    "phone.css": "phone-0a1b2c3d.css",  # a build may put hashes into names
    "sip-ua.js": "sip-ua.js",
    "soft.wav": "sounds/soft.wav",
    "ringback.wav": "sounds/ringback.wav",
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    frame = tmp_path / "dist" / "frame"
    assets = frame / "assets" / "0123456789abcdef"
    (assets / "sounds").mkdir(parents=True)
    (frame / "webphone-embed.html").write_text("ours")
    for name in NAMES.values():
        (assets / name).write_text(f"the content of {name}")
    (assets / "sip-ua.js.br").write_text("compressed")
    return tmp_path / "dist"


def test_it_has_every_file_it_names(dist: Path, tmp_path: Path) -> None:
    ours, reference = copy_builds(dist, tmp_path / "work")
    assets = reference / "frame" / "assets" / "reference"
    for name, built in NAMES.items():
        assert (assets / name).read_text() == f"the content of {built}"
    assert (assets / "sip-ua.js.br").read_text() == "compressed"
    assert (assets / "reference.js").read_text() == (PAGES / "reference.js").read_text()
    page = (reference / "frame" / "webphone-embed.html").read_text()
    assert "/webphone-assets/reference/sip-ua.js" in page
    assert 'webphone-assets/BUILD/"' not in page
    assert (ours / "frame" / "webphone-embed.html").read_text() == "ours"


def test_a_build_without_the_user_agent_is_refused(dist: Path, tmp_path: Path) -> None:
    next(dist.rglob("sip-ua.js")).unlink()
    with pytest.raises(BenchError, match=r"0 files for sip-ua\.js"):
        copy_builds(dist, tmp_path / "work")


def test_without_a_build_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="make build"):
        copy_builds(tmp_path / "nothing", tmp_path / "work")


def test_the_pages_hold_under_the_policy_of_the_frame() -> None:
    html = (PAGES / "reference.html").read_text()
    script = (PAGES / "reference.js").read_text()
    assert html.count('<meta name="zorio-parent-origins" content="">') == 1
    assert "<script>" not in html
    assert " style=" not in html
    assert "innerHTML" not in script
