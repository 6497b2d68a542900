"""From a token to a registered phone, and back to it whenever the line drops (RFC 3261 section 10).

    IDLE --connect--> CONFIGURING --config--> CONNECTING --up--> REGISTERING --200--> REGISTERED
     ^                  |    ^                   |                  |    |               |
     |        401, 404, |    | credentials      | down        5xx, |    | 401, 403      | down
     |        bad token |    | ran out          |             down |    |               |
     |                  v    |                  v                  v    v               v
     |               REFUSED +---------------- WAITING <-----------+  REFUSED        WAITING
     |                  |                        | backoff, then CONNECTING (or REGISTERING if still up)
     +--- LEAVING <-----+---- disconnect from everywhere

A running call is never touched by any of this except by a wish to disconnect. Where other frames of the
browser share the extension, STANDBY comes between CONFIGURING and CONNECTING (see `ownership.py`).
"""

from __future__ import annotations

from typing import Any

from embed_app.core.link import credentials, keep_alive
from embed_app.core.link.effects import (
    CloseTransport,
    FetchConfig,
    HoldLease,
    OpenTransport,
    Register,
    RequestOwnership,
    Unregister,
)
from embed_app.core.link.embed_token import TokenError, read_token
from embed_app.core.link.messages import (
    ConnectRequested,
    DisconnectRequested,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TransportDown,
    TransportUp,
    Unregistered,
    WentOffline,
    WentOnline,
)
from embed_app.core.link.reconnect import delay
from embed_app.core.link.values import (
    IN_USE,
    Lease,
    LinkState,
    Ownership,
    SipConfig,
    Transport,
    UnregisterReason,
)
from embed_app.core.notices import ReconnectScheduled
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

LEAVE_TIMEOUT = 2.0
RENEW_LEASE_EVERY = 5.0
_STAY = frozenset({TimerKind.ENDED_SHOWN, TimerKind.LEAVE, TimerKind.TRIAL})
"""Timers that a disconnect does not stop: they have nothing to do with the link, or limit the disconnect."""
_AUTH_REFUSED = (401, 403, 404, 407)


def started(step: Step, message: Started) -> None:
    """The first message of all."""
    step.change(started=True)
    step.change_link(wanted=step.phone.settings.auto_register)
    if message.token is None:
        return refuse(step, "token_missing")
    try:
        step.change_link(token=read_token(message.token))
    except TokenError:
        return refuse(step, "token_malformed")
    if step.phone.settings.auto_register:
        fetch_config(step)
    return None


def connect(step: Step) -> None:
    """`connect`. On a phone that is on its way or there already: only the wait is cut short."""
    told = None
    if step.link.state is LinkState.LEAVING:
        leave(step)
        told = step.link.unregistered  # in this very step: not to be taken back before it is announced
    state = step.link.state
    step.change_link(wanted=True)
    if state is LinkState.WAITING:
        retry(step)
    elif state is LinkState.REFUSED and step.link.refusal == IN_USE and step.link.config is not None:
        _claim(step, step.link.config)  # never by force: two parents that do this would never end
    elif state in (LinkState.IDLE, LinkState.REFUSED):
        if step.link.token is None:
            return refuse(step, step.link.refusal or "token_missing")
        step.change_link(unregistered=told, attempt=0, refusal="", told=())
        if state is LinkState.IDLE and step.link.transport is Transport.DOWN and _config_is_good(step):
            credentials.start_timers(step)
            if step.link.config is not None and step.link.config.lease_ticket:
                _claim(step, step.link.config)
            else:
                open_line(step)
        else:
            fetch_config(step)
    return None


def _claim(step: Step, config: SipConfig) -> None:
    """Ask whether we may register before we do (`lease.py`)."""
    step.change_link(state=LinkState.CONFIGURING, lease=Lease.WAITING, refusal="", attempt=0)
    step.emit(HoldLease(config.lease_ticket))


def _config_is_good(step: Step) -> bool:
    """An embed token may fetch its configuration a few times only: what is good is used again."""
    link = step.link
    if link.config is None or link.token is None or link.config_token != link.token.raw:
        return False
    return not credentials.ran_out(step, credentials.NEARLY_OUT)


def disconnect_requested(step: Step, _message: DisconnectRequested) -> None:
    """Unregister, close, cancel every timer (contract section 3, `disconnect`). The calls have been ended."""
    keep_alive.stop(step)
    # "leave" runs when this is the second wish: without it a silent PBX would keep the phone for ever.
    step.stop_timers(*(timer for timer in step.phone.timers if timer.kind not in _STAY))
    if step.link.state is LinkState.REGISTERED:
        step.change_link(state=LinkState.LEAVING)
        step.emit(Unregister())
        step.start_timer(Timer(TimerKind.LEAVE), LEAVE_TIMEOUT)
    elif step.link.state is not LinkState.LEAVING:
        leave(step)


def leave(step: Step) -> None:
    step.stop_timers(Timer(TimerKind.LEAVE))
    keep_alive.stop(step)
    if step.link.lease is Lease.HELD and step.link.config is not None:
        step.emit(HoldLease(step.link.config.lease_ticket, seconds=0))
    step.change_link(
        state=LinkState.IDLE,
        lease=Lease.NONE,
        unregistered=UnregisterReason.MANUAL,
        attempt=0,
        refusal="",
        wanted=False,
    )
    step.change(banner="")
    step.emit(CloseTransport())


