"""Ownership: of all tabs of one browser that share an extension, one owns the phone: it registers.

    ALONE      no other tab can be seen from here: this one registers, as if it were the only one
    NOT_ASKED --the configuration is there--> ASKED --OwnershipGranted--> OWNER
        ^                                                                   |
        +------------------- its token is no good, or the page was frozen --+

While it is ASKED and another tab is the owner, the link is in STANDBY and this tab shows what the owner does
(`tabs/`). When the owner dies, the next tab becomes it. What becomes of its calls is in `resume/handover.py`.
Each of these moves is written once (`advance.py` asks), so they need no table of their own.
"""

from __future__ import annotations

from embed_app.core.link.advance import open_transport
from embed_app.core.link.effects import CloseTransport, HoldLease, ReleaseOwnership
from embed_app.core.link.machine import LinkEvent, may, move
from embed_app.core.link.messages import OwnershipGranted, PageFrozen
from embed_app.core.link.values import Lease, LinkState, Ownership, Transport, UnregisterReason
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

_HAS_WEBSOCKET = (LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED)
_TOKEN_REFUSED = frozenset(
    {"token_missing", "token_malformed", "token_expired", "token_rejected", "token_foreign"}
)
"""Refusals of this tab's token: another tab may have a better one."""


def granted(step: Step, message: OwnershipGranted) -> None:
    """This tab is the owner from now on. What comes unasked changes nothing."""
    if step.link.ownership is not Ownership.ASKED:
        return
    step.change_link(ownership=Ownership.OWNER)
    if message.left is not None:
        _take_over(step, message.left)
    if step.link.state is LinkState.STANDBY:
        open_transport(step)


def _take_over(step: Step, left: Phone) -> None:
    """`left`: the phone as the owner that is gone has left it."""
    if not left.link.wanted:  # somebody had switched the phone off, in whichever tab
        move(step, LinkEvent.SWITCHED_OFF, wanted=False, unregistered=left.link.unregistered)
        return
    config = step.link.config
    step.change_link(lease=left.link.lease)
    if left.link.lease is Lease.HELD and config is not None and config.lease_ticket:
        step.emit(HoldLease(config.lease_ticket))  # the page that went has shortened it
    if left.link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)


def _release(step: Step) -> None:
    step.change_link(ownership=Ownership.NOT_ASKED)
    step.emit(ReleaseOwnership())


def page_frozen(step: Step, _message: PageFrozen) -> None:
    """Give up WebSocket, lease and ownership: a page in the cache would keep them from other tabs."""
    link = step.link
    if step.phone.live_calls or not may(link, LinkEvent.PAGE_FROZEN):
        return
    step.stop_timers(Timer(TimerKind.RECONNECT))
    if link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    move(step, LinkEvent.PAGE_FROZEN, lease=Lease.NONE)
    if link.ownership in (Ownership.ASKED, Ownership.OWNER):
        _release(step)
    if link.state in _HAS_WEBSOCKET:
        step.emit(CloseTransport())


def release_useless(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: a tab whose token was refused leaves the phone to another, unless it has calls."""
    link = step.link
    if link.ownership not in (Ownership.ASKED, Ownership.OWNER) or step.phone.live_calls:
        return
    if step.runs(TimerKind.UNREGISTERING):
        return  # the registrar asks for a password before it forgets the binding
    if link.state is LinkState.REFUSED and link.refusal in _TOKEN_REFUSED:
        _release(step)
        if link.transport is Transport.UP:
            step.emit(CloseTransport())
