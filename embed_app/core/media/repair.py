"""The sound of answered calls: seen to flow, mended when it stops, given up within 30 s.

         disconnected for 3 s, failed, the network changed,
         or no packet for 5 s although connected
    WELL ----------------------------------------------------> LOST
     ^ ^                                                        |  ICE-restart re-INVITE while the line is up,
     | |   connected, and packets seen both ways                |  5 tries; 491 again after a random wait
     | +--------------------------------------------------------+
     |                                                          |
     |   packets seen both ways                                 +---> ENDED media_lost: still not connected
     +----------------------- UNPROVEN <------------------------+     28 s after the last packet
                              connected, but restarted in vain, or the far end's reports go on coming

That the connection says "connected" is not enough: only packets are. Each call is sampled once a second.
But a far end may be silent (silence suppression, a hold without music), and no call is ended for that: while
the connection lives, another path is looked for once, and the call is kept as a poor one.
Sources: RFC 8445 section 9 (ICE restart), RFC 3261 section 14.1 (crossing offers), RFC 7675 (consent),
RFC 3550 section 6.4 (reports are about senders that were heard of late).
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.glare import RETRY_LATER, glare_wait
from embed_app.core.call.machine import CallEvent
from embed_app.core.call.messages import CallAccepted
from embed_app.core.call.values import Call, CallState, Reason
from embed_app.core.link import keep_alive
from embed_app.core.link.messages import Pong, RegisterAccepted, WentOnline
from embed_app.core.link.values import LinkState, Transport
from embed_app.core.media.effects import RestartIce, SampleMedia
from embed_app.core.media.judge import both_ways, count, newest
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MediaSampled,
)
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

SAMPLE_EVERY = 1.0
SAMPLE_WITHIN = 5.0
"""Seconds after which a sample that was not answered is asked for again."""
PATIENCE = 3.0
"""Seconds a connection may be "disconnected" before it is mended: most come back by themselves."""
RETRY_AFTER = (2.0, 3.0, 4.0, 5.0, 6.0)
"""Seconds after each ICE restart until the next; as many as there are tries."""
PEER_GONE_PATIENCE = 1.0
"""The BYE of a peer comes right behind its DTLS close; a page that was reloaded needs longer."""
STOPPED_AFTER = 5
"""Samples without a packet that are a loss though connected. Samples: a page that slept has not listened."""
GIVE_UP_AFTER = 28.0
"""Seconds after the last packet. 30 are promised; a far end's page may need 25 to come back."""
NO_AUDIO_AFTER = 8.0
NO_SUCH_CALL = 481


def watch(step: Step, call: Call, _message: CallAccepted) -> None:
    """From the answer on, and again from when the call was taken back. After `reports`, which moves it."""
    if call.state is not CallState.ANSWERED or step.runs(TimerKind.SAMPLE, call):
        return
    call = step.change_media(call, heard_at=step.at)
    step.start_timer(Timer(TimerKind.SAMPLE, call.uuid), SAMPLE_EVERY)
    step.start_timer(Timer(TimerKind.NO_AUDIO, call.uuid), NO_AUDIO_AFTER)
    if call.media.connection in ("disconnected", "failed"):
        _changed(step, call, call.media.connection)


def changed(step: Step, call: Call, message: MediaChanged) -> None:
    _changed(step, call, message.state)


def _changed(step: Step, call: Call, connection: str) -> None:
    call = step.change_media(call, connection=connection)
    if call.state is not CallState.ANSWERED:
        return
    if connection == "disconnected":
        call = _lose(step, call)
        if not step.runs(TimerKind.ICE_RESTART, call):
            step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), PATIENCE)
    elif connection == "failed":
        mend(step, _lose(step, call))
    elif connection == "peer_closed":
        # A page that went away says so at once (DTLS close_notify); if it comes back, it brings a new
        # connection (`resume.py`), so there is nothing to mend.
        _lose(step, call)
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), PEER_GONE_PATIENCE)


def _lose(step: Step, call: Call) -> Call:
    if call.media.lost_at is not None:
        return call
    since = call.media.heard_at
    # Nothing was heard from a silent peer either: then the connection's word is all there is.
    lost_at = since if since > step.at - GIVE_UP_AFTER / 2 else step.at
    step.start_timer(Timer(TimerKind.MEDIA_LOST, call.uuid), lost_at + GIVE_UP_AFTER - step.at)
    call = step.change_media(call, lost_at=lost_at, tries=0, vain=False, reported_at=None)
    keep_alive.ping(step)  # a re-INVITE needs a line, and the one there was may be gone with the network
    return call


def mend(step: Step, call: Call) -> None:
    """The patience is at its end."""
    if call.media.lost_at is not None and not call.media.connected:
        call = step.change_media(call, missed=True)
    restart(step, call)


def restart(step: Step, call: Call) -> None:
    """Send the re-INVITE if it is still wanted, still allowed, and can be sent now."""
    media = call.media
    step.stop_timers(Timer(TimerKind.ICE_RESTART, call.uuid))
    wanted = media.restart_owed or (media.lost_at is not None and not media.connected)
    spent = media.peer_is_gone or media.tries >= len(RETRY_AFTER)
    if not wanted or spent or media.restarting or not _line_is_up(step):
        return
    if call.hold_wanted is not None:
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), SAMPLE_EVERY)  # one offer at a time
        return
    step.change_media(call, restarting=True, tries=media.tries + 1)
    step.emit(RestartIce(call.uuid))


def _line_is_up(step: Step) -> bool:
    """Whether a re-INVITE can be sent and its answer find us. A REGISTER that is out is waited for."""
    link = step.link
    return link.transport is Transport.UP and link.state in (
        LinkState.REGISTERED,
        LinkState.WAITING,
        LinkState.REFUSED,
    )


