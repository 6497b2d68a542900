"""Audio of one call. Imported only when a service needs it, because aiortc is an optional extra.

aiortc cannot restart ICE (RFC 8839 section 4.4.1.1.1). An offer that does is answered by a new session
with a new DTLS fingerprint, which takes the old one's place once it is answered; browsers follow.
"""

import re
from collections.abc import Callable

from server.pbx.media.peer import Peer, Unacceptable
from server.pbx.media.track import Sound

__all__ = ["Media", "Peer", "Sound", "Unacceptable"]

_UFRAG = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)


class Media:
    """`new_peer` makes the session, and another one for each ICE restart."""

    def __init__(self, new_peer: Callable[[], Peer]) -> None:
        self._new_peer = new_peer
        self._peer = new_peer()
        self._ufrag = ""

    async def answer(self, offer: str) -> str:
        """The SDP answer to the first or a later offer; raises Unacceptable and then changes nothing."""
        ufrag = _ufrag(offer)
        old = self._peer
        peer = old if self._ufrag in ("", ufrag) else self._new_peer()
        try:
            answer = await peer.answer(offer)
        except Unacceptable:
            if peer is not old:
                await peer.close()
            raise
        self._peer, self._ufrag = peer, ufrag
        if peer is not old:
            await old.close()
        return answer

    async def offer(self) -> str:
        """The SDP offer of a call we make."""
        return await self._peer.offer()

    async def accept(self, answer: str) -> None:
        """The answer to our offer; raises Unacceptable."""
        await self._peer.accept(answer)
        self._ufrag = _ufrag(answer)

    def send_digit(self, digit: str) -> bool:
        """Send a telephone-event; False when the remote party takes none."""
        return self._peer.send_digit(digit)

    @property
    def silent_for(self) -> int:
        """Seconds since the other side sent anything."""
        return self._peer.silent_for

    async def played(self) -> None:
        """Wait until a sound that has an end has been played."""
        await self._peer.track.finished.wait()

    async def close(self) -> None:
        """End the session; nothing is told by it."""
        await self._peer.close()


def _ufrag(description: str) -> str:
    found = _UFRAG.search(description)
    return found[1] if found else ""
