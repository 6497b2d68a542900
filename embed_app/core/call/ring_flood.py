"""How many callers may ring this phone: whoever calls without end hears busy and leaves no row.

Counted are the INVITEs of the last minute that were not answered here. Two limits: of one caller, and of all.
An INVITE that is turned away takes the place of the oldest one that was counted, so a flood stays turned away
until it is over, and what is kept here never grows. A flood of one caller costs nobody else a place.
Callers the agent has talked with, or has dialled, are outside of the second limit: strangers do not keep
them away.

What came while the phone was busy, or was not to be disturbed, did not ring. It counts only among its own
kind, where the limits bound the rows of the history: a queue that asks a busy agent again and again must
reach the agent as soon as there is time.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.values import Call, CallState, Direction, Reason, Rings, Rung
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step

WINDOW = 60.0
"""Seconds."""
MOST_OF_ONE_CALLER = 12
MOST_OF_ALL = 30
"""INVITEs in WINDOW that nobody answered."""
MOST_WITH_ELSEWHERE = 100
"""With those that another phone answered: a large group of phones that ring together has many. They do not
count against their caller, who may be a queue."""


def turns_away(step: Step, call_uuid: str, caller: str, *, busy: bool) -> bool:
    """Count one INVITE, and say whether it is one too many. The first one of a flood is told.

    `busy`: it does not ring in any case."""
    rings = step.phone.rings
    rung = tuple(each for each in rings.rung if 0 <= step.at - each.at < WINDOW)
    counted = [each for each in rung if busy or not each.busy]
    unanswered = [each for each in counted if not each.elsewhere]
    of_caller = [each for each in unanswered if each.caller == caller]
    over: list[Rung] = []
    if len(of_caller) >= MOST_OF_ONE_CALLER:
        over = of_caller
    elif not _is_known(step.phone, caller):
        if len(unanswered) >= MOST_OF_ALL:
            over = unanswered
        elif len(counted) >= MOST_WITH_ELSEWHERE:
            over = counted
    told = rings.told and len(rung) > MOST_OF_ONE_CALLER // 2
    if over and not told:
        step.problem("too_many_calls")
        step.banner("too_many_calls")
        told = True
    new: tuple[Rung, ...] = (Rung(at=step.at, caller=caller, call_uuid=call_uuid, busy=busy),)
    if over:  # in the place of one of its kind: one that rang is not forgotten for one that did not
        oldest = next((each for each in over if each.busy is busy), None)
        rung = tuple(each for each in rung if each is not oldest)
        new = new if oldest is not None else ()
    step.change(rings=Rings(rung=(*rung, *new)[-2 * MOST_WITH_ELSEWHERE :], told=told))
    return bool(over)


def _is_known(phone: Phone, caller: str) -> bool:
    """Whether the agent has dialled this number, or answered it, as far as the history goes back."""
    return any(call.number == caller and call.wanted for call in phone.history.calls)


def forget_answered(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: what was answered is no flood."""
    rings = step.phone.rings
    for call in step.phone.calls if rings.rung else ():
        if call.direction is Direction.INBOUND:
            rung = tuple(left for each in rings.rung for left in _left(each, call))
            rings = replace(rings, rung=rung)
    if rings.rung != step.phone.rings.rung:
        step.change(rings=rings)


def _left(rung: Rung, call: Call) -> tuple[Rung, ...]:
    if rung.call_uuid != call.uuid:
        return (rung,)
    if call.state is CallState.ANSWERED:
        return ()
    return (replace(rung, elsewhere=rung.elsewhere or call.release is Reason.ANSWERED_ELSEWHERE),)
