"""The re-INVITE that looks for a new media path (RFC 8445 section 9): when one goes out, and what follows
its answer. It waits for a WebSocket that is up and for a hold that is under way. At most five go out for one
loss or one change of the network. After two offers have crossed, it waits a random time (RFC 3261 section
14.1).
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.glare import RETRY_LATER, glare_wait
from embed_app.core.call.machine import CallEvent
from embed_app.core.call.values import Call, CallState, Reason
from embed_app.core.link.messages import Pong, RegisterAccepted, WentOnline
from embed_app.core.link.values import LinkState, Transport
from embed_app.core.media.effects import RestartIce
from embed_app.core.media.machine import RestartEvent, SoundEvent, move, move_restart
from embed_app.core.media.messages import IceRestarted, IceRestartFailed
from embed_app.core.media.values import Lost, NoSound
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

RETRY_AFTER = (2.0, 3.0, 4.0, 5.0, 6.0)
"""Seconds after each ICE restart until the next; as many as there are tries."""
AFTER_HOLD = 1.0
"""Seconds until it is looked again whether the re-INVITE of a hold or unhold was answered."""
NO_SUCH_CALL = 481


def send_if_possible(step: Step, call: Call) -> None:
    """Send the re-INVITE if it is still wanted, still allowed, and can be sent now."""
    media = call.media
    step.stop_timers(Timer(TimerKind.ICE_RESTART, call.uuid))
    wanted = media.restart.is_owed or (isinstance(media.state, NoSound) and not media.connected)
    spent = media.peer_is_gone or media.restart_tries >= len(RETRY_AFTER)
    if not wanted or spent or media.restart.is_under_way or not _signalling_is_up(step):
        return
    if call.hold_wanted is not None:
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), AFTER_HOLD)  # one offer at a time
        return
    move_restart(step, call, RestartEvent.SENT, restart_tries=media.restart_tries + 1)
    step.emit(RestartIce(call.uuid))


def _signalling_is_up(step: Step) -> bool:
    """Whether a re-INVITE can be sent and its answer find us. A REGISTER that is out is waited for."""
    link = step.link
    return link.transport is Transport.UP and link.state in (
        LinkState.REGISTERED,
        LinkState.WAITING,
        LinkState.REFUSED,
    )


# ---- its answer


def accepted(step: Step, call: Call, _message: IceRestarted) -> None:
    """Whether packets come over the new path is another matter: those before it are no silence of it."""
    media = call.media
    if not media.restart.is_under_way:
        return
    counts = replace(media.counts, silent_samples=0)
    _plan_next(step, move_restart(step, call, RestartEvent.ACCEPTED, counts=counts))


def failed(step: Step, call: Call, message: IceRestartFailed) -> None:
    media = call.media
    if not media.restart.is_under_way:
        return
    if message.status == NO_SUCH_CALL and media.restart_tries >= len(RETRY_AFTER):
        # RFC 3261 section 12.2.1.2: the far end knows no such call any more, and nothing is heard of it. But
        # a page that was loaded anew is asked before it has taken its call back, and its link may be slow.
        release_signalling(step, call)
        end_call(step, call, CallEvent.MEDIA_GIVEN_UP, Reason.SIGNALING_LOST)
        return
    call = move_restart(step, call, RestartEvent.FAILED)
    if message.status == RETRY_LATER:
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), glare_wait(call, step.chance))
    else:
        _plan_next(step, call)


def _plan_next(step: Step, call: Call) -> None:
    """Look later whether another one is needed. `send_if_possible` counts them."""
    media = call.media
    if isinstance(media.state, NoSound) or media.restart.is_owed:
        delay = RETRY_AFTER[max(0, media.restart_tries - 1)]
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), delay)


# ---- what makes one possible, or necessary


def registered(step: Step, _message: RegisterAccepted) -> None:
    """What could not be sent meanwhile goes out now. After `registration`.

    A call that is only Interrupted waits on: a REGISTER that renews the registration changes nothing for it.
    """
    if step.link.state is not LinkState.REGISTERED:
        return
    for call in _answered(step):
        if isinstance(call.media.state, Lost) or call.media.restart.is_owed:
            send_if_possible(step, call)


def transport_alive(step: Step, _message: Pong) -> None:
    """The socket proved alive: the network changed under the calls, but not under it."""
    for call in _answered(step):
        if call.media.restart.is_owed:
            send_if_possible(step, call)


def network_changed(step: Step, _message: WentOnline) -> None:
    """Offline and online again: our addresses may be others. The restart waits for a WebSocket that lives.
    Before `registration`."""
    if not step.link.offline:
        return
    for call in _answered(step):
        moved = move(step, call, SoundEvent.NETWORK_CHANGED)
        move_restart(step, moved, RestartEvent.DEMANDED, restart_tries=0)


def _answered(step: Step) -> tuple[Call, ...]:
    return tuple(call for call in step.phone.live_calls if call.state is CallState.ANSWERED)
