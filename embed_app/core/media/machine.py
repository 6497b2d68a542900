"""The sound of one call as a state machine. Its next state comes from `TABLE` and from nowhere else. Where
the ICE restart of the call stands comes from `RESTARTS`.

    NotWatched -------------------- ANSWERED ---------> Flowing
    Flowing, Unproven ------------- STOPPED ----------> Interrupted
    Interrupted ------------------- LASTED -----------> Lost
    Interrupted, Lost, Unproven --- PACKETS_SEEN -----> Flowing
    Flowing, Interrupted, Lost ---- SILENCE_ACCEPTED -> Unproven
    Interrupted, Lost ------------- SEARCH_ENDED -----> Unproven
    Flowing, Unproven ------------- NETWORK_CHANGED --> the same, with Silence.LOSS

Out of Interrupted and Lost the call itself may end: 28 s after the last packet, not connected.
What each state means stands at its class in `values.py`. Where each event is decided:

    sampling.py             ANSWERED, PACKETS_SEEN, SILENCE_ACCEPTED; SEARCH_ENDED after a restart; DEMANDED
    loss.py                 STOPPED, LASTED; SEARCH_ENDED after 28 s; WITHDRAWN
    ice_restart.py          NETWORK_CHANGED; DEMANDED, SENT, ACCEPTED, FAILED
    resume/replacement.py   REPLACED
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from embed_app.core.call.values import Call
from embed_app.core.media.values import (
    Flowing,
    IceRestart,
    Interrupted,
    Lost,
    MediaWatch,
    NotWatched,
    Silence,
    SoundState,
    Unproven,
)
from embed_app.core.step import Step


class SoundEvent(StrEnum):
    """What can happen to the sound of a call. What is not in `TABLE` for its state changes nothing."""

    ANSWERED = "answered"
    """From now on the sound is watched."""
    STOPPED = "stopped"
    """The connection broke, or no packet came for 5 s although they are due and the connection lives."""
    LASTED = "lasted"
    """It did not come back within the seconds that most interruptions take."""
    PACKETS_SEEN = "packets_seen"
    """Over a connection that lives, in both directions as far as each side may send."""
    SILENCE_ACCEPTED = "silence_accepted"
    """No packet came for 5 s, and that is no sign of a dead path: the far end's reports (RFC 3550 section
    6.4) go on, or its silence is expected."""
    SEARCH_ENDED = "search_ended"
    """The connection lives, and neither a restart nor 28 s have brought packets."""
    NETWORK_CHANGED = "network_changed"
    """The browser was offline and is online again: its addresses may be others."""


TABLE: Mapping[tuple[type[SoundState], SoundEvent], type[SoundState]] = {
    (NotWatched, SoundEvent.ANSWERED): Flowing,
    **{(kind, SoundEvent.STOPPED): Interrupted for kind in (Flowing, Unproven)},
    (Interrupted, SoundEvent.LASTED): Lost,
    **{(kind, SoundEvent.PACKETS_SEEN): Flowing for kind in (Interrupted, Lost, Unproven)},
    **{(kind, SoundEvent.SILENCE_ACCEPTED): Unproven for kind in (Flowing, Interrupted, Lost)},
    **{(kind, SoundEvent.SEARCH_ENDED): Unproven for kind in (Interrupted, Lost)},
    (Flowing, SoundEvent.NETWORK_CHANGED): Flowing,
    (Unproven, SoundEvent.NETWORK_CHANGED): Unproven,
}
"""(state, what happened) -> the next state. What is not here is illegal and changes nothing."""


def move(step: Step, call: Call, event: SoundEvent, *, since: float = 0.0, **fields: Any) -> Call:
    """The call, put back, with its sound in the next state and these other fields of `MediaWatch`. An illegal
    event leaves the state as it is. `since`: with STOPPED, when that was; seconds since the epoch."""
    kind = TABLE.get((type(call.media.state), event))
    if kind is not None:
        call = step.change_media(call, state=_entered(kind, call.media.state, event, since))
    return step.change_media(call, **fields) if fields else call


def _entered(kind: type[SoundState], state: SoundState, event: SoundEvent, since: float) -> SoundState:
    """The state of this kind, with what it takes over from the one before."""
    if kind is NotWatched:
        return NotWatched()
    if kind is Lost:
        return Lost(since=state.since if isinstance(state, Interrupted) else since)
    if kind is Interrupted:
        before = state if isinstance(state, Flowing | Unproven) else Flowing()
        return Interrupted(since=since, before=before)
    silence = _silence(state, event)
    return Flowing(silence=silence) if kind is Flowing else Unproven(silence=silence)


def _silence(state: SoundState, event: SoundEvent) -> Silence:
    """Known for as long as the network stays and the sound does not stop for another reason."""
    if event is SoundEvent.SEARCH_ENDED:
        return Silence.EXPECTED
    if event is SoundEvent.NETWORK_CHANGED or not isinstance(state, Flowing | Unproven):
        return Silence.LOSS
    return state.silence


class RestartEvent(StrEnum):
    """What can happen to the ICE restart of a call. What is not in `RESTARTS` changes nothing."""

    DEMANDED = "demanded"
    """The network changed, or packets stopped: one must go out, whatever the connection says."""
    SENT = "sent"
    ACCEPTED = "accepted"
    """The far end answered the offer."""
    FAILED = "failed"
    """Refused, crossed by the far end's offer, or not answered."""
    WITHDRAWN = "withdrawn"
    """Nothing more is done about the sound."""
    REPLACED = "replaced"
    """Another connection took this one's place, and no answer to the old one's offer will come."""


