"""The sound of answered calls: seen to flow, mended when it stops, given up after 30 s.

         disconnected for 3 s, failed, or the network changed
    WELL ----------------------------------------------------> LOST
     ^                                                          |  ICE-restart re-INVITE while the line is up,
     |   connected, and packets seen both ways                  |  5 tries; 491 again after a random wait
     +----------------------------------------------------------+
                                                                |  30 s after the last packet
                                                                v
                                                         ENDED media_lost

That the connection says "connected" is not enough: only packets are. Each call is sampled once a second.
Sources: RFC 8445 section 9 (ICE restart), RFC 3261 section 14.1 (crossing offers), RFC 7675 (consent).
"""

from __future__ import annotations

from embed_app.core import effects as do
from embed_app.core import keep_alive, sounds
from embed_app.core import messages as msg
from embed_app.core.call import end_call, release_line
from embed_app.core.media_watch import Sample, grown, judge
from embed_app.core.model import Call, CallState, Direction, LinkState, Transport
from embed_app.core.release_cause import Reason
from embed_app.core.sound_choices import DeviceKind
from embed_app.core.turn import Turn

SAMPLE_EVERY = 1.0
SAMPLE_WITHIN = 5.0
"""Seconds after which a sample that was not answered is asked for again."""
PATIENCE = 3.0
"""Seconds a connection may be "disconnected" before it is mended: most come back by themselves."""
RETRY_AFTER = (2.0, 3.0, 4.0, 5.0, 6.0)
"""Seconds after each ICE restart until the next; as many as there are tries."""
PEER_GONE_PATIENCE = 1.0
"""The BYE of a peer comes right behind its DTLS close; a page that was reloaded needs longer."""
GIVE_UP_AFTER = 30.0
NO_AUDIO_AFTER = 8.0
RETRY_LATER, NO_SUCH_CALL = 491, 481


def watch(turn: Turn, call: Call) -> None:
    """From the answer on."""
    turn.start_timer(f"sample:{call.uuid}", SAMPLE_EVERY)
    turn.start_timer(f"silence:{call.uuid}", NO_AUDIO_AFTER)
    if call.media.connection in ("disconnected", "failed"):
        changed(turn, call, call.media.connection)


def changed(turn: Turn, call: Call, connection: str) -> None:
    call = turn.change_media(call, connection=connection)
    if call.state is not CallState.ANSWERED:
        return
    if connection == "disconnected":
        call = _lose(turn, call)
        if f"ice:{call.uuid}" not in turn.phone.timers:
            turn.start_timer(f"ice:{call.uuid}", PATIENCE)
    elif connection == "failed":
        mend(turn, _lose(turn, call))
    elif connection == "peer_closed":
        # A page that went away says so at once (DTLS close_notify); if it comes back, it brings a new
        # connection (`resume.py`), so there is nothing to mend.
        _lose(turn, call)
        turn.start_timer(f"ice:{call.uuid}", PEER_GONE_PATIENCE)


def _lose(turn: Turn, call: Call) -> Call:
    if call.media.lost_at is not None:
        return call
    since = call.media.heard_at
    # Nothing is heard from a peer on hold either: then the connection's word is all there is.
    lost_at = since if since is not None and since > turn.at - GIVE_UP_AFTER / 2 else turn.at
    turn.start_timer(f"lost:{call.uuid}", max(0.0, lost_at + GIVE_UP_AFTER - turn.at))
    call = turn.change_media(call, lost_at=lost_at, tries=0)
    keep_alive.ping(turn)  # a re-INVITE needs a line, and the one there was may be gone with the network
    return call


def mend(turn: Turn, call: Call) -> None:
    """The patience is at its end."""
    if call.media.lost_at is not None and not call.media.connected:
        call = turn.change_media(call, missed=True)
    restart(turn, call)


def restart(turn: Turn, call: Call) -> None:
    """Send the re-INVITE if it is still wanted, still allowed, and can be sent now."""
    media = call.media
    turn.stop_timers(f"ice:{call.uuid}")
    wanted = media.restart_owed or (media.lost_at is not None and not media.connected)
    spent = media.peer_is_gone or media.tries >= len(RETRY_AFTER)
    if not wanted or spent or media.restarting or not _line_is_up(turn):
        return
    if call.hold_wanted is not None:
        turn.start_timer(f"ice:{call.uuid}", SAMPLE_EVERY)  # one offer at a time
        return
    turn.change_media(call, restarting=True, tries=media.tries + 1)
    turn.emit(do.RestartIce(call.uuid))


def _line_is_up(turn: Turn) -> bool:
    """Whether a re-INVITE can be sent and its answer find us. A REGISTER that is out is waited for."""
    link = turn.link
    return link.transport is Transport.UP and link.state in (
        LinkState.REGISTERED,
        LinkState.WAITING,
        LinkState.REFUSED,
    )


def restarted(turn: Turn, call: Call) -> None:
    call = turn.change_media(call, restarting=False, restart_owed=False)
    _again(turn, call)


