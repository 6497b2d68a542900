"""The server has ended what this phone was given: a logout, another role, a user who was removed.

The server says so to whatever is asked with the embed token or a ticket: the renewal of the lease every
5 seconds, or `CheckAccess` every 30 where the account has no lease. A running call is not touched. Meanwhile
no other one begins, in either direction and by no transfer. After it the phone unregisters and says why.
Only a configuration that came by another token ends it.
"""

from __future__ import annotations

from embed_app.core.link import lease
from embed_app.core.link.advance import CHECK_ACCESS_EVERY, fetch_config, refuse
from embed_app.core.link.effects import CheckAccess
from embed_app.core.link.machine import LinkEvent, may
from embed_app.core.link.messages import AccessRevoked
from embed_app.core.link.values import IN_USE, Lease, LinkState, Ownership
from embed_app.core.message import Message
from embed_app.core.notices import TokenExpiring
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

_REFUSAL = "token_rejected"


def check(step: Step, _late: float) -> None:
    """Ask whether the ticket still counts. The timer ACCESS_CHECK fired."""
    link = step.link
    if link.config is None or link.state is not LinkState.REGISTERED or link.ownership is Ownership.ASKED:
        return
    if not link.is_revoked:
        step.emit(CheckAccess(link.config.history_ticket))
    step.start_timer(Timer(TimerKind.ACCESS_CHECK), CHECK_ACCESS_EVERY)


def revoked(step: Step, message: AccessRevoked) -> None:
    """What is said of a token or ticket that this phone no longer uses means nothing."""
    link = step.link
    config = link.config
    if config is None or link.is_revoked or not message.credential:
        return
    if message.credential not in (link.config_token, config.lease_ticket, config.history_ticket):
        return
    step.change_link(revoked_token=link.config_token)
    if link.state is LinkState.REGISTERED:
        if step.phone.live_calls:
            step.notice(TokenExpiring(expires_in=0))  # another token in time, and nobody notices
    elif link.state is LinkState.CONFIGURING:
        fetch_config(step)  # with the present token, which may be a newer one
    elif link.state is not LinkState.REFUSED or link.refusal == IN_USE:
        _refuse(step)


def unregister_after_calls(step: Step, before: Phone, _message: Message) -> None:
    """After every step: a revoked phone whose calls are over says so to the registrar and to the parent.

    In a step of its own: the parent hears of the call's end first.
    """
    if not step.link.is_revoked or step.link.state is not LinkState.REGISTERED or step.phone.live_calls:
        return
    if before.live_calls:
        step.start_timer(Timer(TimerKind.ACCESS_CHECK), 0.0)
    else:
        lease.unregister(step)
        _refuse(step)


def _refuse(step: Step) -> None:
    if may(step.link, LinkEvent.ACCESS_REVOKED):
        step.stop_timers(Timer(TimerKind.LEASE_RENEWAL), Timer(TimerKind.ACCESS_CHECK))
        step.change_link(lease=Lease.NONE)
        refuse(step, LinkEvent.ACCESS_REVOKED, _REFUSAL)
