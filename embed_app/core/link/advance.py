"""The next thing that is missing on the way to REGISTERED: configuration, ownership, lease, WebSocket.

Each function moves the link by one event of the table in `machine.py` and asks for what is missing. What
answers is handled in `tokens.py`, `ownership.py`, `lease.py` and `registering.py`.
"""

from __future__ import annotations

from embed_app.core.link import credentials
from embed_app.core.link.effects import FetchConfig, HoldLease, OpenTransport, Register, RequestOwnership
from embed_app.core.link.machine import LinkEvent, move
from embed_app.core.link.values import IN_USE, Lease, Link, LinkState, Ownership, SipConfig, Transport
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

RENEW_LEASE_EVERY = 5.0
"""Seconds between two renewals of the lease. The server keeps it longer than several of them."""

CHECK_ACCESS_EVERY = 30.0
"""Seconds between two questions whether the access still counts, where there is no lease that tells."""


def open_transport(step: Step, *, to_the_end: bool = False) -> None:
    """Open the WebSocket, or send REGISTER where it is up; first ask for what must be there before that.

    Credentials that are about to expire are fetched anew first. `to_the_end`: they are used as long as they
    are valid, because no others can be had. Those that were revoked are not used at all.
    """
    config = step.link.config
    if (
        config is None
        or step.link.is_revoked
        or credentials.ran_out(step, 0.0 if to_the_end else credentials.NEARLY_OUT)
    ):
        return fetch_config(step)
    if step.link.ownership in (Ownership.NOT_ASKED, Ownership.ASKED):
        return _ask_for_ownership(step, config)
    if config.lease_ticket and step.link.lease is not Lease.LOST:
        step.start_timer(Timer(TimerKind.LEASE_RENEWAL), RENEW_LEASE_EVERY)
    if config.history_ticket and not config.lease_ticket:
        step.start_timer(Timer(TimerKind.ACCESS_CHECK), CHECK_ACCESS_EVERY)
    if step.link.lease in (Lease.WAITING, Lease.LOST):
        return refuse(step, LinkEvent.LEASE_MISSING, IN_USE)
    if step.link.transport is Transport.UP:
        return register(step, LinkEvent.REGISTER_NEEDED)
    if move(step, LinkEvent.TRANSPORT_NEEDED):
        step.emit(OpenTransport(_url(step.link, config)))
    return None


def _url(link: Link, config: SipConfig) -> str:
    """Of the addresses that can be used, the one whose turn it is."""
    usable = [url for url in config.wss_urls if url not in link.unusable_urls] or config.wss_urls
    return usable[link.wss_index % len(usable)]


def forget_url(step: Step) -> bool:
    """The address that was to be opened cannot be used. Whether there is another one."""
    config = step.link.config
    if config is None or step.link.state is not LinkState.CONNECTING:
        return False
    step.change_link(unusable_urls=step.link.unusable_urls | {_url(step.link, config)})
    return not step.link.unusable_urls.issuperset(config.wss_urls)


def fetch_config(step: Step, event: LinkEvent = LinkEvent.CONFIG_NEEDED) -> None:
    """Ask the server for the SIP configuration; without a token the phone is refused."""
    token = step.link.token
    if token is None:
        return refuse(step, LinkEvent.TOKEN_MISSING, "token_missing")
    if move(step, event):
        step.stop_timers(Timer(TimerKind.RECONNECT))
        step.emit(FetchConfig(token.raw))
    return None


def claim_lease(step: Step, config: SipConfig) -> None:
    """Ask whether this browser may register before it does (`lease.py`). Never takes it from another one."""
    if move(step, LinkEvent.LEASE_NEEDED, lease=Lease.WAITING, refusal="", attempt=0):
        step.emit(HoldLease(config.lease_ticket))


def _ask_for_ownership(step: Step, config: SipConfig) -> None:
    """Ready to register, as soon as this tab is the owner."""
    token, asked = step.link.token, step.link.ownership is Ownership.ASKED
    if move(step, LinkEvent.OWNERSHIP_NEEDED, ownership=Ownership.ASKED) and not asked and token is not None:
        step.emit(RequestOwnership(f"zorio-phone:{token.customer}:{config.extension}"))


def register(step: Step, event: LinkEvent) -> None:
    """Send REGISTER over the WebSocket that is up (RFC 3261 section 10.2)."""
    if move(step, event):
        step.emit(Register())


def refuse(step: Step, event: LinkEvent, code: str, **detail: str) -> None:
    """Nothing more can be done without the parent, the agent or the operator.

    `code`, `detail`: of the `error`.
    """
    if move(step, event, refusal=code):
        step.stop_timers(Timer(TimerKind.RECONNECT))
        step.problem(code, **detail)
