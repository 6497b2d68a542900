"""Embed tokens and the SIP configuration they are exchanged for (contract section 2).

A token that runs out never costs a call or the registration: the phone warns the parent ahead, renews its
SIP credentials ahead, and goes on with what it has for as long as that is good.
"""

from __future__ import annotations

from embed_app.core import effects as do
from embed_app.core import lease, memory
from embed_app.core import messages as msg
from embed_app.core.embed_token import TokenError, read_token
from embed_app.core.model import LinkState, SipConfig, TokenExpiring
from embed_app.core.places import IN_USE
from embed_app.core.reconnect import delay
from embed_app.core.registration import (
    connect,
    credentials_ran_out,
    open_line,
    refuse,
    start_config_timers,
    wait,
)
from embed_app.core.turn import Turn

_UNHURRIED = 3
"""Refreshes that fail are tried again as if that many attempts had gone before: 4 s doubling to 30 s."""


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
    if old is None:
        turn.emit(do.FindRecord(new.raw))  # until now it was not known who the phone is
    match turn.link.state:
        case LinkState.REFUSED:
            if turn.link.refusal != IN_USE:
                _mended(turn)
        case LinkState.IDLE | LinkState.LEAVING | LinkState.WAITING:
            pass  # used when the next configuration is fetched
        case _:
            turn.emit(do.FetchConfig(new.raw))
    return None


def _mended(turn: Turn) -> None:
    """A good token came to a phone that could not go on without one."""
    if turn.link.wanted:
        return connect(turn)
    return turn.change_link(state=LinkState.IDLE, refusal="")


def config_received(turn: Turn, message: msg.ConfigReceived) -> None:
    state, old, new = turn.link.state, turn.link.config, message.config
    if state in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        return None
    if old is None and replaced_meanwhile(turn, message):
        return None  # before the first configuration a new token may be for another extension
    token = turn.link.token
    asked_with = message.token or (token.raw if token else "")
    turn.change_link(config=new, config_at=turn.at, config_token=asked_with, refresh_failures=0)
    turn.change(banner="")
    turn.emit(do.Configure(new))
    start_config_timers(turn)
    lease.received(turn, new)
    if old is None:
        memory.configured(turn, new)
    if turn.link.refusal == IN_USE:
        return None
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
        if code is None and turn.link.config is not None and not credentials_ran_out(turn):
            return open_line(turn, to_the_end=True)  # near their end, but good for a little while yet
        if code is not None:
            token = turn.link.token
            if message.status == 401 and token is not None and token.expires_at <= turn.at:
                code = "token_expired"  # our clock may be wrong: it only picks the better words
            return refuse(turn, code)
        return wait(turn, "rate_limited" if message.status == 429 else "server_unreachable")
    if turn.link.state in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        return None
    failures = turn.link.refresh_failures + 1
    turn.change_link(refresh_failures=failures)
    if code is not None or failures == 1:
        turn.problem(code or "server_unreachable", status=message.status)
    if code is None:
        turn.start_timer("credentials", delay(failures + _UNHURRIED, turn.chance))
    return None


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
