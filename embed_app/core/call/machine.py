"""One call: which message may move it where, and how it ends.

      DialRequested                                   InviteReceived
           |                                                |
           v        registered       180/183                v
        QUEUED ----------> INVITING --------> RINGING (out)  RINGING (in)     Started with a record
           |                  |                 |              | AnswerRequested
           |                  |       200       |              v
           |                  +-------+---------+          ANSWERING
           |                          v                        |
           |                      ANSWERED <-------------------+  200 sent, ACK came   |
           |                          ^------------------------------------------- RESUMING
           |                          |
           +--------> ENDED <---------+   from every state: hang-up, CANCEL, a final status, a lost line

Hold and mute are orthogonal: fields of an ANSWERED call, not states. An ENDED call never moves again
and never causes an effect.
"""

from __future__ import annotations

from collections.abc import Mapping

from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    HangupRequested,
    MicrophoneFailed,
)
from embed_app.core.call.values import Call, CallState, Direction
from embed_app.core.link.messages import RegisterAccepted, TransportDown
from embed_app.core.message import Message

_Q, _I, _R = CallState.QUEUED, CallState.INVITING, CallState.RINGING
_G, _A, _E = CallState.ANSWERING, CallState.ANSWERED, CallState.ENDED
_S = CallState.RESUMING
TRANSITIONS: Mapping[tuple[CallState, Direction, type[Message]], CallState] = {
    **{
        (state, direction, message): _E
        for direction, states in (
            (Direction.OUTBOUND, (_I, _R, _A)),
            (Direction.INBOUND, (_R, _G, _A)),
        )
        for state in states
        for message in (HangupRequested, CallEnded)
    },
    (_Q, Direction.OUTBOUND, HangupRequested): _E,
    (_Q, Direction.OUTBOUND, RegisterAccepted): _I,
    (_I, Direction.OUTBOUND, CallProgress): _R,
    (_R, Direction.OUTBOUND, CallProgress): _R,
    (_I, Direction.OUTBOUND, CallAccepted): _A,
    (_R, Direction.OUTBOUND, CallAccepted): _A,
    (_R, Direction.INBOUND, AnswerRequested): _G,
    (_G, Direction.INBOUND, CallAccepted): _A,
    (_I, Direction.OUTBOUND, MicrophoneFailed): _E,
    (_R, Direction.OUTBOUND, MicrophoneFailed): _E,
    (_G, Direction.INBOUND, MicrophoneFailed): _E,
    **{
        (_S, direction, message): state
        for direction in Direction
        for message, state in (
            (CallAccepted, _A),
            (HangupRequested, _E),
            (MicrophoneFailed, _E),
        )
    },
    # Nothing can be heard about a call that was not answered yet once the line is gone;
    # an answered one goes on without it.
    (_I, Direction.OUTBOUND, TransportDown): _E,
    (_R, Direction.OUTBOUND, TransportDown): _E,
    (_R, Direction.INBOUND, TransportDown): _E,
    (_G, Direction.INBOUND, TransportDown): _E,
}
"""(state, direction, what happened) -> the next state. What is not here is illegal and changes nothing."""


def next_state(call: Call, message: Message) -> CallState | None:
    """The state `message` moves the call to; None where it is illegal here."""
    return TRANSITIONS.get((call.state, call.direction, type(message)))
