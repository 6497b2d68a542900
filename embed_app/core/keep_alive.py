"""Is anybody at the other end of the WebSocket? A half-open socket looks open for ever.

    transport up -> [ping timer, 15 s] -> Ping -> Pong -> [ping timer]
                                           |
                                           no answer in 5 s -> the socket is closed by us,
                                                               and the ordinary reconnect runs

The first question is a CRLF (RFC 5626 section 3.5.1). Not every server answers those over WebSocket, but
every one answers an OPTIONS somehow: a server that never answered a CRLF is asked by OPTIONS before it is
given up, and only by OPTIONS from then on. A deadline that fires late says that this machine slept, not
that the server is dead: then it is asked once more.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.model import KeepAlive, Transport
from embed_app.core.turn import Turn

PING_EVERY = 15.0
PONG_WITHIN = 5.0
PONG_IN_NEED = 2.5
"""While a call has lost its sound: the network may be another one, and a call is given up after 30 s."""
LATE = 3.0
"""Seconds by which a timer may be late before it means that the machine slept or the page was frozen."""


def start(turn: Turn) -> None:
    """The socket is up. Told again while an answer is awaited, it changes nothing."""
    if turn.link.keep_alive.pinged_at is None:
        turn.start_timer("ping", PING_EVERY)


def stop(turn: Turn) -> None:
    turn.stop_timers("ping", "pong")
    turn.change_link(keep_alive=KeepAlive(knows_crlf=turn.link.keep_alive.knows_crlf))


def ping(turn: Turn) -> None:
    """Ask now, unless an answer is being waited for."""
    alive = turn.link.keep_alive
    if turn.link.transport is Transport.UP and alive.pinged_at is None:
        _ask(turn, by_options=alive.knows_crlf is False, repeated=False)


def pong(turn: Turn, message: msg.Pong) -> None:
    alive = turn.link.keep_alive
    if alive.pinged_at is None:
        return
    knows = alive.knows_crlf
    if message.crlf:
        knows = True
    elif alive.repeated and knows is None:
        knows = False
    turn.stop_timers("pong")
    turn.change_link(keep_alive=KeepAlive(knows_crlf=knows))
    start(turn)


def no_pong(turn: Turn, *, late: float) -> None:
    """The deadline fired, `late` seconds after it should have."""
    alive = turn.link.keep_alive
    if alive.repeated or (alive.knows_crlf is not None and late < LATE):
        stop(turn)
        turn.emit(do.CloseTransport())
    else:
        _ask(turn, by_options=alive.knows_crlf is not True, repeated=True)


def _ask(turn: Turn, *, by_options: bool, repeated: bool) -> None:
    turn.stop_timers("ping")
    turn.change_link(keep_alive=replace(turn.link.keep_alive, pinged_at=turn.at, repeated=repeated))
    turn.emit(do.Ping(by_options))
    in_need = any(call.media.lost_at is not None for call in turn.phone.live_calls)
    turn.start_timer("pong", PONG_IN_NEED if in_need else PONG_WITHIN)
