"""What the agent and the parent may wish of one call. Part of `messages`; read by `call_wishes`."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWish(Message):
    """A wish about one call; `call_uuid` None means the active one (for answer: the ringing one)."""

    call_uuid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequested(CallWish):
    instead: bool = False
    """End the call there is. Else it goes on hold."""


class HangupRequested(CallWish):
    __slots__ = ()


class SilenceRequested(CallWish):
    """The agent does not want to hear it ring; the caller notices nothing. None: the one that rings."""

    __slots__ = ()


class HoldRequested(CallWish):
    __slots__ = ()


class UnholdRequested(CallWish):
    __slots__ = ()


class MuteRequested(CallWish):
    __slots__ = ()


class UnmuteRequested(CallWish):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfRequested(CallWish):
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested(CallWish):
    """`attended`: ask the target first, in the call `new_call_uuid`; where there is a call with the target
    already (its number, or its uuid), the two are joined."""

    target: str = field(repr=False)
    attended: bool = False
    new_call_uuid: str = ""


class JoinRequested(CallWish):
    """The attended transfer is complete: the peers of both calls shall talk to each other. `call_uuid`: the
    call that is transferred; None: the one that waits."""

    __slots__ = ()


class ReturnRequested(CallWish):
    """Back to this call: the other one ends."""

    __slots__ = ()
