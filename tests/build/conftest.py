"""Fixtures of the build and the start: a scratch phone, its dist/, a server for it, two kinds of browser."""

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Playwright

from tests.build.frame_site import CHROMIUM, Embedded, FrameSite, open_parent, run_build

# The least a phone must do to be started: take the messages, and say it is up. It echoes what it gets, and
# counts its starts: with a fast start there are two in one interpreter, the second by PyScript.
APP = """
import json

import js
from pyodide.ffi import create_proxy

starts = 0


def start() -> None:
    global starts
    starts += 1
    js.zorioBoot.starts = starts

    def receive(data: str, origin: str) -> None:
        message = {"source": "zorio-webphone", "type": "echo", "payload": json.loads(data)}
        js.zorioBoot.post(json.dumps(message), origin)

    if "fail_in_python" in js.zorioBoot.search:
        raise RuntimeError("start went wrong")
    js.zorioBoot.takeMessages(create_proxy(receive))
    js.zorioBoot.started()
    js.pythonIsUp = True
"""


@pytest.fixture(scope="session")
def app_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package embed_app that only starts: the tests of the start do not depend on the phone."""
    folder = tmp_path_factory.mktemp("app") / "embed_app"
    (folder / "i18n").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "main.py").write_text(APP)
    (folder / "i18n/__init__.py").write_text("")
    (folder / "i18n/vi.json").write_text(json.dumps({"call": "Gọi"}))
    return folder


@pytest.fixture(scope="session")
def dist(app_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    sip_ua = app_dir.parent / "sip-ua.js"
    sip_ua.write_text("globalThis.zorioSip = {};")
    result = run_build(folder, ZORIO_APP_DIR=str(app_dir), ZORIO_SIP_UA=str(sip_ua))
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="session")
def served(dist: Path) -> Iterator[FrameSite]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    site = FrameSite(dist, listener.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(site.app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield site
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def site(served: FrameSite) -> FrameSite:
    served.faults.clear()
    served.allowed_parents = FrameSite.allowed_parents
    return served


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Playwright's default flags: third-party storage throws, as where a user blocks all site data."""
    with playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def plain_browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium as users have it: third-party storage is partitioned and works."""
    profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
    args = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run", profile]
    with playwright.chromium.launch(
        executable_path=CHROMIUM, ignore_default_args=True, args=[*args, "about:blank"]
    ) as chromium:
        yield chromium


@pytest.fixture
def parent(browser: Browser, site: FrameSite) -> Iterator[Embedded]:
    context = browser.new_context()
    yield open_parent(context.new_page(), site)
    context.close()


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the build into a folder of this test: build(ZORIO_APP_DIR=...)."""
    return partial(run_build, tmp_path / "dist")
