"""One call as a state machine. The next state comes from `TABLE` and from nowhere else.

      dialled here                                    INVITE received
           |                                                |
           v          SENT          RANG                    v
        QUEUED ----------> INVITING ------> RINGING (out)  RINGING (in)
                              |                 |               | PICKED_UP
                              |    CONNECTED    |               v
                              +--------+--------+           ANSWERING
                                       v                        |
                                   ANSWERED <-------------------+ CONNECTED
                                       |  ^
                            LEFT_BEHIND |  | CONNECTED
                                       v  |
                                     RESUMING

ENDED can be reached from every other state, and nothing leads out of it. What each state means stands at
`CallState`. Hold and mute are fields of an ANSWERED call, not states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from embed_app.core.call.values import Call, CallState, Direction


class CallEvent(StrEnum):
    """What can happen to a call. What is not in `TABLE` for the state of the call changes nothing."""

    SENT = "sent"
    """Its INVITE goes out."""
    RANG = "rang"
    """The first provisional response above 100 came (RFC 3261 section 21.1)."""
    PICKED_UP = "picked_up"
    """The agent or the parent answers; the 200 is on its way."""
    CONNECTED = "connected"
    """The 200 and its ACK were exchanged."""
    LEFT_BEHIND = "left_behind"
    """Its page or tab has gone, and this one takes it back from its dialog."""
    HUNG_UP = "hung_up"
    """The agent or the parent ends it."""
    FAR_END_ENDED = "far_end_ended"
    """BYE, CANCEL, a final refusal, or a session that failed."""
    NO_MICROPHONE = "no_microphone"
    """No offer or answer could be made."""
    TRANSPORT_LOST = "transport_lost"
    """The WebSocket went down."""
    TIMED_OUT = "timed_out"
    """It waited too long for what it waits for."""
    NOT_SENT = "not_sent"
    """Its INVITE will never go out from here."""
    NOT_RESUMED = "not_resumed"
    """The far end will not give it back, or another tab has it."""
    ABANDONED = "abandoned"
    """Its page or tab has gone, and nothing can take it back."""
    MEDIA_GIVEN_UP = "media_given_up"
    """No path to the far end was found again."""
    TOO_LONG = "too_long"
    """It has lasted as long as the account allows."""
    TRANSFERRED = "transferred"
    """Its peer talks to somebody else now."""


_Q, _I, _R = CallState.QUEUED, CallState.INVITING, CallState.RINGING
_P, _A, _S, _E = CallState.ANSWERING, CallState.ANSWERED, CallState.RESUMING, CallState.ENDED
_OUT, _IN = Direction.OUTBOUND, Direction.INBOUND
_BOTH = (_OUT, _IN)
_EVENT = CallEvent

FIRST: Mapping[Direction, CallState] = {_OUT: _Q, _IN: _R}
"""The state in which a new call begins."""

Row = tuple[CallState, Direction, CallEvent]

TABLE: Mapping[Row, CallState] = {
    (_Q, _OUT, _EVENT.SENT): _I,
    (_I, _OUT, _EVENT.RANG): _R,
    (_R, _IN, _EVENT.PICKED_UP): _P,
    (_I, _OUT, _EVENT.CONNECTED): _A,
    (_R, _OUT, _EVENT.CONNECTED): _A,
    (_P, _IN, _EVENT.CONNECTED): _A,
    **{(_S, direction, _EVENT.CONNECTED): _A for direction in _BOTH},
    **{(state, direction, _EVENT.LEFT_BEHIND): _S for state in (_A, _S) for direction in _BOTH},
    # How calls end.
    **{(state, _OUT, _EVENT.HUNG_UP): _E for state in (_Q, _I, _R, _A, _S)},
    **{(state, _IN, _EVENT.HUNG_UP): _E for state in (_R, _P, _A, _S)},
    **{(state, _OUT, _EVENT.FAR_END_ENDED): _E for state in (_I, _R, _A)},
    **{(state, _IN, _EVENT.FAR_END_ENDED): _E for state in (_R, _P, _A)},
    **{(state, _OUT, _EVENT.NO_MICROPHONE): _E for state in (_I, _R, _S)},
    **{(state, _IN, _EVENT.NO_MICROPHONE): _E for state in (_P, _S)},
    # Without a WebSocket nothing can be heard of a call that was not answered. An answered one goes on.
    **{(state, _OUT, _EVENT.TRANSPORT_LOST): _E for state in (_I, _R)},
    **{(state, _IN, _EVENT.TRANSPORT_LOST): _E for state in (_R, _P)},
    **{(state, _OUT, _EVENT.TIMED_OUT): _E for state in (_Q, _I, _R, _S)},
    **{(state, _IN, _EVENT.TIMED_OUT): _E for state in (_R, _P, _S)},
    (_Q, _OUT, _EVENT.NOT_SENT): _E,
    **{(_S, direction, _EVENT.NOT_RESUMED): _E for direction in _BOTH},
    **{(state, _OUT, _EVENT.ABANDONED): _E for state in (_Q, _I, _R, _A, _S)},
    **{(state, _IN, _EVENT.ABANDONED): _E for state in (_R, _P, _A, _S)},
    **{(_A, direction, _EVENT.MEDIA_GIVEN_UP): _E for direction in _BOTH},
    **{(_A, direction, _EVENT.TRANSFERRED): _E for direction in _BOTH},
    **{(state, direction, _EVENT.TOO_LONG): _E for state in (_A, _S) for direction in _BOTH},
}
"""(state, direction, what happened) -> the next state. What is not here is illegal and changes nothing."""


def new_call(direction: Direction, **fields: Any) -> Call:
    """A call in its first state."""
    return Call(direction=direction, state=FIRST[direction], **fields)


def may(call: Call, event: CallEvent) -> bool:
    """Whether `event` is legal for the call as it is now."""
    return (call.state, call.direction, event) in TABLE


def moved(call: Call, event: CallEvent, **fields: Any) -> Call | None:
    """The call in its next state and with these other fields; None where the event is illegal."""
    state = TABLE.get((call.state, call.direction, event))
    return None if state is None else replace(call, state=state, **fields)
