"""The lease: of all browsers and CRM sites in which an extension's phone is open, one may register it.

They cannot see each other; the server says who may (contract section 2, `lease`).

    NONE --sip-config: held--> HELD --a renewal is refused--> LOST
      |                         ^                              |
      |                         | free again                   | a person takes it over, or the parent
      +--sip-config: not held-> WAITING  <---------------------+ connects and it is free

A frame that lost the lease to a person at another browser never takes it back by itself: two frames that did
would take it from each other for ever. One that never had it takes it when it is free.
Nothing of this touches a running call, and a server that does not answer changes nothing.

There is no table of events here: a lease is not moved, it is what the server said last.
"""

from __future__ import annotations

from embed_app.core.link.advance import RENEW_LEASE_EVERY, fetch_config, open_transport, refuse
from embed_app.core.link.disconnecting import UNREGISTER_WITHIN
from embed_app.core.link.effects import CloseTransport, HoldLease, Unregister
from embed_app.core.link.machine import LinkEvent
from embed_app.core.link.messages import LeaseAnswered, LeaseFailed, PageLeft, TakeOverRequested, Unregistered
from embed_app.core.link.values import (
    IN_USE,
    Lease,
    LinkState,
    Ownership,
    SipConfig,
    Transport,
    UnregisterReason,
)
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

RELOAD_GRACE = 10
"""Seconds a page that goes away keeps its lease: it may only be reloading."""
_TICKET_EXPIRED = (401, 404)
"""HTTP statuses of a server that no longer knows the ticket."""


def received(step: Step, config: SipConfig) -> None:
    """What `sip-config` said about it."""
    if config.lease_held:
        step.change_link(lease=Lease.HELD)
    elif config.lease_held is None:
        step.change_link(lease=Lease.NONE)
    elif step.link.lease is Lease.NONE:
        step.change_link(lease=Lease.WAITING)
    elif step.link.lease is Lease.HELD:
        _lose(step)


def renew(step: Step, _late: float) -> None:
    """Keep the lease, or see whether it is free meanwhile. The timer LEASE_RENEWAL fired."""
    link = step.link
    ticket = link.config.lease_ticket if link.config else ""
    registers = link.ownership in (Ownership.ALONE, Ownership.OWNER)
    cannot_register = link.state is LinkState.REFUSED and link.refusal != IN_USE
    if not ticket or not registers or cannot_register or link.lease is Lease.LOST:
        return
    if not link.is_revoked:
        step.emit(HoldLease(ticket, renew=link.lease is Lease.HELD))
    step.start_timer(Timer(TimerKind.LEASE_RENEWAL), RENEW_LEASE_EVERY)


def answered(step: Step, message: LeaseAnswered) -> None:
    """The server says whether this browser has the lease. One that got it back registers."""
    link = step.link
    if link.is_revoked or link.state in (LinkState.IDLE, LinkState.LEAVING):
        return
    if link.lease is Lease.LOST and not message.taking:
        return
    if message.held:
        waited = _awaits_lease(step) or _is_in_use(step)
        step.change_link(lease=Lease.HELD)
        if waited:
            step.change_link(refusal="", wanted=True)
            open_transport(step)
    elif link.lease in (Lease.HELD, Lease.NONE):
        _lose(step)
    elif _awaits_lease(step):
        open_transport(step)  # which says that it may not


def failed(step: Step, message: LeaseFailed) -> None:
    """The server is away, or the ticket is too old. Neither says that somebody else is there."""
    if step.link.is_revoked:
        return None
    expired = message.status in _TICKET_EXPIRED
    if message.taking:
        if expired:
            return fetch_config(step, LinkEvent.TICKET_EXPIRED)
        return step.problem("server_unreachable", status=message.status)
    if _awaits_lease(step):
        step.change_link(lease=Lease.NONE)
        return open_transport(step)
    if expired:
        step.stop_timers(Timer(TimerKind.LEASE_RENEWAL))
    return None


def take_over(step: Step, _message: TakeOverRequested) -> None:
    """The agent wants the phone here and not in the other browser."""
    config = step.link.config
    if _is_in_use(step) and config is not None:
        step.emit(HoldLease(config.lease_ticket, take_over=True))


def page_left(step: Step, message: PageLeft) -> None:
    """The page goes away; the next one may come at once. Gives the lease up, now or in RELOAD_GRACE."""
    config = step.link.config
    if (
        config is not None
        and step.link.lease is Lease.HELD
        and step.link.ownership in (Ownership.ALONE, Ownership.OWNER)
    ):
        step.emit(HoldLease(config.lease_ticket, seconds=RELOAD_GRACE if message.is_known_again else 0))


def _is_in_use(step: Step) -> bool:
    """Whether the phone is refused because another browser has the lease."""
    return step.link.state is LinkState.REFUSED and step.link.refusal == IN_USE


def _awaits_lease(step: Step) -> bool:
    """Whether the phone connects or is refused, as the answer says."""
    return step.link.state is LinkState.CONFIGURING and step.link.lease is Lease.WAITING


def unregister(step: Step) -> None:
    """So that nothing rings here. Answered calls go on, and the WebSocket stays up for them."""
    if step.link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.REMOTE)
        step.emit(Unregister())
        step.start_timer(Timer(TimerKind.UNREGISTERING), UNREGISTER_WITHIN)


def _lose(step: Step) -> None:
    unregister(step)
    step.change_link(lease=Lease.LOST)
    step.stop_timers(Timer(TimerKind.LEASE_RENEWAL))
    refuse(step, LinkEvent.LEASE_MISSING, IN_USE)


def unregistered(step: Step, _message: Unregistered) -> None:
    """The registrar answered what `_lose` had sent."""
    step.stop_timers(Timer(TimerKind.UNREGISTERING))


def unregistering_took_too_long(_step: Step, _late: float) -> None:
    """Nothing here: `close_useless_transport` runs after every step and finds the timer gone."""


def close_useless_transport(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: a phone that is in use elsewhere, or whose access was revoked, closes a WebSocket
    that no call needs."""
    revoked = step.link.is_revoked and step.link.state is LinkState.REFUSED
    idle = not step.runs(TimerKind.UNREGISTERING) and not step.phone.live_calls
    if (revoked or _is_in_use(step)) and idle and step.link.transport is Transport.UP:
        step.emit(CloseTransport())
