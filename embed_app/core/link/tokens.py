"""Embed tokens (JWT, RFC 7519) and the SIP configuration they are exchanged for (contract section 2).

A token that runs out never costs a call or the registration: the phone warns the parent ahead, renews its
SIP credentials ahead, and goes on with what it has for as long as that is good.
"""

from __future__ import annotations

from embed_app.core.link import challenges, credentials, lease
from embed_app.core.link.advance import forget_url, open_transport, refuse
from embed_app.core.link.connecting import connect
from embed_app.core.link.effects import Configure, FetchConfig, Register
from embed_app.core.link.embed_token import TokenError, read_token
from embed_app.core.link.machine import LinkEvent, may, move
from embed_app.core.link.messages import ConfigFailed, ConfigReceived, ConfigureFailed, TokenOffered
from embed_app.core.link.reconnect import delay, wait
from embed_app.core.link.values import IN_USE, LinkState, SipConfig
from embed_app.core.notices import TokenExpiring
from embed_app.core.resume.effects import FindRecord
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

_FAILURES_BEFORE = 3
"""A refresh that failed is repeated as if it had failed so often before: after 4 s, doubling to 30 s."""


def token_offered(step: Step, message: TokenOffered) -> None:
    """A token that cannot be read, or is for another extension, never replaces the good one that is there."""
    old = step.link.token
    try:
        new = read_token(message.token)
    except TokenError:
        return step.problem("token_malformed", field="token")
    if step.link.config and old and (new.extension, new.customer) != (old.extension, old.customer):
        return step.problem("token_mismatch", field="token")
    step.change_link(token=new)
    if step.link.config is None:
        # Until now it was not known who the phone is, or the server did not believe it.
        step.emit(FindRecord(new.raw))
    match step.link.state:
        case LinkState.REFUSED:
            if step.link.refusal != IN_USE:
                _leave_refused(step)
        case LinkState.IDLE | LinkState.LEAVING | LinkState.WAITING:
            pass  # used when the next configuration is fetched
        case _:
            step.emit(FetchConfig(new.raw))
    return None


def _leave_refused(step: Step) -> None:
    """A good token came to a phone that could not go on without one: connect, if anybody wants that."""
    if step.link.wanted:
        return connect(step)
    move(step, LinkEvent.TOKEN_REPLACED, refusal="")
    return None


def config_received(step: Step, message: ConfigReceived) -> None:
    """Use it: to go on, or, of a registered phone, to REGISTER again if the credentials are other ones."""
    state, old, new = step.link.state, step.link.config, message.config
    if state in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        return None
    if old is None and replaced_meanwhile(step, message):
        return None  # before the first configuration a new token may be for another extension
    token = step.link.token
    asked_with = message.token or (token.raw if token else "")
    if step.link.is_revoked and asked_with == step.link.revoked_token:
        return refuse(step, LinkEvent.TOKEN_REFUSED, "token_rejected")
    step.change_link(
        revoked_token="", config=new, config_at=step.at, config_token=asked_with, refresh_failures=0
    )
    challenges.config_replaced(step, old, new)
    step.change(banner="")
    step.emit(Configure(new))
    credentials.start_timers(step)
    lease.received(step, new)
    if step.link.refusal == IN_USE:
        return None
    if state is LinkState.CONFIGURING:
        open_transport(step)
    elif state is LinkState.REGISTERED and not same_credentials(old, new):
        step.emit(Register())
    return None


def configure_failed(step: Step, message: ConfigureFailed) -> None:
    """The user agent cannot use what the server said. To try again would fail again, except with another
    address of the PBX."""
    if message.setting == "wss_urls" and forget_url(step):
        return wait(step, LinkEvent.TRANSPORT_DOWN, "invalid_configuration", setting=message.setting)
    if may(step.link, LinkEvent.SETTING_UNUSABLE):
        lease.unregister(step)
        refuse(step, LinkEvent.SETTING_UNUSABLE, "invalid_configuration", setting=message.setting)
    return None


def replaced_meanwhile(step: Step, answer: ConfigReceived | ConfigFailed) -> bool:
    """Whether the answer belongs to a token that is not the present one; the present one gets its own."""
    token = step.link.token
    return answer.token is not None and token is not None and answer.token != token.raw


def same_credentials(old: SipConfig | None, new: SipConfig) -> bool:
    """Whether a REGISTER with `new` would authenticate as one with `old` does."""
    credentials_of_new = (new.auth_username, new.auth_password)
    return old is not None and (old.auth_username, old.auth_password) == credentials_of_new


def config_failed(step: Step, message: ConfigFailed) -> None:
    """While CONFIGURING it is refused or repeated; a registered phone goes on with what it has."""
    if replaced_meanwhile(step, message):
        return None
    final = {401: "token_rejected", 403: "token_rejected", 404: "token_foreign", 422: "token_rejected"}
    code = final.get(message.status)
    if may(step.link, LinkEvent.CONFIG_FAILED):
        if code is None and step.link.config is not None and not credentials.ran_out(step):
            return open_transport(step, to_the_end=True)  # about to expire, but still valid
        if code is not None:
            token = step.link.token
            if message.status == 401 and token is not None and token.expires_at <= step.at:
                code = "token_expired"  # our clock may be wrong: it only picks the better words
            return refuse(step, LinkEvent.TOKEN_REFUSED, code)
        return wait(
            step, LinkEvent.CONFIG_FAILED, "rate_limited" if message.status == 429 else "server_unreachable"
        )
    if step.link.state in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        return None
    if step.link.is_revoked and message.token == step.link.revoked_token:
        return None  # told when the calls are over
    failures = step.link.refresh_failures + 1
    step.change_link(refresh_failures=failures)
    if code is not None or failures == 1:
        step.problem(code or "server_unreachable", status=message.status)
    if code is None:
        step.start_timer(Timer(TimerKind.CREDENTIALS_EXPIRY), delay(failures + _FAILURES_BEFORE, step.chance))
    return None


def token_runs_out(step: Step, _late: float) -> None:
    """Tell the parent, in time for it to send `refresh_token`."""
    config = step.link.config
    if config is not None:
        left = config.token_expires_in - (step.at - step.link.config_at)
        step.notice(TokenExpiring(expires_in=max(0, round(left))))


def credentials_run_out(step: Step, _late: float) -> None:
    """Renew before the PBX refuses; the phone stays registered while it asks."""
    token = step.link.token
    if token is not None and step.link.state not in (LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED):
        step.emit(FetchConfig(token.raw))