RESTARTS: Mapping[tuple[IceRestart, RestartEvent], IceRestart] = {
    (IceRestart.NONE, RestartEvent.DEMANDED): IceRestart.OWED,
    (IceRestart.NONE, RestartEvent.SENT): IceRestart.UNDER_WAY,
    (IceRestart.OWED, RestartEvent.SENT): IceRestart.OWED_UNDER_WAY,
    (IceRestart.OWED, RestartEvent.WITHDRAWN): IceRestart.NONE,
    (IceRestart.OWED, RestartEvent.REPLACED): IceRestart.NONE,
    (IceRestart.UNDER_WAY, RestartEvent.DEMANDED): IceRestart.OWED_UNDER_WAY,
    (IceRestart.UNDER_WAY, RestartEvent.ACCEPTED): IceRestart.NONE,
    (IceRestart.UNDER_WAY, RestartEvent.FAILED): IceRestart.NONE,
    (IceRestart.UNDER_WAY, RestartEvent.REPLACED): IceRestart.NONE,
    (IceRestart.OWED_UNDER_WAY, RestartEvent.ACCEPTED): IceRestart.NONE,
    (IceRestart.OWED_UNDER_WAY, RestartEvent.FAILED): IceRestart.OWED,
    (IceRestart.OWED_UNDER_WAY, RestartEvent.WITHDRAWN): IceRestart.UNDER_WAY,
    (IceRestart.OWED_UNDER_WAY, RestartEvent.REPLACED): IceRestart.NONE,
}
"""(where the restart stands, what happened) -> where it stands then."""


def move_restart(step: Step, call: Call, event: RestartEvent, **fields: Any) -> Call:
    """The same for the ICE restart of the call."""
    restart = RESTARTS.get((call.media.restart, event), call.media.restart)
    return step.change_media(call, restart=restart, **fields)


def connection_replaced(watch: MediaWatch) -> MediaWatch:
    """For a connection to a far end that took the place of the one before: its counters begin anew, and an
    offer that was under way is void."""
    counts = replace(watch.counts, sample=None, report_before=0.0, report_in_silence=0.0)
    restart = RESTARTS.get((watch.restart, RestartEvent.REPLACED), watch.restart)
    return replace(watch, counts=counts, restart=restart)
