"""baresip: a far end that is no browser. It sings a steady tone and keeps a recording of what it hears.

Its own ICE, DTLS-SRTP, Opus and RFC 4733; driven over its ctrl_tcp, which speaks netstrings of JSON.
"""

from __future__ import annotations

import array
import json
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tests.e2e.world import until
from tests.real.kamailio import STATIC, Kamailio
from tests.real.program import Program, answers, free_port
from tests.server.pbx.world import DOMAIN

EXTENSION = "2002"
HERTZ = 850
SECOND = 192_000
"""Bytes of its recordings: 48,000 Hz, two channels of 16 bits."""

CONFIG = """
poll_method epoll
sip_listen 127.0.0.1:{sip_port}
call_local_timeout 120
call_max_calls 4
audio_player aubridge,away
audio_source ausine,{hertz}
audio_alert aubridge,alert
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 2
auplay_channels 2
rtcp_mux yes
rtp_ports {rtp_port}-{rtp_last}
module_path /usr/lib/baresip/modules
module opus.so
module ausine.so
module aubridge.so
module sndfile.so
module ice.so
module dtls_srtp.so
module ctrl_tcp.so
module_app account.so
module_app menu.so
opus_stereo yes
opus_sprop_stereo yes
snd_path {folder}
ctrl_tcp_listen 127.0.0.1:{ctrl_port}
"""
# Two channels: with one, baresip offers Opus in a way browsers do not answer.


class Baresip:
    """`events` are what it told, in order: {"type": "CALL_ESTABLISHED", "param": …}."""

    def __init__(self, kamailio: Kamailio, answers_calls: bool = True) -> None:
        self._ctrl_port = free_port()
        rtp_port = free_port(socket.SOCK_DGRAM) // 2 * 2
        account = (
            f"<sip:{EXTENSION}@{DOMAIN}>;auth_user={EXTENSION};auth_pass={STATIC[EXTENSION]}"
            f';outbound="sip:127.0.0.1:{kamailio.sip_port};transport=udp";regint=60'
            f";answermode={'auto' if answers_calls else 'manual'}"
            ";medianat=ice;mediaenc=dtls_srtp;audio_codecs=opus/48000/2;ptime=20\n"
        )
        self.program = Program("baresip", {"accounts": account, "config": "", "contacts": ""})
        folder = self.program.folder
        config = CONFIG.format(
            sip_port=free_port(socket.SOCK_DGRAM),
            hertz=HERTZ,
            rtp_port=rtp_port,
            rtp_last=rtp_port + 100,
            folder=folder,
            ctrl_port=self._ctrl_port,
        )
        (folder / "config").write_text(config, encoding="utf-8")
        self.events: list[Mapping[str, Any]] = []
        self._answers: list[Mapping[str, Any]] = []
        self.program.start(["baresip", "-f", str(folder)], lambda: answers(self._ctrl_port))
        self._socket = socket.create_connection(("127.0.0.1", self._ctrl_port), 5)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            until(lambda: " 200 OK " in self.program.text(), "baresip is registered")
        except AssertionError:
            self.close()
            raise

    def do(self, command: str, params: str = "") -> str:
        """What it answers, as text. Raises AssertionError where it does not, or says no."""
        before = len(self._answers)
        text = json.dumps({"command": command, "params": params})
        self._socket.sendall(f"{len(text)}:{text},".encode())
        until(lambda: len(self._answers) > before, f"baresip answers {command}")
        answer = self._answers[before]
        assert answer["ok"], answer
        return str(answer.get("data", ""))

    def told(self, type: str, since: int = 0) -> list[Mapping[str, Any]]:
        return [event for event in self.events[since:] if event.get("type") == type]

    def wait(self, type: str, since: int = 0) -> Mapping[str, Any]:
        found: list[Mapping[str, Any]] = until(
            lambda: self.told(type, since), f"{type} of baresip, which told {self.events[since:]}"
        )
        return found[0]

    def heard(self) -> float:
        """How loud the last second was that it has recorded in its newest call: 0 to 1, RMS."""
        data = self._recording()
        samples = array.array("h", data[: len(data) // 2 * 2])[-SECOND // 2 :]
        if not samples:
            return 0.0
        return float((sum(value * value for value in samples) / len(samples)) ** 0.5 / 32_768)

    def receives(self) -> int:
        """Bits a second of audio that arrive, as its status line said last; 0 before there was one."""
        said = re.findall(r"audio=\d+/(\d+) \(bit/s\)", self.program.text())
        return int(said[-1]) if said else 0

    def _recording(self) -> bytes:
        found = sorted(self.program.folder.glob("*dec.wav"), key=lambda path: path.stat().st_mtime)
        # The header's length is written when the call is over: it is not asked for.
        return found[-1].read_bytes()[44:] if found else b""

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()
        self.program.close()

    def _read(self) -> None:
        buffer = b""
        while data := self._receive():
            buffer += data
            while b":" in buffer:
                length, _, rest = buffer.partition(b":")
                if len(rest) <= int(length):
                    break
                message = json.loads(rest[: int(length)])
                buffer = rest[int(length) + 1 :]
                (self._answers if message.get("response") else self.events).append(message)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except OSError:
            return b""
