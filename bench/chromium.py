"""Debian's Chromium with the flags of a user, driven over the Chrome DevTools Protocol (CDP).

Not through Playwright: it changes how Chromium treats third-party storage, and it attaches to every new
frame and holds it until its driver has answered, which would be part of what is measured. This attaches
to the parent page, and to the frame only after its start.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from bench.errors import BenchError

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root has no other way, and /proc does not tell the memory of a sandboxed process
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)
PATIENCE = 30.0
"""Seconds for a start or an end of the browser."""


def executable() -> str:
    """Raises BenchError."""
    found = shutil.which("chromium")
    if found is None:
        raise BenchError("chromium is not installed: apt-get install chromium")
    return found


def version() -> str:
    """As it says itself, e.g. `Chromium 156.0.1.2 built on Debian`."""
    command = [executable(), "--version"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    return told.stdout.strip()


class Target:
    """A page or a cross-site frame that we are attached to."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    def evaluate(self, expression: str) -> Any:
        """The JSON value of an expression, awaited if it is a promise. Raises BenchError."""
        answer = self._browser.command(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True},
            self._session,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BenchError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def call(self, function: str, *arguments: Any) -> Any:
        """`function(...arguments)` in the page."""
        return self.evaluate(f"{function}({', '.join(map(json.dumps, arguments))})")


class Chromium:
    """`command` and what is made of it. One thread."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)

    def command(self, method: str, parameters: dict[str, Any] | None = None, session: str = "") -> Any:
        """Send a CDP command and wait for its result; events are dropped. Raises BenchError."""
        id = next(self._ids)
        message = {"id": id, "method": method, "params": parameters or {}}
        try:
            self._connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
            while (answer := json.loads(self._connection.recv(timeout=120))).get("id") != id:
                pass  # an event, or the answer to a command that was given up
        except (WebSocketException, TimeoutError) as error:
            raise BenchError(f"{method}: Chromium does not answer ({type(error).__name__})") from error
        if "error" in answer:
            raise BenchError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def open_page(self, url: str) -> Target:
        """A new page at this address, loaded."""
        id = self.command("Target.createTarget", {"url": url})["targetId"]
        page = self._attach(id)
        loaded = f"location.href === {json.dumps(url)} && document.readyState === 'complete'"
        wait(lambda: page.evaluate(loaded), f"the page {url}")
        return page

    def attach_frame(self, path: str) -> Target:
        """The cross-site frame whose address has this path."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            targets = self.command("Target.getTargets")["targetInfos"]
            found[:] = [each for each in targets if each["type"] == "iframe" and path in each["url"]]
            return bool(found)

        wait(look, f"the frame {path}")
        return self._attach(found[0]["targetId"])

    def renderers(self) -> dict[int, float]:
        """CPU seconds so far of every renderer process, by process id."""
        processes = self.command("SystemInfo.getProcessInfo")["processInfo"]
        return {each["id"]: each["cpuTime"] for each in processes if each["type"] == "renderer"}

    def _attach(self, target: str) -> Target:
        answer = self.command("Target.attachToTarget", {"targetId": target, "flatten": True})
        return Target(self, answer["sessionId"])


@contextmanager
def open_chromium(profile: Path) -> Iterator[Chromium]:
    """Starts the browser on this profile (made if it is not there) and closes it as a user does."""
    profile.mkdir(parents=True, exist_ok=True)
    where = profile / "DevToolsActivePort"
    where.unlink(missing_ok=True)
    command = [executable(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(  # noqa: S603 - Chromium, on a folder of ours
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address: list[str] = []

        def listening() -> bool:
            with suppress(OSError):
                address[:] = where.read_text().split()
            return len(address) == 2

        wait(listening, "Chromium")
        with connect(f"ws://127.0.0.1:{address[0]}{address[1]}", max_size=None) as connection:
            browser = Chromium(connection)
            yield browser
            with suppress(BenchError):  # it may be gone before it has answered
                browser.command("Browser.close")  # not a kill: the HTTP cache has to reach the disk
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Raises BenchError when the condition does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise BenchError(f"timed out waiting for {what}")
        time.sleep(0.02)
