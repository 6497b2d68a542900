"""A call without sound: noticed, told when it lasts, and given up when nothing brings it back.

A connection is lost when it was "disconnected" for 3 s, when it failed, or when its far end closed it. One
that is "connected" may bring no packets all the same: `sampling.py` looks for them. A far end may be silent
(silence suppression, a hold without music), and no call is ended for that while its connection lives: consent
(RFC 7675) shows that the far end is there.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.machine import CallEvent
from embed_app.core.call.values import Call, CallState, Reason
from embed_app.core.link import keep_alive
from embed_app.core.media import ice_restart
from embed_app.core.media.machine import RestartEvent, SoundEvent, move, move_restart
from embed_app.core.media.messages import MediaChanged
from embed_app.core.media.values import NoSound
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

PATIENCE = 3.0
"""Seconds a connection may be "disconnected" before it is mended: most come back by themselves."""
PEER_GONE_PATIENCE = 1.0
"""Seconds. The BYE of a peer comes right behind its DTLS close; a page that was reloaded needs longer."""
GIVE_UP_AFTER = 28.0
"""Seconds after the last packet. 30 are promised; a far end's page may need 25 to come back."""


def connection_changed(step: Step, call: Call, message: MediaChanged) -> None:
    call = step.change_media(call, connection=message.state)
    if call.state is CallState.ANSWERED:
        look_at_connection(step, call)


def look_at_connection(step: Step, call: Call) -> None:
    """Of an answered call: what its last RTCPeerConnection.connectionState asks for."""
    connection = call.media.connection
    if connection == "disconnected":
        call = sound_stopped(step, call)
        if not step.runs(TimerKind.ICE_RESTART, call):
            step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), PATIENCE)
    elif connection == "failed":
        patience_ended(step, sound_stopped(step, call))
    elif connection == "peer_closed":
        # A page that went away says so at once (DTLS close_notify); if it comes back, it brings a new
        # connection (`resume/replacement.py`), so there is nothing to mend.
        sound_stopped(step, call)
        step.start_timer(Timer(TimerKind.ICE_RESTART, call.uuid), PEER_GONE_PATIENCE)


def sound_stopped(step: Step, call: Call) -> Call:
    """The call with its sound Interrupted, and 28 s to find it again. One without sound stays as it is."""
    media = call.media
    if isinstance(media.state, NoSound):
        return call
    since = media.counts.last_packet_at
    if since <= step.at - GIVE_UP_AFTER / 2:
        since = step.at  # nothing came from a silent peer either: the connection's word is all there is
    step.start_timer(Timer(TimerKind.MEDIA_LOST, call.uuid), since + GIVE_UP_AFTER - step.at)
    counts = replace(media.counts, report_before=None)
    call = move(step, call, SoundEvent.STOPPED, since=since, counts=counts, restart_tries=0)
    keep_alive.ping(step)  # a re-INVITE needs a WebSocket, and it may be gone with the network
    return call


def patience_ended(step: Step, call: Call) -> None:
    """The timer ICE_RESTART fired, or the browser is sure that the connection failed."""
    if not call.media.connected:
        call = outage_lasted(step, call)
    ice_restart.send_if_possible(step, call)


def outage_lasted(step: Step, call: Call) -> Call:
    """The call with its sound Lost, if it was Interrupted."""
    return move(step, call, SoundEvent.LASTED)


def end_search(step: Step, call: Call, why: SoundEvent) -> None:
    """Nothing more is done about the sound. `why`: PACKETS_SEEN, SILENCE_ACCEPTED or SEARCH_ENDED. A restart
    that is owed goes out all the same."""
    step.stop_timers(Timer(TimerKind.MEDIA_LOST, call.uuid))
    if not call.media.restart.is_owed:
        step.stop_timers(Timer(TimerKind.ICE_RESTART, call.uuid))
    move(step, call, why, restart_tries=0)


def give_up(step: Step, call: Call) -> None:
    """It has lasted too long. With a connection that lives, it is the far end that sends nothing."""
    media = call.media
    if media.connected:
        if media.restart_tries > 0:
            call = move_restart(step, call, RestartEvent.WITHDRAWN)
        end_search(step, call, SoundEvent.SEARCH_ENDED)
        if media.counts.silent_samples:
            tell_no_audio(step, call)
        return
    step.problem("media_lost", call_uuid=call.uuid)
    release_signalling(step, call)
    end_call(step, call, CallEvent.MEDIA_GIVEN_UP, Reason.MEDIA_LOST)


def tell_no_audio(step: Step, call: Call) -> None:
    """To the parent and the agent; the call goes on."""
    step.problem("no_audio", call_uuid=call.uuid)
    step.banner("no_audio")
