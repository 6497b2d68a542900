"""Ownership: of all tabs of one browser that share an extension, one owns the phone: it registers.

    ALONE      no other tab can be seen from here: this one registers, as if it were the only one
    NOT_ASKED --the configuration is there--> ASKED --OwnershipGranted--> OWNER
        ^                                                                   |
        +------------------- its token is no good, or the page was frozen --+

While it is ASKED and another tab is the owner, the link is in STANDBY and this tab shows what the owner does
(`tabs/`). When the owner dies, the next tab becomes it. What becomes of its calls is in `resume/handover.py`.
"""

from __future__ import annotations

from embed_app.core.link import registration
from embed_app.core.link.effects import CloseTransport, HoldLease, ReleaseOwnership
from embed_app.core.link.messages import OwnershipGranted, PageFrozen
from embed_app.core.link.values import Lease, LinkState, Ownership, Transport, UnregisterReason
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

_ON_WIRE = (LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED)
_TOKEN_REFUSED = frozenset(
    {"token_missing", "token_malformed", "token_expired", "token_rejected", "token_foreign"}
)
"""Only this tab cannot go on: another one may have a better token."""


def granted(step: Step, message: OwnershipGranted) -> None:
    if step.link.ownership is not Ownership.ASKED:
        return
    step.change_link(ownership=Ownership.OWNER)
    if message.left is not None:
        _take_over(step, message.left)
    if step.link.state is LinkState.STANDBY:
        registration.open_line(step)


def _take_over(step: Step, left: Phone) -> None:
    """`left`: the phone as the owner that is gone has left it."""
    if not left.link.wanted:  # somebody had switched the phone off, in whichever tab
        step.change_link(state=LinkState.IDLE, wanted=False, unregistered=left.link.unregistered)
        return
    config = step.link.config
    step.change_link(lease=left.link.lease)
    if left.link.lease is Lease.HELD and config is not None and config.lease_ticket:
        step.emit(HoldLease(config.lease_ticket))  # the page that went has shortened it
    if left.link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)


def page_frozen(step: Step, _message: PageFrozen) -> None:
    """The page may come back as it is, so it must not stand in the way of others meanwhile."""
    link = step.link
    if step.phone.live_calls or link.state not in (*_ON_WIRE, LinkState.STANDBY, LinkState.WAITING):
        return
    step.stop_timers(Timer(TimerKind.RECONNECT))
    if link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    step.change_link(state=LinkState.WAITING, lease=Lease.NONE)
    if link.ownership in (Ownership.ASKED, Ownership.OWNER):
        step.change_link(ownership=Ownership.NOT_ASKED)
        step.emit(ReleaseOwnership())
    if link.state in _ON_WIRE:
        step.emit(CloseTransport())


def release_useless(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: nobody keeps what only another tab could use."""
    link = step.link
    if link.ownership not in (Ownership.ASKED, Ownership.OWNER) or step.phone.live_calls:
        return
    if link.state is LinkState.REFUSED and link.refusal in _TOKEN_REFUSED:
        step.change_link(ownership=Ownership.NOT_ASKED)
        step.emit(ReleaseOwnership())
        if link.transport is Transport.UP:
            step.emit(CloseTransport())
