"""From a token to a registered phone, and back to it whenever the line drops (RFC 3261 section 10).

    IDLE --connect--> CONFIGURING --config--> CONNECTING --up--> REGISTERING --200--> REGISTERED
     ^                  |    ^                   |                  |    |               |
     |        401, 404, |    | credentials      | down        5xx, |    | 401, 403      | down
     |        bad token |    | ran out          |             down |    |               |
     |                  v    |                  v                  v    v               v
     |               REFUSED +---------------- WAITING <-----------+  REFUSED        WAITING
     |                  |                        | backoff, then CONNECTING (or REGISTERING if still up)
     +--- LEAVING <-----+---- disconnect from everywhere

A running call is never touched by any of this except by a wish to disconnect.
"""

from __future__ import annotations

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.call import end_call, hang_up, next_state, release_line
from embed_app.core.embed_token import TokenError, read_token
from embed_app.core.model import (
    CallState,
    LinkState,
    ReconnectScheduled,
    SipConfig,
    TokenExpiring,
    Transport,
    UnregisterReason,
)
from embed_app.core.reconnect import delay
from embed_app.core.release_cause import Reason
from embed_app.core.turn import Turn

LEAVE_TIMEOUT = 2.0
TOKEN_AHEAD = 90.0
CREDENTIALS_MARGIN = 60.0
SHORTEST_CREDENTIALS = 10.0
"""Seconds: however soon the server says credentials end, they are not renewed more often than this."""
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


def token_mended(turn: Turn) -> None:
    """A good token came to a phone that could not go on without one."""
    if turn.link.wanted:
        return connect(turn)
    return turn.change_link(state=LinkState.IDLE, refusal="")


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
    elif state in (LinkState.IDLE, LinkState.REFUSED):
        if turn.link.token is None:
            return refuse(turn, turn.link.refusal or "token_missing")
        turn.change_link(unregistered=told, attempt=0, refusal="")
        fetch_config(turn)
    return None


def disconnect(turn: Turn) -> None:
    """`disconnect`: end the calls, unregister, close, cancel every timer (contract section 3)."""
    for call in turn.phone.live_calls:
        hang_up(turn, call)
    # "leave" runs when this is the second wish: without it a silent PBX would keep the phone for ever.
    turn.stop_timers(*(name for name in turn.phone.timers if name not in ("ended", "leave")))
    if turn.link.state is LinkState.REGISTERED:
        turn.change_link(state=LinkState.LEAVING)
        turn.emit(do.Unregister())
        turn.start_timer("leave", LEAVE_TIMEOUT)
    elif turn.link.state is not LinkState.LEAVING:
        leave(turn)


