"""coturn with the configuration of deploy/coturn, as an operator would have filled it in."""

from __future__ import annotations

import base64
import hmac
import socket
import time
from typing import Any

from server.settings import PROJECT
from tests.real.program import Program, answers, free_port

CONFIG = PROJECT / "deploy" / "coturn" / "turnserver.conf"
SECRET = "turn-0d2c7b4f"


def own_address() -> str:
    """The address of this machine that browsers gather; loopback is none of those."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])


class Coturn:
    def __init__(self) -> None:
        text = CONFIG.read_text(encoding="utf-8")
        first = free_port(socket.SOCK_DGRAM)
        for old, new in {
            "put 64 random characters here": SECRET,
            "listening-port=3478": f"listening-port={free_port()}",
            "min-port=49152": f"min-port={first}",
            "max-port=65535": f"max-port={first + 200}",
        }.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.port = int(text.split("listening-port=")[1].split()[0])
        self.address = own_address()
        # This machine's address may be a private one: what the file's comment says to do then
        text += f"\nallowed-peer-ip={self.address}\n"
        self.program = Program("turnserver", {"turnserver.conf": text})
        folder = self.program.folder
        command = [
            "turnserver",
            "-c",
            str(folder / "turnserver.conf"),
            "--log-file",
            "stdout",
            "--simple-log",
        ]
        command += ["--listening-ip", self.address, "--relay-ip", self.address]
        command += ["--pidfile", str(folder / "pid"), "--userdb", str(folder / "db")]
        self.program.start(command, lambda: answers(self.port, self.address))

    def ice_server(self, transport: str = "udp", seconds: int = 600, secret: str = SECRET) -> dict[str, Any]:
        """An RTCIceServer with credentials as docs/pbx.md makes them."""
        name = f"{int(time.time()) + seconds}:zorio"
        password = base64.b64encode(hmac.digest(secret.encode(), name.encode(), "sha1")).decode()
        url = f"turn:{self.address}:{self.port}?transport={transport}"
        return {"urls": [url], "username": name, "credential": password}

    def close(self) -> None:
        self.program.close()
