"""The link as a state machine. The next state comes from `TABLE` and from nowhere else.

    IDLE --connect--> CONFIGURING --config--> CONNECTING --up--> REGISTERING --200--> REGISTERED
     ^                  |    ^                   |                  |    |               |
     |        401, 404, |    | credentials      | down        5xx, |    | 401, 403      | down
     |        bad token |    | ran out          |             down |    |               |
     |                  v    |                  v                  v    v               v
     |               REFUSED +---------------- WAITING <-----------+  REFUSED        WAITING
     |                  |                        | after a delay: CONNECTING, or REGISTERING if still up
     +--- LEAVING <-----+---- disconnect from everywhere

What each state means stands at `LinkState`. Where other tabs of the browser share the extension, STANDBY
comes between CONFIGURING and CONNECTING (`ownership.py`). A phone whose lease another browser holds is
REFUSED from everywhere except LEAVING (`lease.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from embed_app.core.link.values import Link, LinkState
from embed_app.core.step import Step


class LinkEvent(StrEnum):
    """What can happen to the link. What is not in `TABLE` for its state changes nothing."""

    # What `open_transport` finds missing on the way to REGISTERED
    CONFIG_NEEDED = "config_needed"
    """There is no SIP configuration, or its credentials are about to expire: it is fetched."""
    LEASE_NEEDED = "lease_needed"
    """The configuration is good, and the server is asked whether this browser may register."""
    OWNERSHIP_NEEDED = "ownership_needed"
    """Another tab may own the phone: this one asks to be the owner."""
    TRANSPORT_NEEDED = "transport_needed"
    """There is no WebSocket: it is opened."""
    REGISTER_NEEDED = "register_needed"
    """The WebSocket is up from before: REGISTER is sent."""

    # Answers
    CONFIG_FAILED = "config_failed"
    """The server did not answer `sip-config`, or not now (429, 5xx)."""
    TICKET_EXPIRED = "ticket_expired"
    """The server no longer knows the ticket by which the lease was to be taken over: a new one is fetched."""
    TRANSPORT_UP = "transport_up"
    """The WebSocket opened: REGISTER is sent."""
    TRANSPORT_DOWN = "transport_down"
    """The WebSocket closed, or could not be opened."""
    REGISTER_ACCEPTED = "register_accepted"
    """200 to the first REGISTER (RFC 3261 section 10.3). One that renews the binding changes nothing."""
    REGISTER_FAILED = "register_failed"
    """No answer to a REGISTER, or one that another attempt may cure."""

    # Nothing more can be done without the parent, the agent or the operator
    TOKEN_MISSING = "token_missing"  # noqa: S105 - a name, no secret
    """There is no embed token, or none that can be read."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a name, no secret
    """The server refused the embed token."""
    REGISTER_REFUSED = "register_refused"
    """The registrar refused the credentials (401, 403, 404, 407)."""
    SETTING_UNUSABLE = "setting_unusable"
    """The user agent cannot use a value of the SIP configuration."""
    ACCESS_REVOKED = "access_revoked"
    """The server has ended what this phone was given, and no call is up."""
    LEASE_MISSING = "lease_missing"
    """Another browser has the lease."""

    # Wishes
    DISCONNECT_REQUESTED = "disconnect_requested"
    """The agent or the parent wants the phone off."""
    UNREGISTERED = "unregistered"
    """The registrar removed the binding (RFC 3261 section 10.2.2), or it is no longer waited for."""
    SWITCHED_OFF = "switched_off"
    """The tab that owned the phone is gone, and somebody had disconnected it there."""
    TOKEN_REPLACED = "token_replaced"  # noqa: S105 - a name, no secret
    """A good token came to a refused phone that nobody wants connected."""
    PAGE_FROZEN = "page_frozen"
    """The page went into the browser's cache. It may come back as it is."""


_EVENT = LinkEvent
_IDLE, _CONFIGURING, _STANDBY = LinkState.IDLE, LinkState.CONFIGURING, LinkState.STANDBY
_CONNECTING, _REGISTERING, _REGISTERED = LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED
_WAITING, _LEAVING, _REFUSED = LinkState.WAITING, LinkState.LEAVING, LinkState.REFUSED
_WITHOUT_TRANSPORT = (_IDLE, _CONFIGURING, _STANDBY, _WAITING, _REFUSED)
"""The states that need no WebSocket. There may be one all the same, left open for a call."""
_AT_THE_REGISTRAR = (_REGISTERING, _REGISTERED)
_ALL = tuple(LinkState)