def connect_requested(step: Step, _message: ConnectRequested) -> None:
    connect(step)


def unregistered(step: Step, _message: Unregistered) -> None:
    if step.link.state is LinkState.LEAVING:
        leave(step)


def went_online(step: Step, _message: WentOnline) -> None:
    step.change_link(offline=False)
    retry(step)


def went_offline(step: Step, _message: WentOffline) -> None:
    step.change_link(offline=True)


def refuse(step: Step, code: str) -> None:
    """Nothing more can be done without the parent, the agent or the operator: say what to do."""
    step.stop_timers(Timer(TimerKind.RECONNECT))
    step.change_link(state=LinkState.REFUSED, refusal=code)
    step.problem(code)


def fetch_config(step: Step) -> None:
    token = step.link.token
    if token is None:
        return refuse(step, "token_missing")
    step.stop_timers(Timer(TimerKind.RECONNECT))
    step.change_link(state=LinkState.CONFIGURING)
    return step.emit(FetchConfig(token.raw))


def open_line(step: Step, *, to_the_end: bool = False) -> None:
    """Open the WebSocket, or go straight to REGISTER where it is up.

    Credentials near their end are fetched anew first, unless `to_the_end`: there are no others.
    """
    config = step.link.config
    if config is None or credentials.ran_out(step, 0.0 if to_the_end else credentials.NEARLY_OUT):
        return fetch_config(step)
    if step.link.ownership in (Ownership.NOT_ASKED, Ownership.ASKED):
        return _stand_by(step, config)
    if config.lease_ticket and step.link.lease is not Lease.LOST:
        step.start_timer(Timer(TimerKind.LEASE_RENEWAL), RENEW_LEASE_EVERY)
    if step.link.lease in (Lease.WAITING, Lease.LOST):
        return refuse(step, IN_USE)
    if step.link.transport is Transport.UP:
        return register(step)
    step.change_link(state=LinkState.CONNECTING)
    return step.emit(OpenTransport(config.wss_urls[step.link.wss_index % len(config.wss_urls)]))


def _stand_by(step: Step, config: SipConfig) -> None:
    """Ready to register, as soon as the line is ours."""
    token, asked = step.link.token, step.link.ownership is Ownership.ASKED
    step.change_link(state=LinkState.STANDBY, ownership=Ownership.ASKED)
    if not asked and token is not None:
        step.emit(RequestOwnership(f"zorio-phone:{token.customer}:{config.extension}"))


def register(step: Step) -> None:
    step.change_link(state=LinkState.REGISTERING)
    step.emit(Register())


def transport_up(step: Step, _message: TransportUp) -> None:
    step.change_link(transport=Transport.UP, down_reason="")
    if step.link.state is not LinkState.IDLE:
        keep_alive.start(step)
    if step.link.state is LinkState.CONNECTING:
        register(step)
    elif step.link.state is LinkState.IDLE:
        step.emit(CloseTransport())  # it came up after the agent had asked to disconnect


def transport_down(step: Step, message: TransportDown) -> None:
    state, was_up = step.link.state, step.link.transport is Transport.UP
    keep_alive.stop(step)
    step.change_link(transport=Transport.DOWN, down_reason=message.reason)
    if state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    if state is LinkState.LEAVING:
        leave(step)
    elif state in (LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED):
        if not was_up or state is LinkState.REGISTERING:
            step.change_link(wss_index=step.link.wss_index + 1)
        if was_up:
            wait(step, "")
        else:
            wait(step, "network_unreachable", reason=message.reason)


def wait(step: Step, code: str, **detail: Any) -> None:
    """Schedule the next attempt. Of a row of failures each kind is told once, the others only counted."""
    attempt = step.link.attempt + 1
    seconds = delay(attempt, step.chance)
    step.change_link(state=LinkState.WAITING, attempt=attempt)
    if code and code not in step.link.told:
        step.change_link(told=(*step.link.told, code))
        step.problem(code, **detail)
    step.notice(ReconnectScheduled(attempt=attempt, delay_ms=round(seconds * 1000)))
    step.start_timer(Timer(TimerKind.RECONNECT), seconds)


def retry(step: Step) -> None:
    """The wait is over, or cut short by `online` or `connect`."""
    step.stop_timers(Timer(TimerKind.RECONNECT))
    if step.link.state is LinkState.WAITING:
        open_line(step)


def register_accepted(step: Step, _message: RegisterAccepted) -> None:
    if step.link.state in (LinkState.REGISTERING, LinkState.REGISTERED):
        step.change_link(state=LinkState.REGISTERED, attempt=0, unregistered=None, refusal="", told=())


def register_failed(step: Step, message: RegisterFailed) -> None:
    state = step.link.state
    if state is LinkState.LEAVING:
        return leave(step)
    if state not in (LinkState.REGISTERING, LinkState.REGISTERED):
        return None
    if message.status in _AUTH_REFUSED:
        step.change_link(unregistered=UnregisterReason.REMOTE)
        if credentials.ran_out(step, credentials.NEARLY_OUT):
            return fetch_config(step)
        return refuse(step, "registration_refused")
    if state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    return wait(step, "registration_failed")


# ---- timers


def reconnect_due(step: Step, _late: float) -> None:
    retry(step)


def leave_took_too_long(step: Step, _late: float) -> None:
    leave(step)
