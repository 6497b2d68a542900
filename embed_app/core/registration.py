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
browser share the extension, STANDBY comes between CONFIGURING and CONNECTING (see `line.py`).
"""

from __future__ import annotations

from typing import Any

from embed_app.core import effects as do
from embed_app.core import keep_alive, media
from embed_app.core import messages as msg
from embed_app.core.call import end_call, hang_up, next_state, release_line
from embed_app.core.embed_token import TokenError, read_token
from embed_app.core.model import (
    CallState,
    LinkState,
    ReconnectScheduled,
    SipConfig,
    Transport,
    UnregisterReason,
)
from embed_app.core.places import IN_USE, Lease, Line
from embed_app.core.reconnect import delay
from embed_app.core.release_cause import Reason
from embed_app.core.turn import Turn

LEAVE_TIMEOUT = 2.0
RENEW_LEASE_EVERY = 5.0
TOKEN_AHEAD = 120.0  # Chromium may hold back the timers of a hidden page by a minute
CREDENTIALS_MARGIN = 60.0
CREDENTIALS_NEARLY_OUT = 30.0
"""Seconds: a REGISTER that begins so near the end of its credentials would be refused half-way."""
SHORTEST_CREDENTIALS = 10.0
"""Seconds: however soon the server says credentials end, they are not renewed more often than this."""
_STAY = ("ended", "leave", "replaced", "trial")
"""Timers that a disconnect does not stop: they have nothing to do with the line, or limit the disconnect."""
_AUTH_REFUSED = (401, 403, 404, 407)


def started(turn: Turn, message: msg.Started) -> None:
    turn.change(started=True)
    turn.change_link(wanted=turn.phone.settings.auto_register)
    if message.token is None:
        return refuse(turn, "token_missing")
    try:
        turn.change_link(token=read_token(message.token))
    except TokenError:
        return refuse(turn, "token_malformed")
    if turn.phone.settings.auto_register:
        fetch_config(turn)
    return None


def connect(turn: Turn) -> None:
    """`connect`. On a phone that is on its way or there already: only the wait is cut short."""
    told = None
    if turn.link.state is LinkState.LEAVING:
        leave(turn)
        told = turn.link.unregistered  # in this very step: not to be taken back before it is announced
    state = turn.link.state
    turn.change_link(wanted=True)
    if state is LinkState.WAITING:
        retry(turn)
    elif state is LinkState.REFUSED and turn.link.refusal == IN_USE and turn.link.config is not None:
        _claim(turn, turn.link.config)  # never by force: two parents that do this would never end
    elif state in (LinkState.IDLE, LinkState.REFUSED):
        if turn.link.token is None:
            return refuse(turn, turn.link.refusal or "token_missing")
        turn.change_link(unregistered=told, attempt=0, refusal="", told=())
        if state is LinkState.IDLE and turn.link.transport is Transport.DOWN and _config_is_good(turn):
            start_config_timers(turn)
            if turn.link.config is not None and turn.link.config.lease_ticket:
                _claim(turn, turn.link.config)
            else:
                open_line(turn)
        else:
            fetch_config(turn)
    return None


def _claim(turn: Turn, config: SipConfig) -> None:
    """Ask whether we may register before we do (`lease.py`)."""
    turn.change_link(state=LinkState.CONFIGURING, lease=Lease.WAITING, refusal="", attempt=0)
    turn.emit(do.HoldLease(config.lease_ticket))


def _config_is_good(turn: Turn) -> bool:
    """An embed token may fetch its configuration a few times only: what is good is used again."""
    link = turn.link
    if link.config is None or link.token is None or link.config_token != link.token.raw:
        return False
    return not credentials_ran_out(turn, CREDENTIALS_NEARLY_OUT)


def disconnect(turn: Turn) -> None:
    """`disconnect`: end the calls, unregister, close, cancel every timer (contract section 3)."""
    for call in turn.phone.live_calls:
        hang_up(turn, call)
    keep_alive.stop(turn)
    # "leave" runs when this is the second wish: without it a silent PBX would keep the phone for ever.
    turn.stop_timers(*(name for name in turn.phone.timers if name not in _STAY))
    if turn.link.state is LinkState.REGISTERED:
        turn.change_link(state=LinkState.LEAVING)
        turn.emit(do.Unregister())
        turn.start_timer("leave", LEAVE_TIMEOUT)
    elif turn.link.state is not LinkState.LEAVING:
        leave(turn)


def leave(turn: Turn) -> None:
    turn.stop_timers("leave")
    keep_alive.stop(turn)
    if turn.link.lease is Lease.HELD and turn.link.config is not None:
        turn.emit(do.HoldLease(turn.link.config.lease_ticket, seconds=0))
    turn.change_link(
        state=LinkState.IDLE,
        lease=Lease.NONE,
        unregistered=UnregisterReason.MANUAL,
        attempt=0,
        refusal="",
        wanted=False,
    )
    turn.change(banner="")
    turn.emit(do.CloseTransport())


def refuse(turn: Turn, code: str) -> None:
    """Nothing more can be done without the parent, the agent or the operator: say what to do."""
    turn.stop_timers("reconnect")
    turn.change_link(state=LinkState.REFUSED, refusal=code)
    turn.problem(code)
    for call in turn.phone.live_calls:
        if call.state is CallState.QUEUED:
            end_call(turn, call, Reason.UNAVAILABLE)


def fetch_config(turn: Turn) -> None:
    token = turn.link.token
    if token is None:
        return refuse(turn, "token_missing")
    turn.stop_timers("reconnect")
    turn.change_link(state=LinkState.CONFIGURING)
    return turn.emit(do.FetchConfig(token.raw))


def start_config_timers(turn: Turn) -> None:
    """For what is left of the configuration's token and credentials."""
    config = turn.link.config
    if config is None:
        return
    passed = turn.at - turn.link.config_at
    # A quarter of its time for a short one: a parent that refreshes at once must not go round and round.
    warn_at = max(config.token_expires_in / 4, config.token_expires_in - TOKEN_AHEAD)
    turn.start_timer("token", max(0.0, warn_at - passed))
    if config.credentials_expire_in is not None:
        left = config.credentials_expire_in
        renew_at = max(SHORTEST_CREDENTIALS, left / 2, left - CREDENTIALS_MARGIN)
        turn.start_timer("credentials", max(0.0, renew_at - passed))


