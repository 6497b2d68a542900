"""Which of the calls is meant."""

from __future__ import annotations

from embed_app.core.call.values import Call, CallState, Direction
from embed_app.core.phone import Phone


def active_call(phone: Phone) -> Call | None:
    """The call a wish without `call_uuid` means and the screen shows: the one the agent is with, else the
    newest."""
    focus = phone.call(phone.focus)
    if focus is not None:
        return focus
    live = [call for call in phone.live_calls if not rings_here(call)] or phone.live_calls
    talking = [call for call in live if call.state is CallState.ANSWERED and not call.held] or live
    return talking[-1] if talking else None


def rings_here(call: Call) -> bool:
    return call.state is CallState.RINGING and call.direction is Direction.INBOUND


def ringing_call(phone: Phone) -> Call | None:
    return next((call for call in phone.live_calls if rings_here(call)), None)
