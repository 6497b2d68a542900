"""The SIP shim alone in a page, under the frame's Content-Security-Policy, against the demo PBX."""

from __future__ import annotations

import json
import subprocess
import uuid
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from embed_app.core.link.timing import TIMING
from server.demo.people import PHONE_HOST, demo_password
from tests.e2e.phone import AUDIBLE
from tests.e2e.world import World, until

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob:;"
    " connect-src 'self' ws:; require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = f"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<script type="module" src="/sip-ua.js"></script>"""
WATCH = """
window.events = []; window.connections = []; window.microphones = []; window.troubles = [];
addEventListener("error", (e) => troubles.push(e.message));
addEventListener("unhandledrejection", (e) => troubles.push(String(e.reason)));
addEventListener("securitypolicyviolation", (e) => troubles.push(e.violatedDirective));
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) { super(configuration); connections.push(this); }
};
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.refused) throw new DOMException("refused", window.refused);
  if (window.asked) await window.asked;
  const stream = await open(wanted);
  microphones.push(...stream.getTracks());
  return stream;
};
"""
SILENT_S = 0.8
HEARD_S = 1.2
"""Seconds to watch for sound: the fake microphone beeps once a second."""


@cache
def _bundle() -> str:
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    command = [str(esbuild), "public/sip-ua.js", "--bundle", "--format=esm", "--log-level=error"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


class Shim:
    """One page with `zorioSip`; `events` are what it told, in order."""

    def __init__(self, world: World, extension: str) -> None:
        self.world = world
        self.extension = extension
        self.url = f"ws://{PHONE_HOST}:{world.port}/sip"
        self._mark = 0
        self._expected_faults: list[str] = []
        self._context = world.browser.new_context()
        self.page = self._context.new_page()
        self.console: list[str] = []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.add_init_script(WATCH)
        world.pages["/sip-shim"] = PAGE
        origin = world.crm_origin
        self.page.route(
            f"{origin}/sip-ua.js", lambda route: route.fulfill(content_type="text/javascript", body=_bundle())
        )
        self.page.goto(f"{origin}/sip-shim")
        until(lambda: self.js("'zorioSip' in globalThis"), "the shim")
        self.js("zorioSip.listen((json) => events.push(JSON.parse(json)))")

    def js(self, expression: str, argument: Any = None) -> Any:
        return self.page.evaluate(expression, argument)

    def do(self, function: str, *arguments: Any) -> Any:
        return self.js("([name, given]) => zorioSip[name](...given)", [function, list(arguments)])

    def configure(self, **changes: Any) -> None:
        settings = {
            "uri": f"sip:{self.extension}@{PHONE_HOST}",
            "auth_username": self.extension,
            "auth_password": demo_password(self.extension),
            "display_name": f"Shim {self.extension}",
            "ice_servers": [],
            "instance_id": str(uuid.uuid4()),
            "answers": [
                {"methods": [method], "in_dialog": False, "realms": [PHONE_HOST], "algorithms": ["MD5"]}
                for method in ("REGISTER", "INVITE")
            ],
            **asdict(TIMING),
        }
        self.do("configure", json.dumps(settings | changes))

    def mark(self) -> None:
        """Later waits look only at what comes after this."""
        self._mark = self.js("events.length")

    def since(self, *types: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.js("(from) => events.slice(from)", self._mark)
        return [event for event in found if not types or event["type"] in types]

    def wait(self, type: str, **fields: Any) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((e for e in self.since(type) if fields.items() <= e.items()), None)

        try:
            return dict(until(found, f"{type} {fields}"))
        except AssertionError as error:
            raise AssertionError(
                f"{self.extension}: {error}; came {self.since()} {self.troubles()} {self.console}"
            ) from None

    def register(self) -> None:
        self.mark()
        self.do("connect", self.url)
        self.wait("transport_up")
        self.do("register")
        self.wait("registered")

    def call(self, other: Shim, call_uuid: str) -> str:
        """Call `other`, who answers; returns the call's id there."""
        self.mark()
        other.mark()
        self.do("invite", call_uuid, other.extension, "[]")
        their_id = str(other.wait("invite")["call_uuid"])
        other.do("accept", their_id)
        for shim in (self, other):
            shim.wait("media", state="connected")
            shim.mark()
        return their_id

    def stats(self, call_uuid: str) -> dict[str, Any]:
        return dict(json.loads(self.do("stats", call_uuid)))

    def heard(self, call_uuid: str) -> bool:
        """Packets arrive; true if there was sound in them."""
        before = self.stats(call_uuid)
        seconds = HEARD_S
        self.js("(ms) => new Promise((done) => setTimeout(done, ms))", seconds * 1000)
        after = self.stats(call_uuid)
        assert after["packets_received"] - before["packets_received"] > 20, (before, after)
        return bool(after["audio_energy_received"] - before["audio_energy_received"] > AUDIBLE)

    def settle(self) -> None:
        """Let what is already in the loudspeaker's buffer run out, before silence is measured."""
        self.js("(ms) => new Promise((done) => setTimeout(done, ms))", SILENT_S * 1000)

    def expect_faults(self, *places: str) -> None:
        """The test brings them about: where each is told to have happened, in order."""
        self._expected_faults = list(places)

    def troubles(self) -> list[str]:
        return list(self.js("troubles"))

    def close(self) -> None:
        """Every call of this page must have ended once, last, and let go of everything."""
        events = self.js("events")
        ids = {e["call_uuid"] for e in events if "call_uuid" in e}
        for call_uuid in ids:
            types = [e["type"] for e in events if e.get("call_uuid") == call_uuid]
            assert types.count("ended") == 1, (call_uuid, types)
            assert types[-1] == "ended", types
        assert self.troubles() == []
        assert [e["where"] for e in events if e["type"] == "fault"] == self._expected_faults
        told = [line for line in self.console if line.startswith("zorio-webphone:")]
        assert [line.rpartition(" at ")[2] for line in told] == self._expected_faults
        assert not [line for line in self.console if "sip:" in line.lower()], "SIP in the console"
        assert set(self.js("microphones.map((track) => track.readyState)")) <= {"ended"}
        assert set(self.js("connections.map((connection) => connection.connectionState)")) <= {"closed"}
        self._context.close()