def restart_failed(turn: Turn, call: Call, status: int) -> None:
    if status == NO_SUCH_CALL:
        # RFC 3261 section 12.2.1.2: the far end knows no such call any more, and nothing is heard of it.
        release_line(turn, call)
        return end_call(turn, call, Reason.SIGNALING_LOST)
    call = turn.change_media(call, restarting=False)
    if status == RETRY_LATER:
        return turn.start_timer(f"ice:{call.uuid}", glare_wait(call, turn.chance))
    return _again(turn, call)


def _again(turn: Turn, call: Call) -> None:
    """Look again later. Nobody tries more often than RETRY_AFTER has entries."""
    if call.media.lost_at is not None or call.media.restart_owed:
        turn.start_timer(f"ice:{call.uuid}", RETRY_AFTER[max(0, call.media.tries - 1)])


def glare_wait(call: Call, chance: float) -> float:
    """Seconds to wait after a 491, by who made the Call-ID (RFC 3261 section 14.1)."""
    ours = call.direction is Direction.OUTBOUND
    return 2.1 + 1.9 * chance if ours else 2.0 * chance


def line_is_back(turn: Turn) -> None:
    """REGISTER was accepted: what could not be sent meanwhile goes out now."""
    for call in _answered(turn):
        if call.media.lost_at is not None or call.media.restart_owed:
            restart(turn, call)


def line_lives(turn: Turn) -> None:
    """The socket proved alive: the network changed under the calls, but not under it."""
    for call in _answered(turn):
        if call.media.restart_owed:
            restart(turn, call)


def network_changed(turn: Turn) -> None:
    """Offline and online again: our addresses may be others. The restart waits for a line that lives."""
    for call in _answered(turn):
        turn.change_media(call, restart_owed=True, tries=0)


def _answered(turn: Turn) -> tuple[Call, ...]:
    return tuple(call for call in turn.phone.live_calls if call.state is CallState.ANSWERED)


def sample(turn: Turn, call: Call) -> None:
    turn.emit(do.SampleMedia(call.uuid))
    turn.start_timer(f"sample:{call.uuid}", SAMPLE_WITHIN)


def sampled(turn: Turn, call: Call, message: msg.MediaSampled) -> None:
    if call.state is not CallState.ANSWERED:
        return
    now, before = message.sample, call.media.sample
    quality, losses = judge(call.media, now)
    last = before or Sample()
    comes = grown(now.packets_received, last.packets_received) > 0
    goes = grown(now.packets_sent, last.packets_sent) > 0 or call.media.microphone_lost
    heard_at = turn.at - SAMPLE_EVERY if comes else call.media.heard_at
    call = turn.change_media(
        call, sample=now, quality=quality, losses=losses, heard=call.media.heard or comes, heard_at=heard_at
    )
    turn.start_timer(f"sample:{call.uuid}", SAMPLE_EVERY)
    if comes and f"silence:{call.uuid}" in turn.phone.timers:
        turn.stop_timers(f"silence:{call.uuid}")
    if comes and turn.phone.banner == "no_audio":
        turn.change(banner="")
    both_ways = (comes or not now.receives) and (goes or not now.sends)
    if call.media.lost_at is not None and call.media.connected and both_ways:
        _recovered(turn, call)


def _recovered(turn: Turn, call: Call) -> None:
    turn.stop_timers(f"lost:{call.uuid}")
    if not call.media.restart_owed:
        turn.stop_timers(f"ice:{call.uuid}")
    turn.change_media(call, lost_at=None, missed=False, tries=0)


def silent(turn: Turn, call: Call) -> None:
    """Nothing came since the call was answered. An IVR that says nothing yet is no fault of the line, so
    the call goes on as long as its connection does."""
    seen = call.media.sample
    if call.held or (seen is not None and not seen.receives):
        return turn.start_timer(f"silence:{call.uuid}", NO_AUDIO_AFTER)
    _no_audio(turn, call)
    if not call.media.connected:
        turn.change_media(_lose(turn, turn.phone.call(call.uuid) or call), missed=True)
    return None


def _no_audio(turn: Turn, call: Call) -> None:
    turn.problem("no_audio", call_uuid=call.uuid)
    turn.banner("no_audio")


def give_up(turn: Turn, call: Call) -> None:
    """30 s without sound. With a connection that lives, it is the far end that sends nothing."""
    if call.media.connected:
        _recovered(turn, call)
        return _no_audio(turn, turn.phone.call(call.uuid) or call)
    turn.problem("media_lost", call_uuid=call.uuid)
    release_line(turn, call)
    return end_call(turn, call, Reason.MEDIA_LOST)


# ---- the microphone of a running call


def microphone_ended(turn: Turn, call: Call) -> None:
    """Unplugged: another one may be there. Only when that one fails is anybody told."""
    turn.change_media(call, microphone_lost=True)
    turn.emit(do.ReopenMicrophone(call.uuid))


def microphone_ready(turn: Turn, call: Call) -> None:
    lost = call.media.microphone_lost
    turn.change_media(call, microphone_lost=False)
    if turn.phone.banner == "mic_lost":
        turn.change(banner="")
    elif lost:
        sounds.tell_replaced(turn, DeviceKind.MICROPHONE)


def devices_changed(turn: Turn) -> None:
    for call in _answered(turn):
        if call.media.microphone_lost:
            turn.emit(do.ReopenMicrophone(call.uuid))
