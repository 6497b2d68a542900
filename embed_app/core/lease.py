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

from embed_app.core import effects as do
from embed_app.core import registration
from embed_app.core.line_messages import LeaseAnswered, LeaseFailed, PageLeft
from embed_app.core.model import LinkState, SipConfig, Transport, UnregisterReason
from embed_app.core.places import IN_USE, Lease, Line
from embed_app.core.registration import RENEW_LEASE_EVERY
from embed_app.core.turn import Turn

RELOAD_GRACE = 10
"""Seconds a page that goes away keeps its lease: it may only be reloading."""
_NO_TICKET = (401, 404)


def received(turn: Turn, config: SipConfig) -> None:
    """What sip-config said about it."""
    if config.lease_held:
        turn.change_link(lease=Lease.HELD)
    elif config.lease_held is None:
        turn.change_link(lease=Lease.NONE)
    elif turn.link.lease is Lease.NONE:
        turn.change_link(lease=Lease.WAITING)
    elif turn.link.lease is Lease.HELD:
        _lose(turn)


def renew(turn: Turn) -> None:
    """The timer fired."""
    link = turn.link
    ticket = link.config.lease_ticket if link.config else ""
    registering = link.line in (Line.ALONE, Line.OURS)
    useless = link.state is LinkState.REFUSED and link.refusal != IN_USE
    if not ticket or not registering or useless or link.lease is Lease.LOST:
        return
    turn.emit(do.HoldLease(ticket, renew=link.lease is Lease.HELD))
    turn.start_timer("lease", RENEW_LEASE_EVERY)


def answered(turn: Turn, message: LeaseAnswered) -> None:
    link = turn.link
    if link.state in (LinkState.IDLE, LinkState.LEAVING) or (link.lease is Lease.LOST and not message.taking):
        return
    if message.held:
        waited = _claims(turn) or _is_refused(turn)
        turn.change_link(lease=Lease.HELD)
        if waited:
            turn.change_link(refusal="", wanted=True)
            registration.open_line(turn)
    elif link.lease in (Lease.HELD, Lease.NONE):
        _lose(turn)
    elif _claims(turn):
        registration.open_line(turn)  # which says that it may not


def failed(turn: Turn, message: LeaseFailed) -> None:
    """The server is away, or the ticket is too old. Neither says that somebody else is there."""
    ticket_is_bad = message.status in _NO_TICKET
    if message.taking:
        if ticket_is_bad:
            return registration.fetch_config(turn)
        return turn.problem("server_unreachable", status=message.status)
    if _claims(turn):
        turn.change_link(lease=Lease.NONE)
        return registration.open_line(turn)
    if ticket_is_bad:
        turn.stop_timers("lease")
    return None


def take_over(turn: Turn) -> None:
    """A person wants the phone here and nowhere else."""
    config = turn.link.config
    if _is_refused(turn) and config is not None:
        turn.emit(do.HoldLease(config.lease_ticket, take_over=True))


def page_left(turn: Turn, message: PageLeft) -> None:
    """The page goes, perhaps only to come back."""
    config = turn.link.config
    if config is not None and turn.link.lease is Lease.HELD and turn.link.line in (Line.ALONE, Line.OURS):
        turn.emit(do.HoldLease(config.lease_ticket, seconds=RELOAD_GRACE if message.is_known_again else 0))


def _is_refused(turn: Turn) -> bool:
    return turn.link.state is LinkState.REFUSED and turn.link.refusal == IN_USE


def _claims(turn: Turn) -> bool:
    """Whether the answer decides if we connect."""
    return turn.link.state is LinkState.CONFIGURING and turn.link.lease is Lease.WAITING


def _lose(turn: Turn) -> None:
    """Become quiet: nothing new rings here. Calls that are up go on, and their line with them."""
    if turn.link.state is LinkState.REGISTERED:
        turn.change_link(unregistered=UnregisterReason.REMOTE)
        turn.emit(do.Unregister())
        turn.start_timer("quiet", registration.LEAVE_TIMEOUT)
    turn.change_link(lease=Lease.LOST)
    turn.stop_timers("lease")
    registration.refuse(turn, IN_USE)


def unregistered(turn: Turn) -> None:
    turn.stop_timers("quiet")


def settle(turn: Turn) -> None:
    """After every step: a phone that is in use elsewhere keeps no line that no call needs."""
    idle = "quiet" not in turn.phone.timers and not turn.phone.live_calls
    if _is_refused(turn) and idle and turn.link.transport is Transport.UP:
        turn.emit(do.CloseTransport())
