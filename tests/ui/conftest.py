"""The real page in real Chromium: Pyodide runs `DomScreen` and `AudioRinger` in it, with no phone behind."""

from __future__ import annotations

import io
import json
import mimetypes
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route

from tests.ui.states import EVERY_DAY

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
SITE = "https://frame.test"

BOOT = """
import { loadPyodide } from "/pyodide/pyodide.mjs";
globalThis.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
const python = await loadPyodide();
python.unpackArchive(await (await fetch("/app.zip")).arrayBuffer(), "zip", { extractDir: "/app" });
python.runPython("import sys; sys.path.insert(0, '/app')");
globalThis.python = python;
document.body.dataset.python = "up";
"""

DRIVER = """
import json
from dataclasses import replace

import js
from embed_app.browser.ringer import AudioRinger
from embed_app.browser.screen import DomScreen
from embed_app.core.notices import Problem
from embed_app.core.screen.values import Fold, Panel
from embed_app.core.sound.values import Ringtone, Sound
from embed_app.i18n.translator import Translator
from embed_app.ui.presenter import present
from states import STATES

wishes = []
noises = []
pressed = []
screen = DomScreen(pressed.append)
ringer = AudioRinger()
ringer.listen(lambda: noises.append("blocked"), lambda: noises.append("heard"))

then = {}
# What the phone shows after a wish, by the wish's name.

def told(message):
    fields = {name: str(getattr(message, name)) for name in message.__dataclass_fields__}
    wishes.append([type(message).__name__, fields])
    if type(message).__name__ in then:
        show(then[type(message).__name__])

def show(name, locale="vi", at=None, **changes):
    phone = replace(STATES[name], **changes)
    if at is not None:
        phone = replace(phone, calls=tuple(replace(call, answered_at=at) for call in phone.calls))
    screen.show(present(phone, Translator(locale)))

screen.listen(told, lambda: "new-uuid")
show("starting")
js.document.documentElement.setAttribute("data-boot", "started")
"""

RUN = """source => {
  const result = python.runPython(source);
  return result?.toJs ? result.toJs() : result;
}"""

RESET = """
show("ready")
screen._flash_over()
screen._number.value = screen._dialled = ""
js.document.activeElement.blur()
wishes.clear()
then.clear()
noises.clear()
ringer.play(Sound.NONE)
"""


def app_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((ROOT / "embed_app").rglob("*")):
            if file.suffix in (".py", ".json"):
                archive.write(file, file.relative_to(ROOT))
        archive.write(ROOT / "tests/ui/states.py", "states.py")
    return packed.getvalue()


def page_html() -> str:
    """Our page without the scripts that start the phone, and one that starts bare Pyodide instead."""
    html = (ROOT / "public/webphone-embed.html").read_text(encoding="utf-8")
    html = re.sub(r"<script\b.*?</script>|<link rel=\"(?:module)?preload\"[^>]*>", "", html, flags=re.DOTALL)
    html = html.replace("/webphone-assets/BUILD/", "/public/")
    return html.replace("</body>", '<script type="module" src="/boot-test.js"></script></body>')


def looks_at(every: Iterable[str]) -> pytest.MarkDecorator:
    """`locale` and `states` of a test: the everyday ones in each run, `every` state in the slow one."""
    return pytest.mark.parametrize(
        ("locale", "states"),
        [
            pytest.param("vi", EVERY_DAY, id="vi"),
            pytest.param("vi", every, id="vi-all", marks=pytest.mark.slow),
            pytest.param("en", every, id="en-all", marks=pytest.mark.slow),
        ],
    )


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def loaded(browser: Browser) -> Page:
    """Loading Pyodide takes seconds: all tests share the page, which `page` puts back to rest."""
    archive = app_zip()
    page = browser.new_page(viewport={"width": 380, "height": 560})

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path == "/":
            route.fulfill(
                body=page_html(),
                content_type="text/html; charset=utf-8",
                headers={
                    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
                    "style-src 'self'; media-src 'self' blob:; connect-src 'self'; font-src 'self'; "
                    "img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"
                },
            )
        elif path == "/boot-test.js":
            route.fulfill(body=BOOT, content_type="text/javascript")
        elif path == "/app.zip":
            route.fulfill(body=archive)
        elif path.endswith(".woff2"):
            font = ROOT / "node_modules" / path.removeprefix("/public/css/")
            route.fulfill(body=font.read_bytes(), content_type="font/woff2")
        else:
            folder, _, name = path.lstrip("/").partition("/")
            file = {"pyodide": ROOT / "node_modules/pyodide", "public": ROOT / "public"}[folder] / name
            kinds = {".mjs": "text/javascript", ".wasm": "application/wasm"}
            kind = kinds.get(file.suffix) or mimetypes.guess_type(file.name)[0]
            route.fulfill(body=file.read_bytes(), content_type=kind)

    page.route(f"{SITE}/**", answer)
    page.goto(f"{SITE}/")
    page.wait_for_selector("body[data-python=up]", timeout=100_000)
    run(page, DRIVER)
    return page


def run(page: Page, source: str) -> Any:
    """Python in the page; lists come back as lists."""
    return page.evaluate(RUN, source)


def wishes(page: Page) -> list[tuple[str, dict[str, str]]]:
    return [(name, fields) for name, fields in json.loads(run(page, "json.dumps(wishes)"))]


def press_keys(page: Page, digits: str) -> None:
    """Those of the dialer, on the screen."""
    for digit in digits:
        page.click(f'[data-action="key"][data-value="{digit}"]')


@pytest.fixture
def page(loaded: Page) -> Page:
    """The phone is ready, nothing is typed, nothing was asked."""
    run(loaded, RESET)
    return loaded