def restarted(step: Step, call: Call, _message: IceRestarted) -> None:
    if not call.media.restarting:
        return
    call = step.change_media(call, restarting=False, restart_owed=False, quiet=0)
    _again(step, call)


def restart_failed(step: Step, call: Call, message: IceRestartFailed) -> None:
    if not call.media.restarting:
        return None
    status = message.status
    if status == NO_SUCH_CALL and call.media.tries >= len(RETRY_AFTER):
        # RFC 3261 section 12.2.1.2: the far end knows no such call any more, and nothing is heard of it. But
        # a page that was loaded anew is asked before it has taken its call back, and its line may be slow.
        release_signalling(step, call)
        return end_call(step, call, CallEvent.MEDIA_GIVEN_UP, Reason.SIGNALING_LOST)
    call = step.change_media(call, restarting=False)
    if status == RETRY_LATER:
        return step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), glare_wait(call, step.chance))
    return _again(step, call)


def _again(step: Step, call: Call) -> None:
    """Look again later. Nobody tries more often than RETRY_AFTER has entries."""
    if call.media.lost_at is not None or call.media.restart_owed:
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), RETRY_AFTER[max(0, call.media.tries - 1)])


def registered(step: Step, _message: RegisterAccepted) -> None:
    """What could not be sent meanwhile goes out now. After `registration`.

    A call within its PATIENCE waits on: a REGISTER that renews the registration changes nothing for it.
    """
    if step.link.state is not LinkState.REGISTERED:
        return
    for call in _answered(step):
        if call.media.missed or call.media.restart_owed:
            restart(step, call)


def transport_alive(step: Step, _message: Pong) -> None:
    """The socket proved alive: the network changed under the calls, but not under it."""
    for call in _answered(step):
        if call.media.restart_owed:
            restart(step, call)


def went_online(step: Step, _message: WentOnline) -> None:
    """Offline and online again: our addresses may be others. The restart waits for a WebSocket that lives.
    Before `registration`."""
    if not step.link.offline:
        return
    for call in _answered(step):
        step.change_media(call, restart_owed=True, tries=0, vain=False)


def _answered(step: Step) -> tuple[Call, ...]:
    return tuple(call for call in step.phone.live_calls if call.state is CallState.ANSWERED)


def sample(step: Step, call: Call) -> None:
    step.emit(SampleMedia(call.uuid))
    step.start_timer(Timer(TimerKind.SAMPLE, call.uuid), SAMPLE_WITHIN)


def sampled(step: Step, call: Call, message: MediaSampled) -> None:
    if call.state is not CallState.ANSWERED:
        return
    before = call.media
    now = newest(before, message.sample)
    due = now.receives and not call.held
    media = count(before, now, due=due, since=step.at - SAMPLE_EVERY)
    call = replace(call, media=media)
    step.put(call)
    step.start_timer(Timer(TimerKind.SAMPLE, call.uuid), SAMPLE_EVERY)
    if due and not media.quiet:
        step.stop_timers(Timer(TimerKind.NO_AUDIO, call.uuid))
        if step.phone.banner == "no_audio":
            step.change(banner="")
    if not media.connected:
        return
    if (media.lost_at is not None or media.unproven) and both_ways(before, now):
        _settle(step, call, unproven=False)
    elif media.quiet >= STOPPED_AFTER and (media.heard or media.lost_at is not None):
        _nothing_comes(step, call)


def _nothing_comes(step: Step, call: Call) -> None:
    """Though connected: the path has died one way, or the far end has nothing to send."""
    if call.media.reported or call.media.vain:
        return _settle(step, call, unproven=True)
    call = _lose(step, call)
    media = call.media
    if media.tries == 0:
        restart(step, step.change_media(call, missed=True, restart_owed=True))
    elif not media.restarting and not media.restart_owed:
        _settle(step, call, unproven=True, vain=True)
    return None


def _settle(step: Step, call: Call, **fields: bool) -> None:
    """Nothing more is done about the sound."""
    step.stop_timers(Timer(TimerKind.MEDIA_LOST, call.uuid))
    if not call.media.restart_owed:
        step.stop_timers(Timer(TimerKind.ICE_RESTART, call.uuid))
    step.change_media(call, lost_at=None, missed=False, tries=0, **fields)


def silent(step: Step, call: Call) -> None:
    """Nothing came since the call was answered. An IVR that says nothing yet is no fault of the line, so
    the call goes on as long as its connection does."""
    seen = call.media.sample
    if call.held or (seen is not None and not seen.receives):
        return step.start_timer(Timer(TimerKind.NO_AUDIO, call.uuid), NO_AUDIO_AFTER)
    _no_audio(step, call)
    if not call.media.connected:
        step.change_media(_lose(step, step.phone.call(call.uuid) or call), missed=True)
    return None


def _no_audio(step: Step, call: Call) -> None:
    step.problem("no_audio", call_uuid=call.uuid)
    step.banner("no_audio")


def give_up(step: Step, call: Call) -> None:
    """It has lasted too long. With a connection that lives, it is the far end that sends nothing."""
    media = call.media
    if media.connected:
        call = step.change_media(call, restart_owed=media.restart_owed and media.tries == 0)
        _settle(step, call, unproven=True, vain=True)
        return _no_audio(step, call) if media.quiet else None
    step.problem("media_lost", call_uuid=call.uuid)
    release_signalling(step, call)
    return end_call(step, call, CallEvent.MEDIA_GIVEN_UP, Reason.MEDIA_LOST)
