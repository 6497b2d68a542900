"""Whether the other end of the WebSocket still answers: a half-open socket looks open for ever.

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

from embed_app.core.link.effects import CloseTransport, Ping
from embed_app.core.link.messages import Pong, WentOnline
from embed_app.core.link.values import KeepAlive, Transport
from embed_app.core.media.values import NoSound
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

PING_EVERY = 15.0
"""Seconds between an answer and the next question."""
PONG_WITHIN = 5.0
"""Seconds an answer may take."""
PONG_WITHIN_MEDIA_LOST = 2.5
"""Seconds while a call has lost its media: the network may be another one. A call is given up after 30 s."""
LATE = 3.0
"""Seconds. A timer that is later than this means that the machine slept or the page was frozen."""


def start(step: Step) -> None:
    """The WebSocket is up. While an answer is awaited this changes nothing."""
    if step.link.keep_alive.pinged_at is None:
        step.start_timer(Timer(TimerKind.PING), PING_EVERY)


def stop(step: Step) -> None:
    """The WebSocket is down. Whether its server answers CRLF is remembered."""
    step.stop_timers(Timer(TimerKind.PING), Timer(TimerKind.PONG))
    step.change_link(keep_alive=KeepAlive(knows_crlf=step.link.keep_alive.knows_crlf))


def ping(step: Step) -> None:
    """Ask now, unless an answer is being waited for."""
    alive = step.link.keep_alive
    if step.link.transport is Transport.UP and alive.pinged_at is None:
        _ask(step, by_options=alive.knows_crlf is False, repeated=False)


def pong(step: Step, message: Pong) -> None:
    """An answer. It also says which kind of question this server answers."""
    alive = step.link.keep_alive
    if alive.pinged_at is None:
        return
    knows = alive.knows_crlf
    if message.crlf:
        knows = True
    elif alive.repeated and knows is None:
        knows = False
    step.stop_timers(Timer(TimerKind.PONG))
    step.change_link(keep_alive=KeepAlive(knows_crlf=knows))
    start(step)


def no_pong(step: Step, late: float) -> None:
    """No answer came in time. `late`: seconds after which the timer fired too late."""
    alive = step.link.keep_alive
    if alive.repeated or (alive.knows_crlf is not None and late < LATE):
        stop(step)
        step.emit(CloseTransport())
    else:
        _ask(step, by_options=alive.knows_crlf is not True, repeated=True)


def _ask(step: Step, *, by_options: bool, repeated: bool) -> None:
    step.stop_timers(Timer(TimerKind.PING))
    step.change_link(keep_alive=replace(step.link.keep_alive, pinged_at=step.at, repeated=repeated))
    step.emit(Ping(by_options))
    media_lost = any(isinstance(call.media.state, NoSound) for call in step.phone.live_calls)
    step.start_timer(Timer(TimerKind.PONG), PONG_WITHIN_MEDIA_LOST if media_lost else PONG_WITHIN)


# ---- handlers


def ping_due(step: Step, _late: float) -> None:
    ping(step)


def went_online(step: Step, _message: WentOnline) -> None:
    ping(step)
