"""Two calls: the agent is with one of them, which has the focus, and the other waits on hold.

                    answer, dial, unhold: this one
        FOCUS <------------------------------------ WAITING
          |                                            ^
          +---- another call has it from now on -------+  aside at once, then hold by re-INVITE

Whoever waits is set aside first: no microphone and no loudspeaker. So one call at most is heard and hears,
also while the re-INVITE is under way, and with a peer that refuses to be put on hold. A call that ends gives
the focus back to the one that waits, which stays on hold until the agent takes it up.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import voice
from embed_app.core.call.effects import SetAside, SetHold
from embed_app.core.call.selection import active_call, rings_here
from embed_app.core.call.values import Call, CallState
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step

MAX_CALLS = 2
_UP = (CallState.ANSWERED, CallState.RESUMING)


def has_room(phone: Phone) -> bool:
    """Whether one more caller may ring: beside another one that does, or a call that can be put on hold."""
    live = phone.live_calls
    return len(live) < MAX_CALLS and all(rings_here(call) or call.state in _UP for call in live)


def other_calls(phone: Phone, call: Call) -> tuple[Call, ...]:
    """Those beside `call` the agent is in, or was before this one."""
    return tuple(other for other in phone.live_calls if other.uuid != call.uuid and not rings_here(other))


def ask_hold(step: Step, call: Call, *, held: bool) -> None:
    """`held` changes when the peer has accepted the re-INVITE, not before (RFC 3264 section 8.4)."""
    for leg in voice.other_legs(step.phone, call):
        if leg.state is not CallState.ANSWERED:
            step.put(voice.to_be_held(leg, held=held))
        elif held:
            _ask_hold(step, leg, held=True)
    _ask_hold(step, call, held=held)


def _ask_hold(step: Step, call: Call, *, held: bool) -> None:
    if call.hold_wanted is not None:
        step.put(replace(call, hold_wanted=held))  # only one re-INVITE at a time (RFC 3261 section 14.1)
    elif call.held is not held:
        step.put(replace(call, hold_wanted=held))
        step.emit(SetHold(call.uuid, held))


def keep_one_in_focus(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: who has the focus, and what that means for the others."""
    focus = active_call(step.phone)
    if focus is not None and rings_here(focus):
        focus = None
    uuid = focus.uuid if focus is not None else ""
    if uuid != step.phone.focus:
        step.change(focus=uuid, panel=Panel.NONE)  # what was folded out belonged to the call that ended
    if focus is None:
        return
    for call in other_calls(step.phone, focus):
        _set_aside(step, call, aside=True)
        _hold(step, step.phone.call(call.uuid) or call)
    _set_aside(step, focus, aside=False)


def _set_aside(step: Step, call: Call, *, aside: bool) -> None:
    if call.aside is not aside:
        step.put(replace(call, aside=aside, hold_refused=False))
        step.emit(SetAside(call.uuid, aside))


def _hold(step: Step, call: Call) -> None:
    registered = step.link.state is LinkState.REGISTERED
    if call.state is not CallState.ANSWERED or voice.on_hold(call) or call.hold_refused or not registered:
        return
    if any(other.in_place_of == call.uuid for other in step.phone.live_calls):
        return  # its peer is about to hang up: it has given us to somebody else
    ask_hold(step, call, held=True)
