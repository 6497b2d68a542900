"""Kamailio with the configuration of deploy/kamailio, as an operator would have filled it in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import signal
import socket
import time
from collections.abc import Mapping

from server.settings import PROJECT
from tests.e2e.world import until
from tests.real.program import Program, answers, free_port, serves_http
from tests.server.pbx.world import DOMAIN

DEPLOY = PROJECT / "deploy" / "kamailio"
SECRET = "real-servers-6f1d0a2b9c"
"""Shared by the product's account and Kamailio: time-limited credentials."""
STATIC = {"2001": "static-2001", "2002": "static-2002", "2003": "static-2003"}
"""Users with a password that lasts. 2003 never registers."""
TIME_LIMITED = ("1001", "1002", "1003", "1004")


def time_limited(extension: str, seconds: int = 600, secret: str = SECRET) -> tuple[str, str]:
    """User name and password, written here once more."""
    name = f"{int(time.time()) + seconds}:{extension}"
    return name, base64.b64encode(hmac.digest(secret.encode(), name.encode(), "sha1")).decode()


def _settings(ws_port: int, sip_port: int, changes: Mapping[str, str]) -> str:
    """settings.example.cfg, filled in. A line that is not there any more is an error here."""
    text = (DEPLOY / "settings.example.cfg").read_text(encoding="utf-8")
    filled = {
        "sip.example.vn": DOMAIN,
        "put 64 random characters here": SECRET,
        "put 64 other random characters here": "another secret",
        "192.0.2.10": "127.0.0.1",
        "WS_PORT 8080": f"WS_PORT {ws_port}",
        "SIP_PORT 5060": f"SIP_PORT {sip_port}",
    }
    for old, new in {**filled, **changes}.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _users() -> str:
    lines = {
        user: hashlib.md5(f"{user}:{DOMAIN}:{word}".encode()).hexdigest() for user, word in STATIC.items()
    }
    lines |= dict.fromkeys(TIME_LIMITED, "-")
    body = "".join(f'    $sht(users=>{user}) = "{value}";\n' for user, value in lines.items())
    return "event_route[htable:mod-init] {\n" + body + "}\n"


class Kamailio:
    """`url` is its WebSocket, `sip_port` its UDP and TCP port; both stay the same over a restart."""

    def __init__(
        self, changes: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
    ) -> None:
        """`changes`: old text -> new text in settings.example.cfg. `files`: more of its folder."""
        self.ws_port = free_port()
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.url = f"ws://127.0.0.1:{self.ws_port}/ws"
        self.program = Program(
            "kamailio",
            {
                "kamailio.cfg": (DEPLOY / "kamailio.cfg").read_text(encoding="utf-8"),
                "settings.cfg": _settings(self.ws_port, self.sip_port, changes or {}),
                "users.cfg": _users(),
            }
            | dict(files or {}),
        )
        self.start()

    def start(self) -> None:
        folder = str(self.program.folder)
        config = f"{folder}/kamailio.cfg"
        command = ["kamailio", "-DD", "-E", "-f", config, "-Y", folder, "-m", "64", "-M", "8"]
        self.program.start(command, lambda: serves_http(self.ws_port))

    def kill(self) -> None:
        self.program.kill()
        # Its children are reaped by somebody else: gone is who answers no more
        until(lambda: not answers(self.ws_port), "Kamailio is gone")

    def restart(self) -> None:
        """SIGKILL, and a new one at the same address that remembers nothing."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        self.program.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.program.signal(signal.SIGCONT)

    def close(self) -> None:
        self.program.close()


def named(log: str) -> list[str]:
    """The lines of a log of Kamailio that tell who called whom, or a secret. There must be none."""
    private = [*STATIC, *STATIC.values(), *TIME_LIMITED, SECRET]
    found = re.compile(r"\b(" + "|".join(map(re.escape, private)) + r")\b")
    return [line for line in log.splitlines() if found.search(line)]
