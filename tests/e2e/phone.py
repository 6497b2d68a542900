"""One phone as its parent sees it: a page on the CRM's origin with the frame in it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlencode

from playwright.sync_api import Browser, BrowserContext, Frame, Page

from tests.e2e.heard import Log
from tests.e2e.world import until

SOURCE = "zorio-webphone"
AUDIBLE = 1e-4
"""Energy (W3C webrtc-stats totalAudioEnergy) that is sound. A muted microphone decodes to nothing or to
samples of one bit, some 1e-9 a second; the fake microphone and the services make 0.1 a second."""


class Home(Protocol):
    """Where a phone is opened: the demo's World, or another one."""

    browser: Browser
    phone_origin: str
    crm_origin: str

    def token(self, user: str, ttl_seconds: int = 300) -> str: ...


_TROUBLE = ("error", "warning", "log")
"""To the browser what Python prints is a log, and its traceback a warning."""


class Phone:
    """`events` are the parent's: what was posted to it, in order."""

    def __init__(
        self, world: Home, page: Page, context: BrowserContext, extension: str, *, keeps_calls: bool = True
    ) -> None:
        """`page`: nothing was loaded into it yet. `keeps_calls`: an answered one outlives its page."""
        self.world = world
        self.log = Log(page, extension, self._alive, keeps_calls=keeps_calls)
        self.page = page
        self.context = context
        self.extension = extension
        self.console: list[str] = []
        self._mark = 0
        self._ids = 0
        page.on("console", lambda m: self.console.append(m.text) if m.type in _TROUBLE else None)
        page.on("pageerror", lambda error: self.console.append(f"pageerror {error}"))

    @classmethod
    def open(
        cls,
        world: Home,
        extension: str,
        *,
        token: str | None = "",
        context: BrowserContext | None = None,
        origin: str = "",
        allow: str = "microphone",
        wait: str | None = "registered",
        **params: str,
    ) -> Phone:
        """token: "" fetches a good one, None leaves it out. `wait`: the event to wait for."""
        context = context or world.browser.new_context()
        page = context.new_page()
        phone = cls(world, page, context, extension, keeps_calls=params.get("resume") != "0")
        page.goto(f"{origin or world.crm_origin}/")
        if token == "":
            token = world.token(extension)
        query = ({"token": token} if token is not None else {}) | params
        page.evaluate(
            "([src, allow]) => embed(src, allow)",
            [f"{world.phone_origin}/webphone-embed?{urlencode(query)}", allow],
        )
        if wait:
            phone.wait_event(wait, seconds=40)
        return phone

    # ---- the parent's side

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate("events")
        return found

    def mark(self) -> None:
        """Later waits look only at what comes after this."""
        self._mark = self.page.evaluate("events.length")

    def since(self, *types: str) -> list[dict[str, Any]]:
        return [e for e in self.events[self._mark :] if not types or e["type"] in types]

    def types(self) -> list[str]:
        """Without `token_expiring`, which comes to a shared phone at any time."""
        return [e["type"] for e in self.since() if e["type"] != "token_expiring"]

    def wait_event(self, type: str, seconds: float = 15, **payload: Any) -> dict[str, Any]:
        """The first event of this type since the mark whose payload has these fields."""
        try:
            handle = self.page.wait_for_function(
                """([from, type, want]) => events.slice(from).find((e) => e.type === type &&
                    Object.entries(want).every(
                        ([key, value]) => JSON.stringify(e.payload?.[key]) === JSON.stringify(value)))""",
                arg=[self._mark, type, payload],
                timeout=seconds * 1000,
                polling=20,
            )
        except Exception as error:
            raise AssertionError(
                f"no {type} {payload} at {self.extension}; since the mark: "
                f"{[(e['type'], e.get('payload')) for e in self.since()]}; console: {self.console[-5:]}"
            ) from error
        found = handle.json_value()
        told: dict[str, Any] = found["payload"]
        return told

    def send(self, type: str, payload: Any = None, **extra: Any) -> None:
        message = {"source": SOURCE, "type": type, "payload": payload or {}} | extra
        self.page.evaluate("(message) => tell(message)", message)

    def ask(self, type: str, payload: Any = None) -> dict[str, Any]:
        """A command with an id: its response."""
        self._ids += 1
        id = f"{self.extension}-{self._ids}-{self._mark}"
        self.send(type, payload, id=id)
        handle = self.page.wait_for_function(
            "(id) => events.find((e) => e.type === 'response' && e.id === id)", arg=id, timeout=15000
        )
        found: dict[str, Any] = handle.json_value()
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("get_state")["payload"]
        return found

    def _alive(self) -> set[str] | None:
        """The calls it has; None where the frame is gone."""
        if not any("/webphone-embed" in frame.url for frame in self.page.frames):
            return None
        return {str(call["uuid"]) for call in self.state()["calls"]}

    # ---- inside the frame

    @property
    def frame(self) -> Frame:
        """The frame itself, for clicks and for measuring what cannot lie: packets and energy."""
        return next(frame for frame in self.page.frames if "/webphone-embed" in frame.url)

    def stats(self, call_uuid: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.frame.evaluate("(id) => zorioSip.stats(id)", call_uuid))
        return found

    def wait_audio(self, call_uuid: str, *, packets: int = 25, seconds: float = 15) -> None:
        """Real audio: packets come in and their energy grows."""
        first = self.stats(call_uuid)

        def heard() -> bool:
            now = self.stats(call_uuid)
            return bool(
                now.get("packets_received", 0) - first.get("packets_received", 0) >= packets
                and now.get("audio_energy_received", 0.0) - first.get("audio_energy_received", 0.0) > AUDIBLE
            )

        until(heard, f"audio at {self.extension}: {first} -> {self.stats(call_uuid)}", seconds)

    # ---- between tests

    def assert_unharmed(self) -> None:
        """No exception reached the console in this test, whatever the test was about."""
        harm = [
            text
            for text in self.console
            if "pageerror" in text or "Traceback" in text or "zorio-webphone:" in text
        ]
        self.console.clear()
        assert harm == []

    def rest(self) -> None:
        """Back to an idle, registered phone."""
        state = self.state()
        for call in state["calls"]:
            self.send("hangup", {"call_uuid": call["uuid"]})
        until(lambda: not self.state()["calls"], f"{self.extension} without calls")
        if self.state()["state"] != "registered":
            self.send("connect")
            until(lambda: self.state()["state"] == "registered", f"{self.extension} registered", 40)
        self.mark()

    def close(self) -> None:
        """Hangs up first: a call whose page just goes waits for the extension's next page."""
        with suppress(Exception):  # a page that a test broke or closed has nothing to hang up
            told = [e for e in self.events if "call" in e.get("payload", {})]
            ended = {e["payload"]["call"]["uuid"] for e in told if e["type"] == "call_hangup"}
            for uuid in {e["payload"]["call"]["uuid"] for e in told} - ended:
                self.ask("hangup", {"call_uuid": uuid})
            self.log.settle()
        self.context.close()
