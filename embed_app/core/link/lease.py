"""The lease: of all browsers and CRM sites where an extension's phone is open, one may register it.

They cannot see each other; the server says who may (contract section 2, `lease`).

    NONE --sip-config: held--> HELD --a renewal is refused--> LOST
      |                         ^                              |
      |                         | free again                   | a person takes it over, or the parent
      +--sip-config: not held-> WAITING  <---------------------+ connects and it is free

A frame that lost the lease to a person at another place never takes it back by itself: two frames that did
would take it from each other for ever. One that never had it takes it when it is free.
Nothing of this touches a running call, and a server that does not answer changes nothing.
"""

from __future__ import annotations

from embed_app.core.link import registration
from embed_app.core.link.effects import CloseTransport, HoldLease, Unregister
from embed_app.core.link.messages import LeaseAnswered, LeaseFailed, PageLeft, TakeOverRequested, Unregistered
from embed_app.core.link.registration import RENEW_LEASE_EVERY
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
_NO_TICKET = (401, 404)


def received(step: Step, config: SipConfig) -> None:
    """What sip-config said about it."""
    if config.lease_held:
        step.change_link(lease=Lease.HELD)
    elif config.lease_held is None:
        step.change_link(lease=Lease.NONE)
    elif step.link.lease is Lease.NONE:
        step.change_link(lease=Lease.WAITING)
    elif step.link.lease is Lease.HELD:
        _lose(step)


def renew(step: Step, _late: float) -> None:
    """The timer fired."""
    link = step.link
    ticket = link.config.lease_ticket if link.config else ""
    registering = link.ownership in (Ownership.ALONE, Ownership.OWNER)
    useless = link.state is LinkState.REFUSED and link.refusal != IN_USE
    if not ticket or not registering or useless or link.lease is Lease.LOST:
        return
    step.emit(HoldLease(ticket, renew=link.lease is Lease.HELD))
    step.start_timer(Timer(TimerKind.LEASE_RENEWAL), RENEW_LEASE_EVERY)


def answered(step: Step, message: LeaseAnswered) -> None:
    link = step.link
    if link.state in (LinkState.IDLE, LinkState.LEAVING) or (link.lease is Lease.LOST and not message.taking):
        return
    if message.held:
        waited = _claims(step) or _is_refused(step)
        step.change_link(lease=Lease.HELD)
        if waited:
            step.change_link(refusal="", wanted=True)
            registration.open_line(step)
    elif link.lease in (Lease.HELD, Lease.NONE):
        _lose(step)
    elif _claims(step):
        registration.open_line(step)  # which says that it may not


def failed(step: Step, message: LeaseFailed) -> None:
    """The server is away, or the ticket is too old. Neither says that somebody else is there."""
    ticket_is_bad = message.status in _NO_TICKET
    if message.taking:
        if ticket_is_bad:
            return registration.fetch_config(step)
        return step.problem("server_unreachable", status=message.status)
    if _claims(step):
        step.change_link(lease=Lease.NONE)
        return registration.open_line(step)
    if ticket_is_bad:
        step.stop_timers(Timer(TimerKind.LEASE_RENEWAL))
    return None


def take_over(step: Step, _message: TakeOverRequested) -> None:
    """A person wants the phone here and nowhere else."""
    config = step.link.config
    if _is_refused(step) and config is not None:
        step.emit(HoldLease(config.lease_ticket, take_over=True))


def page_left(step: Step, message: PageLeft) -> None:
    """The page goes, perhaps only to come back."""
    config = step.link.config
    if (
        config is not None
        and step.link.lease is Lease.HELD
        and step.link.ownership in (Ownership.ALONE, Ownership.OWNER)
    ):
        step.emit(HoldLease(config.lease_ticket, seconds=RELOAD_GRACE if message.is_known_again else 0))


def _is_refused(step: Step) -> bool:
    return step.link.state is LinkState.REFUSED and step.link.refusal == IN_USE


def _claims(step: Step) -> bool:
    """Whether the answer decides if we connect."""
    return step.link.state is LinkState.CONFIGURING and step.link.lease is Lease.WAITING


def _lose(step: Step) -> None:
    """Become quiet: nothing new rings here. Calls that are up go on, and their line with them."""
    if step.link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.REMOTE)
        step.emit(Unregister())
        step.start_timer(Timer(TimerKind.UNREGISTERING), registration.LEAVE_TIMEOUT)
    step.change_link(lease=Lease.LOST)
    step.stop_timers(Timer(TimerKind.LEASE_RENEWAL))
    registration.refuse(step, IN_USE)


def unregistered(step: Step, _message: Unregistered) -> None:
    step.stop_timers(Timer(TimerKind.UNREGISTERING))


def unregistering_took_too_long(_step: Step, _late: float) -> None:
    """`close_useless_transport` acts in this very step."""


def close_useless_transport(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: a phone that is in use elsewhere keeps no WebSocket that no call needs."""
    idle = not step.runs(TimerKind.UNREGISTERING) and not step.phone.live_calls
    if _is_refused(step) and idle and step.link.transport is Transport.UP:
        step.emit(CloseTransport())
