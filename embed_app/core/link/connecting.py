"""Start and `connect`: from a phone that is off, or was refused, to one on its way to REGISTERED."""

from __future__ import annotations

from embed_app.core.link import credentials, disconnecting, reconnect
from embed_app.core.link.advance import claim_lease, fetch_config, open_transport, refuse
from embed_app.core.link.embed_token import TokenError, read_token
from embed_app.core.link.machine import LinkEvent
from embed_app.core.link.messages import ConnectRequested, Started
from embed_app.core.link.values import IN_USE, LinkState, Transport
from embed_app.core.step import Step


def started(step: Step, message: Started) -> None:
    """The first message of all. Connects at once where the settings say so."""
    step.change(started=True)
    step.change_link(wanted=step.phone.settings.auto_register)
    if message.token is None:
        return refuse(step, LinkEvent.TOKEN_MISSING, "token_missing")
    try:
        step.change_link(token=read_token(message.token))
    except TokenError:
        return refuse(step, LinkEvent.TOKEN_MISSING, "token_malformed")
    if step.phone.settings.auto_register:
        fetch_config(step)
    return None


def connect_requested(step: Step, _message: ConnectRequested) -> None:
    connect(step)


def connect(step: Step) -> None:
    """Of a phone that is on its way already only the wait is cut short. One that is LEAVING is off first."""
    unregistered = None
    if disconnecting.leave(step):
        unregistered = step.link.unregistered  # of this very step: it must still be announced
    step.change_link(wanted=True)
    link = step.link
    if link.state is LinkState.WAITING:
        reconnect.retry(step)
    elif link.state is LinkState.REFUSED and link.refusal == IN_USE and link.config is not None:
        claim_lease(step, link.config)  # not taken by force: two parents that do this would never end
    elif link.state in (LinkState.IDLE, LinkState.REFUSED):
        if link.token is None:
            return refuse(step, LinkEvent.TOKEN_MISSING, link.refusal or "token_missing")
        step.change_link(unregistered=unregistered, attempt=0, refusal="", told_codes=())
        if link.state is LinkState.IDLE and link.transport is Transport.DOWN and _config_is_good(step):
            _connect_again(step)
        else:
            fetch_config(step)
    return None


def _connect_again(step: Step) -> None:
    """With the configuration that is there."""
    credentials.start_timers(step)
    config = step.link.config
    if config is not None and config.lease_ticket:
        claim_lease(step, config)
    else:
        open_transport(step)


def _config_is_good(step: Step) -> bool:
    """An embed token may fetch its configuration a few times only: a good one is used again."""
    link = step.link
    if link.config is None or link.is_revoked or link.token is None or link.config_token != link.token.raw:
        return False
    return not credentials.ran_out(step, credentials.NEARLY_OUT)
