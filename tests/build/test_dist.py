"""What the build writes, and how it fails. Source of the rules: contract section 1 and the frame's policy."""

import hashlib
import re
import subprocess
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.build.frame_site import ROOT, run_build

Build = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def product() -> Path:
    """The dist/ of this checkout, brought up to date."""
    folder = ROOT / "dist"
    result = run_build(folder)
    assert result.returncode == 0, result.stderr
    return folder


def assets(dist: Path) -> Path:
    (folder,) = (dist / "frame/assets").iterdir()
    return folder


def zip_names(dist: Path) -> set[str]:
    with zipfile.ZipFile(assets(dist) / "python.zip") as archive:
        return set(archive.namelist())


def test_the_zip_holds_bytecode_and_translations_only(product: Path) -> None:
    assert {Path(name).suffix for name in zip_names(product)} == {".pyc", ".json"}


def test_every_module_of_the_app_is_in_the_zip(product: Path) -> None:
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "embed_app").rglob("*.py")}
    translations = {path.relative_to(ROOT).as_posix() for path in (ROOT / "embed_app").rglob("*.json")}
    packed = {name for name in zip_names(product) if name.startswith("embed_app/")}
    assert packed == {f"{name}c" for name in sources} | translations
    assert len(sources) > 10


def test_the_standard_library_is_trimmed_but_has_what_an_error_needs(product: Path) -> None:
    names = zip_names(product)
    assert {"traceback.pyc", "asyncio/taskgroups.pyc", "_strptime.pyc", "pyodide/webloop.pyc"} <= names
    assert not {"sqlite3/__init__.pyc", "unittest/__init__.pyc", "xml/dom/minidom.pyc"} & names
    assert len(names) < 350


def test_no_path_of_this_machine_is_in_any_output(product: Path, dist: Path, app_dir: Path) -> None:
    folders = [ROOT / "public", ROOT / "embed_app", ROOT / "node_modules", app_dir]
    private = [str(folder).encode() for folder in folders]
    for path in [*(product / "frame").rglob("*"), *(dist / "frame").rglob("*")]:
        if path.is_file():
            assert not [folder for folder in private if folder in path.read_bytes()], path.name


class PageReader(HTMLParser):
    """Collects what a policy without 'unsafe-inline' forbids, and what the page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.references: list[str] = []
        self.scripts: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.forbidden += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        if tag == "style":
            self.forbidden.append(tag)
        if tag == "script":
            self.scripts.append(values)
            if "src" not in values and values.get("type") != "py":  # "py" is data to the browser
                self.forbidden.append("script without src")
        self.references += [values[name] for name in ("src", "href") if name in values]
        self.references += re.findall(r'"(/[^"]+)"', values.get("config", ""))


@pytest.fixture
def page(product: Path) -> PageReader:
    reader = PageReader()
    reader.feed((product / "frame/webphone-embed.html").read_text("utf-8"))
    return reader


def test_the_page_has_no_inline_script_or_style(page: PageReader) -> None:
    assert page.forbidden == []


def test_boot_is_the_first_script_and_blocks(page: PageReader) -> None:
    first = page.scripts[0]
    assert first["src"].endswith("/boot.js")
    assert not {"async", "defer", "type"} & first.keys()


def test_everything_the_page_refers_to_is_ours_and_exists(page: PageReader, product: Path) -> None:
    folder = assets(product)
    prefix = f"/webphone-assets/{folder.name}/"
    local = [name for name in page.references if name not in ("data:,",) and not name.startswith("#")]
    assert local
    for name in local:
        assert name.startswith(prefix), name
        assert (folder / name.removeprefix(prefix)).is_file(), name


def test_the_font_is_ours_and_nobody_waits_for_it(product: Path, page: PageReader) -> None:
    style = (assets(product) / "phone.css").read_text("utf-8")
    fonts = re.findall(r'url\("?([^")]+\.woff2)"?\)', style)
    assert len(fonts) == 2
    assert all((assets(product) / font).is_file() for font in fonts)
    assert re.findall(r"[^{}]*\{font-family:Inter,[^}]*\}", style)[0].startswith(":root[data-boot=started]")
    assert not [name for name in page.references if name.endswith(".woff2")]


def test_an_icon_that_is_not_drawn_stops_the_build(tmp_path: Path) -> None:
    script = 'import { withIcons } from "./public/build/icons.mjs";console.log(withIcons(process.argv[1]))'
    page = '<svg class="sprite" x>old\n    </svg><use href="#i-phone"></use><use href="#i-{}"></use>'
    command = ["node", "--input-type=module", "-e", script]
    good = subprocess.run([*command, page.format("keypad")], cwd=ROOT, capture_output=True, text=True)
    assert re.findall(r'<symbol id="(.+?)"', good.stdout) == ["i-keypad", "i-phone"]
    assert "old" not in good.stdout
    bad = subprocess.run([*command, page.format("unicorn")], cwd=ROOT, capture_output=True, text=True)
    assert "#i-unicorn: Lucide has no unicorn" in bad.stderr


def test_the_page_has_the_empty_place_for_the_parent_origins(product: Path) -> None:
    html = (product / "frame/webphone-embed.html").read_text("utf-8")
    assert html.count('<meta name="zorio-parent-origins" content="">') == 1


def test_the_same_sources_give_the_same_bytes(
    dist: Path, app_dir: Path, build: Build, tmp_path: Path
) -> None:
    variables = {"ZORIO_APP_DIR": str(app_dir), "ZORIO_SIP_UA": str(app_dir.parent / "sip-ua.js")}
    assert build(**variables).returncode == 0
    assert assets(tmp_path / "dist").name == assets(dist).name
    again = build(**variables)
    assert "up to date" in again.stdout

    changed = tmp_path / "sip-ua.js"
    changed.write_text("globalThis.zorioSip = {changed: true};")
    assert "Python: unchanged" in build(**{**variables, "ZORIO_SIP_UA": str(changed)}).stdout
    assert assets(tmp_path / "dist").name != assets(dist).name


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("broken.py", "def f(:\n", r"embed_app/broken\.py:1: "),
        ("needs.py", "import tkinter\n", r"embed_app/needs\.py: imports tkinter, which does not exist"),
        (
            "raises.py",
            "1 / 0\n",
            r"embed_app/raises: cannot be imported under Python 3\.14: ZeroDivisionError",
        ),
        ("xx.json", "{", r"embed_app/xx\.json: "),
    ],
)
def test_a_failed_build_names_the_file_and_keeps_the_last_good_one(
    name: str, content: str, complaint: str, dist: Path, app_dir: Path
) -> None:
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in assets(dist).rglob("*.*")}
    faulty = app_dir / name
    faulty.write_text(content)
    try:
        result = run_build(dist, ZORIO_APP_DIR=str(app_dir), ZORIO_SIP_UA=str(app_dir.parent / "sip-ua.js"))
    finally:
        faulty.unlink()
    assert result.returncode == 1
    assert re.search(complaint, result.stderr)
    assert len(result.stderr.splitlines()) == 1
    assert before == {path: hashlib.sha256(path.read_bytes()).digest() for path in assets(dist).rglob("*.*")}


def test_a_missing_shim_is_named(build: Build, app_dir: Path, tmp_path: Path) -> None:
    result = build(ZORIO_APP_DIR=str(app_dir), ZORIO_SIP_UA=str(tmp_path / "nowhere.js"))
    assert result.returncode == 1
    assert "nowhere.js is missing" in result.stderr
