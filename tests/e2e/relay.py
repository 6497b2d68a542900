"""All audio through one place, where it can be dropped: UDP relays written into every session description.

Each host candidate that passes the PBX gets a relay on its own address, and each sender that reaches the
relay a socket of its own towards the candidate, as a symmetric NAT would give it. Neither side ever learns
the other's real port, so no packet finds a way around. Works without privileges on any machine.
"""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from server.pbx.proxy.endpoint import WebSocketFlow
from tests.e2e.world import World

_CANDIDATE = re.compile(r"^a=candidate:(\S+ \d+) (\w+) (\d+) (\S+) (\d+) typ host.*\r\n", re.MULTILINE)
_SESSION = re.compile(r"^o=\S+ (\S+)", re.MULTILINE)
_LENGTH = re.compile(r"^(Content-Length[ \t]*:[ \t]*)\d+", re.MULTILINE | re.IGNORECASE)
Address = tuple[Any, ...]


class Relays:
    """`down`: nothing passes. `media_down`: ICE and DTLS pass, RTP and RTCP do not. `loss`: 0 to 1.
    `caller_deaf`: RTP and RTCP pass, but none to the caller.

    `break_paths()`: what exists now is dead for ever; only candidates of later offers work.
    `break_one_way()`: likewise, as to what goes to the caller; `ice_lives`: as to RTP and RTCP only.
    """

    def __init__(self, world: World, seed: int = 7) -> None:
        self.down = False
        self.media_down = False
        self.caller_deaf = False
        self.loss = 0.0
        self.passed = 0
        self._closed = False
        self._loop = world.loop
        self._random = random.Random(seed)
        self._relays: dict[tuple[str, int], socket.socket] = {}
        self._ports: set[int] = set()
        self._broken: set[int] = set()
        self._one_way: set[int] = set()
        self._ice_lives = False
        self._callers: set[int] = set()
        """Of the relays, those that stand for candidates of the caller: whose description came first."""
        self._caller = ""
        self._sockets: list[socket.socket] = []

    def break_paths(self) -> None:
        self._broken = set(self._ports)

    def break_one_way(self, *, ice_lives: bool = False) -> None:
        self._one_way, self._ice_lives = set(self._ports), ice_lives

    def mend(self) -> None:
        self.down, self.media_down, self.caller_deaf, self.loss = False, False, False, 0.0

    def forget(self) -> None:
        """No call is up: nobody needs the relays there are. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._forget)

    def close(self) -> None:
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        for each in self._sockets:
            self._loop.remove_reader(each)
            each.close()
        for known in (self._sockets, self._relays, self._ports, self._broken, self._one_way, self._callers):
            known.clear()
        self._caller = ""

    def rewrite(self, message: str) -> str:
        """A SIP message with relays in the place of candidates."""
        head, blank, body = message.partition("\r\n\r\n")
        # A phone's next message may be awaited by the reader of a test that is over.
        if self._closed or not body.startswith("v=0"):
            return message
        session = _SESSION.search(body)
        self._caller = self._caller or (session[1] if session else "")
        is_caller = session is not None and session[1] == self._caller
        body = _CANDIDATE.sub(partial(self._candidate, is_caller), body)
        return _LENGTH.sub(rf"\g<1>{len(body.encode())}", head, count=1) + blank + body

    def _candidate(self, is_caller: bool, found: re.Match[str]) -> str:
        name, transport, priority, host, port = found.groups()
        if transport.lower() != "udp":
            return ""
        if int(port) not in self._ports:
            port = str(self._relay(host, int(port), is_caller))
        return f"a=candidate:{name} udp {priority} {host} {port} typ host\r\n"

    def _relay(self, host: str, port: int, is_caller: bool) -> int:
        """The port of the relay to this candidate."""
        target = (host, port)
        if target not in self._relays:
            front = self._relays[target] = self._open(host)
            doors: dict[Address, socket.socket] = {}
            if is_caller:
                self._callers.add(front.getsockname()[1])

            def arrived() -> None:
                for data, sender in _received(front):
                    if sender not in doors:
                        doors[sender] = self._door(front, sender, target)
                    if self._passes(data, front, inwards=True):
                        _send(doors[sender], data, target)

            self._loop.add_reader(front, arrived)
        return int(self._relays[target].getsockname()[1])

    def _door(self, front: socket.socket, sender: Address, target: tuple[str, int]) -> socket.socket:
        door = self._open(target[0])

        def answered() -> None:
            for data, source in _received(door):
                if source[:2] == target and self._passes(data, front, inwards=False):
                    _send(front, data, sender)

        self._loop.add_reader(door, answered)
        return door

    def _open(self, host: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.setblocking(False)
        opened.bind((host, 0))
        self._sockets.append(opened)
        self._ports.add(opened.getsockname()[1])
        return opened

    def _passes(self, data: bytes, front: socket.socket, *, inwards: bool) -> bool:
        """`inwards`: to the owner of the candidate that the relay stands for."""
        media = bool(data) and 128 <= data[0] <= 191  # RFC 7983
        port = front.getsockname()[1]
        to_caller = inwards is (port in self._callers)
        dead = self.down or port in self._broken
        dead = dead or (media and (self.media_down or (to_caller and self.caller_deaf)))
        dead = dead or (to_caller and port in self._one_way and (media or not self._ice_lives))
        if dead or (self.loss and media and self._random.random() < self.loss):
            return False
        self.passed += 1
        return True


def _received(source: socket.socket) -> Iterator[tuple[bytes, Address]]:
    with suppress(OSError):
        while True:
            yield source.recvfrom(65536)


def _send(through: socket.socket, data: bytes, to: Address) -> None:
    with suppress(OSError):
        through.sendto(data, to)


@contextmanager
def relayed(world: World) -> Iterator[Relays]:
    """Every call that begins meanwhile goes through the relays."""
    relays = Relays(world)
    read, put = WebSocketFlow._read, WebSocketFlow._put

    async def reads(flow: WebSocketFlow) -> str | None:
        text = await read(flow)
        return relays.rewrite(text) if text else text

    def puts(flow: WebSocketFlow, text: str | None) -> bool:
        return put(flow, relays.rewrite(text) if text else text)

    flows: Any = WebSocketFlow
    flows._read, flows._put = reads, puts
    try:
        yield relays
    finally:
        flows._read, flows._put = read, put

        async def close() -> None:
            relays.close()

        world.on_loop(close)