def leave(turn: Turn) -> None:
    turn.stop_timers("leave")
    turn.change_link(
        state=LinkState.IDLE, unregistered=UnregisterReason.MANUAL, attempt=0, refusal="", wanted=False
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


def token_offered(turn: Turn, message: msg.TokenOffered) -> None:
    """A bad token never costs the good one we have."""
    old = turn.link.token
    try:
        new = read_token(message.token)
    except TokenError:
        return turn.problem("token_malformed", field="token")
    if turn.link.config and old and (new.extension, new.customer) != (old.extension, old.customer):
        return turn.problem("token_mismatch", field="token")
    turn.change_link(token=new)
    match turn.link.state:
        case LinkState.REFUSED:
            token_mended(turn)
        case LinkState.IDLE | LinkState.LEAVING | LinkState.WAITING:
            pass  # used when the next configuration is fetched
        case _:
            turn.emit(do.FetchConfig(new.raw))
    return None


def config_received(turn: Turn, message: msg.ConfigReceived) -> None:
    state, old, new = turn.link.state, turn.link.config, message.config
    if state in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        return None
    if old is None and replaced_meanwhile(turn, message):
        return None  # before the first configuration a new token may be for another extension
    turn.change_link(config=new, config_at=turn.at)
    turn.change(banner="")
    turn.emit(do.Configure(new))
    # A quarter of its time for a short one: a parent that refreshes at once must not go round and round.
    turn.start_timer("token", max(new.token_expires_in / 4, new.token_expires_in - TOKEN_AHEAD))
    if new.credentials_expire_in is not None:
        left = new.credentials_expire_in
        turn.start_timer("credentials", max(SHORTEST_CREDENTIALS, left / 2, left - CREDENTIALS_MARGIN))
    if state is LinkState.CONFIGURING:
        open_line(turn)
    elif state is LinkState.REGISTERED and not same_credentials(old, new):
        turn.emit(do.Register())
    return None


def replaced_meanwhile(turn: Turn, answer: msg.ConfigReceived | msg.ConfigFailed) -> bool:
    """Whether the answer belongs to a token that is not the present one; the present one gets its own."""
    token = turn.link.token
    return answer.token is not None and token is not None and answer.token != token.raw


def same_credentials(old: SipConfig | None, new: SipConfig) -> bool:
    mine = (new.auth_username, new.auth_password)
    return old is not None and (old.auth_username, old.auth_password) == mine


def config_failed(turn: Turn, message: msg.ConfigFailed) -> None:
    if replaced_meanwhile(turn, message):
        return None
    final = {401: "token_rejected", 403: "token_rejected", 404: "token_foreign", 422: "token_rejected"}
    code = final.get(message.status)
    if turn.link.state is LinkState.CONFIGURING:
        if code is not None:
            token = turn.link.token
            if message.status == 401 and token is not None and token.expires_at <= turn.at:
                code = "token_expired"  # our clock may be wrong: it only picks the better words
            return refuse(turn, code)
        return wait(turn, "rate_limited" if message.status == 429 else "server_unreachable")
    if turn.link.state in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        return None
    turn.problem(code or "server_unreachable", status=message.status)
    if code is None:
        turn.start_timer("credentials", delay(6, turn.chance))
    return None


def open_line(turn: Turn) -> None:
    """Open the WebSocket, or go straight to REGISTER where it is up."""
    config = turn.link.config
    if config is None or credentials_ran_out(turn):
        return fetch_config(turn)
    if turn.link.transport is Transport.UP:
        return register(turn)
    turn.change_link(state=LinkState.CONNECTING)
    return turn.emit(do.OpenTransport(config.wss_urls[turn.link.wss_index % len(config.wss_urls)]))


def credentials_ran_out(turn: Turn) -> bool:
    config = turn.link.config
    if config is None or config.credentials_expire_in is None:
        return False
    # A fresh answer is used whatever it says: asking again at once would be a loop.
    return turn.at - turn.link.config_at >= max(SHORTEST_CREDENTIALS, config.credentials_expire_in)


def register(turn: Turn) -> None:
    turn.change_link(state=LinkState.REGISTERING)
    turn.emit(do.Register())


def transport_up(turn: Turn) -> None:
    turn.change_link(transport=Transport.UP, down_reason="")
    if turn.link.state is LinkState.CONNECTING:
        register(turn)
    elif turn.link.state is LinkState.IDLE:
        turn.emit(do.CloseTransport())  # it came up after the agent had asked to disconnect


def transport_down(turn: Turn, message: msg.TransportDown) -> None:
    state, was_up = turn.link.state, turn.link.transport is Transport.UP
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
        if not was_up:
            turn.change_link(wss_index=turn.link.wss_index + 1)
        wait(turn, "" if was_up else "network_unreachable")


def wait(turn: Turn, code: str) -> None:
    """Schedule the next attempt. The first failure of a row is told, the others only counted."""
    attempt = turn.link.attempt + 1
    seconds = delay(attempt, turn.chance)
    turn.change_link(state=LinkState.WAITING, attempt=attempt)
    if code and attempt == 1:
        turn.problem(code)
    turn.notice(ReconnectScheduled(attempt=attempt, delay_ms=round(seconds * 1000)))
    turn.start_timer("reconnect", seconds)


def retry(turn: Turn) -> None:
    """The wait is over, or cut short by `online` or `connect`."""
    turn.stop_timers("reconnect")
    if turn.link.state is LinkState.WAITING:
        open_line(turn)


def register_accepted(turn: Turn) -> None:
    if turn.link.state in (LinkState.REGISTERING, LinkState.REGISTERED):
        turn.change_link(state=LinkState.REGISTERED, attempt=0, unregistered=None, refusal="")


def register_failed(turn: Turn, message: msg.RegisterFailed) -> None:
    state = turn.link.state
    if state is LinkState.LEAVING:
        return leave(turn)
    if state not in (LinkState.REGISTERING, LinkState.REGISTERED):
        return None
    if message.status in _AUTH_REFUSED:
        turn.change_link(unregistered=UnregisterReason.REMOTE)
        if credentials_ran_out(turn):
            return fetch_config(turn)
        return refuse(turn, "registration_refused")
    if state is LinkState.REGISTERED:
        turn.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    return wait(turn, "registration_failed")


def token_runs_out(turn: Turn) -> None:
    config = turn.link.config
    if config is not None:
        left = config.token_expires_in - (turn.at - turn.link.config_at)
        turn.notice(TokenExpiring(expires_in=max(0, round(left))))


def credentials_run_out(turn: Turn) -> None:
    """Renew before the PBX refuses; the phone stays registered while it asks."""
    token = turn.link.token
    if token is not None and turn.link.state not in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        turn.emit(do.FetchConfig(token.raw))