TABLE: Mapping[tuple[LinkState, LinkEvent], LinkState] = {
    # Towards REGISTERED. From REGISTERING and REGISTERED back: credentials that had expired were refused.
    **{(s, _EVENT.CONFIG_NEEDED): _CONFIGURING for s in (*_WITHOUT_TRANSPORT, *_AT_THE_REGISTRAR)},
    **{(s, _EVENT.LEASE_NEEDED): _CONFIGURING for s in (_IDLE, _REFUSED)},
    **{(s, _EVENT.TICKET_EXPIRED): _CONFIGURING for s in (_REFUSED, _CONFIGURING)},
    **{(s, _EVENT.OWNERSHIP_NEEDED): _STANDBY for s in (_IDLE, _CONFIGURING, _WAITING, _REFUSED)},
    **{(s, _EVENT.TRANSPORT_NEEDED): _CONNECTING for s in _WITHOUT_TRANSPORT},
    **{(s, _EVENT.REGISTER_NEEDED): _REGISTERING for s in (_CONFIGURING, _STANDBY, _WAITING, _REFUSED)},
    (_CONNECTING, _EVENT.TRANSPORT_UP): _REGISTERING,
    (_REGISTERING, _EVENT.REGISTER_ACCEPTED): _REGISTERED,
    # Another attempt follows after a delay, or when the page comes back.
    (_CONFIGURING, _EVENT.CONFIG_FAILED): _WAITING,
    **{(s, _EVENT.TRANSPORT_DOWN): _WAITING for s in (_CONNECTING, *_AT_THE_REGISTRAR)},
    **{(s, _EVENT.REGISTER_FAILED): _WAITING for s in _AT_THE_REGISTRAR},
    **{(s, _EVENT.PAGE_FROZEN): _WAITING for s in (_STANDBY, _CONNECTING, *_AT_THE_REGISTRAR, _WAITING)},
    # No attempt follows by itself. A second reason replaces the first.
    **{(s, _EVENT.TOKEN_MISSING): _REFUSED for s in (_IDLE, _REFUSED)},
    (_CONFIGURING, _EVENT.TOKEN_REFUSED): _REFUSED,
    **{(s, _EVENT.REGISTER_REFUSED): _REFUSED for s in _AT_THE_REGISTRAR},
    **{(s, _EVENT.SETTING_UNUSABLE): _REFUSED for s in _ALL if s not in (_IDLE, _LEAVING, _REFUSED)},
    **{(s, _EVENT.ACCESS_REVOKED): _REFUSED for s in (_STANDBY, _CONNECTING, *_AT_THE_REGISTRAR, _REFUSED)},
    **{(s, _EVENT.LEASE_MISSING): _REFUSED for s in _ALL if s is not _LEAVING},
    # Off. Only a binding that exists is removed first. While LEAVING, a second wish changes nothing.
    **{(s, _EVENT.DISCONNECT_REQUESTED): _IDLE for s in _ALL if s not in (_REGISTERED, _LEAVING)},
    (_REGISTERED, _EVENT.DISCONNECT_REQUESTED): _LEAVING,
    (_LEAVING, _EVENT.UNREGISTERED): _IDLE,
    **{(s, _EVENT.SWITCHED_OFF): _IDLE for s in _WITHOUT_TRANSPORT},
    (_REFUSED, _EVENT.TOKEN_REPLACED): _IDLE,
}
"""(state, what happened) -> the next state. What is not here is illegal and changes nothing."""


def may(link: Link, event: LinkEvent) -> bool:
    """Whether `event` is legal for the link as it is now."""
    return (link.state, event) in TABLE


def moved(link: Link, event: LinkEvent, **fields: Any) -> Link | None:
    """The link in its next state and with these other fields; None where the event is illegal."""
    state = TABLE.get((link.state, event))
    return None if state is None else replace(link, state=state, **fields)


def move(step: Step, event: LinkEvent, **fields: Any) -> bool:
    """The same for the link of this step. False where the event is illegal; then nothing has changed."""
    link = moved(step.link, event, **fields)
    if link is None:
        return False
    step.change(link=link)
    return True
