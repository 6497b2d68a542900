"""What the WebSocket and the registrar report (RFC 3261 section 10, over RFC 7118)."""

from __future__ import annotations

from embed_app.core.link import challenges, credentials, disconnecting, keep_alive
from embed_app.core.link.advance import fetch_config, refuse, register
from embed_app.core.link.effects import CloseTransport
from embed_app.core.link.machine import LinkEvent, may, move
from embed_app.core.link.messages import RegisterAccepted, RegisterFailed, TransportDown, TransportUp
from embed_app.core.link.reconnect import wait
from embed_app.core.link.values import LinkState, Transport, UnregisterReason
from embed_app.core.step import Step

_AUTH_REFUSED = (401, 403, 404, 407)
"""Answers to a REGISTER that another attempt with the same credentials cannot cure."""


def transport_up(step: Step, _message: TransportUp) -> None:
    step.change_link(transport=Transport.UP, down_reason="")
    if step.link.state is LinkState.IDLE:
        step.emit(CloseTransport())  # it came up after the agent had asked to disconnect
        return
    keep_alive.start(step)
    register(step, LinkEvent.TRANSPORT_UP)


def transport_down(step: Step, message: TransportDown) -> None:
    """A server that refused is not asked next: the next attempt goes to the next address."""
    was, was_up = step.link.state, step.link.transport is Transport.UP
    keep_alive.stop(step)
    step.change_link(transport=Transport.DOWN, down_reason=message.reason)
    if was is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    if disconnecting.leave(step) or not may(step.link, LinkEvent.TRANSPORT_DOWN):
        return
    if not was_up or was is LinkState.REGISTERING:
        step.change_link(wss_index=step.link.wss_index + 1)
    code = "" if was_up else "network_unreachable"
    wait(step, LinkEvent.TRANSPORT_DOWN, code, reason=message.reason)


def register_accepted(step: Step, _message: RegisterAccepted) -> None:
    """The first one. One that renews the binding of a registered phone changes nothing."""
    move(step, LinkEvent.REGISTER_ACCEPTED, attempt=0, unregistered=None, refusal="", told_codes=())


def register_failed(step: Step, message: RegisterFailed) -> None:
    """Expired credentials are fetched anew, once; others that are refused are the end."""
    if disconnecting.leave(step) or not may(step.link, LinkEvent.REGISTER_FAILED):
        return None
    if challenges.register_challenged(step, message):
        return None
    if message.status in _AUTH_REFUSED:
        step.change_link(unregistered=UnregisterReason.REMOTE)
        if credentials.ran_out(step, credentials.NEARLY_OUT):
            return fetch_config(step)
        detail = challenges.why_refused(message)
        return refuse(step, LinkEvent.REGISTER_REFUSED, "registration_refused", **detail)
    if step.link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    return wait(step, LinkEvent.REGISTER_FAILED, "registration_failed")
