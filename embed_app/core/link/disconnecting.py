"""`disconnect`: remove the binding, close the WebSocket, stop the timers (contract section 3)."""

from __future__ import annotations

from embed_app.core.link import keep_alive
from embed_app.core.link.effects import CloseTransport, HoldLease, Unregister
from embed_app.core.link.machine import LinkEvent, move
from embed_app.core.link.messages import DisconnectRequested, Unregistered
from embed_app.core.link.values import Lease, LinkState, UnregisterReason
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

UNREGISTER_WITHIN = 2.0
"""Seconds the registrar has to answer a REGISTER with Expires 0 before the WebSocket is closed anyway."""
_NOT_STOPPED = frozenset({TimerKind.ENDED_SHOWN, TimerKind.LEAVE, TimerKind.TRIAL})
"""Timers that a disconnect does not stop: they have nothing to do with the link, or limit the disconnect."""


def disconnect_requested(step: Step, _message: DisconnectRequested) -> None:
    """The calls have been ended."""
    keep_alive.stop(step)
    # LEAVE runs when this is the second wish: without it a silent PBX would keep the phone for ever.
    step.stop_timers(*(timer for timer in step.phone.timers if timer.kind not in _NOT_STOPPED))
    if not move(step, LinkEvent.DISCONNECT_REQUESTED):
        return
    if step.link.state is LinkState.LEAVING:
        step.emit(Unregister())
        step.start_timer(Timer(TimerKind.LEAVE), UNREGISTER_WITHIN)
    else:
        _switch_off(step)


def leave(step: Step) -> bool:
    """End LEAVING, whatever the registrar said. False, and nothing is changed, in any other state."""
    if not move(step, LinkEvent.UNREGISTERED):
        return False
    _switch_off(step)
    return True


def _switch_off(step: Step) -> None:
    """What is true of the phone in IDLE after a disconnect."""
    step.stop_timers(Timer(TimerKind.LEAVE))
    keep_alive.stop(step)
    if step.link.lease is Lease.HELD and step.link.config is not None:
        step.emit(HoldLease(step.link.config.lease_ticket, seconds=0))
    step.change_link(
        lease=Lease.NONE, unregistered=UnregisterReason.MANUAL, attempt=0, refusal="", wanted=False
    )
    step.change(banner="")
    step.emit(CloseTransport())


def unregistered(step: Step, _message: Unregistered) -> None:
    leave(step)


def leave_took_too_long(step: Step, _late: float) -> None:
    leave(step)