def credentials_ran_out(turn: Turn, margin: float = 0.0) -> bool:
    """`margin`: seconds before their end from which on they count as run out already."""
    config = turn.link.config
    if config is None or config.credentials_expire_in is None:
        return False
    # A fresh answer is used whatever it says: asking again at once would be a loop.
    return turn.at - turn.link.config_at >= max(SHORTEST_CREDENTIALS, config.credentials_expire_in - margin)


def open_line(turn: Turn, *, to_the_end: bool = False) -> None:
    """Open the WebSocket, or go straight to REGISTER where it is up.

    Credentials near their end are fetched anew first, unless `to_the_end`: there are no others.
    """
    config = turn.link.config
    if config is None or credentials_ran_out(turn, 0.0 if to_the_end else CREDENTIALS_NEARLY_OUT):
        return fetch_config(turn)
    if turn.link.line in (Line.NONE, Line.ASKED):
        return _stand_by(turn, config)
    if config.lease_ticket and turn.link.lease is not Lease.LOST:
        turn.start_timer("lease", RENEW_LEASE_EVERY)
    if turn.link.lease in (Lease.WAITING, Lease.LOST):
        return refuse(turn, IN_USE)
    if turn.link.transport is Transport.UP:
        return register(turn)
    turn.change_link(state=LinkState.CONNECTING)
    return turn.emit(do.OpenTransport(config.wss_urls[turn.link.wss_index % len(config.wss_urls)]))


def _stand_by(turn: Turn, config: SipConfig) -> None:
    """Ready to register, as soon as the line is ours."""
    token, asked = turn.link.token, turn.link.line is Line.ASKED
    turn.change_link(state=LinkState.STANDBY, line=Line.ASKED)
    if not asked and token is not None:
        turn.emit(do.AskForLine(f"zorio-phone:{token.customer}:{config.extension}"))


def register(turn: Turn) -> None:
    turn.change_link(state=LinkState.REGISTERING)
    turn.emit(do.Register())


def transport_up(turn: Turn) -> None:
    turn.change_link(transport=Transport.UP, down_reason="")
    if turn.link.state is not LinkState.IDLE:
        keep_alive.start(turn)
    if turn.link.state is LinkState.CONNECTING:
        register(turn)
    elif turn.link.state is LinkState.IDLE:
        turn.emit(do.CloseTransport())  # it came up after the agent had asked to disconnect


def transport_down(turn: Turn, message: msg.TransportDown) -> None:
    state, was_up = turn.link.state, turn.link.transport is Transport.UP
    keep_alive.stop(turn)
    turn.change_link(transport=Transport.DOWN, down_reason=message.reason)
    for call in turn.phone.live_calls:
        if next_state(call, message) is not None:
            # Nothing can be sent, but the user agent must let go: a late 200 on the next socket would
            # make a call nobody knows of.
            release_line(turn, call)
            end_call(turn, call, Reason.SIGNALING_LOST)
    if state is LinkState.REGISTERED:
        turn.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    if state is LinkState.LEAVING:
        leave(turn)
    elif state in (LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED):
        if not was_up or state is LinkState.REGISTERING:
            turn.change_link(wss_index=turn.link.wss_index + 1)
        if was_up:
            wait(turn, "")
        else:
            wait(turn, "network_unreachable", reason=message.reason)


def wait(turn: Turn, code: str, **detail: Any) -> None:
    """Schedule the next attempt. Of a row of failures each kind is told once, the others only counted."""
    attempt = turn.link.attempt + 1
    seconds = delay(attempt, turn.chance)
    turn.change_link(state=LinkState.WAITING, attempt=attempt)
    if code and code not in turn.link.told:
        turn.change_link(told=(*turn.link.told, code))
        turn.problem(code, **detail)
    turn.notice(ReconnectScheduled(attempt=attempt, delay_ms=round(seconds * 1000)))
    turn.start_timer("reconnect", seconds)


def retry(turn: Turn) -> None:
    """The wait is over, or cut short by `online` or `connect`."""
    turn.stop_timers("reconnect")
    if turn.link.state is LinkState.WAITING:
        open_line(turn)


def register_accepted(turn: Turn) -> None:
    if turn.link.state in (LinkState.REGISTERING, LinkState.REGISTERED):
        turn.change_link(state=LinkState.REGISTERED, attempt=0, unregistered=None, refusal="", told=())
        media.line_is_back(turn)


def register_failed(turn: Turn, message: msg.RegisterFailed) -> None:
    state = turn.link.state
    if state is LinkState.LEAVING:
        return leave(turn)
    if state not in (LinkState.REGISTERING, LinkState.REGISTERED):
        return None
    if message.status in _AUTH_REFUSED:
        turn.change_link(unregistered=UnregisterReason.REMOTE)
        if credentials_ran_out(turn, CREDENTIALS_NEARLY_OUT):
            return fetch_config(turn)
        return refuse(turn, "registration_refused")
    if state is LinkState.REGISTERED:
        turn.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    return wait(turn, "registration_failed")
