"""What a phone proves itself with to the PBX and to the TURN server of its customer."""

import base64
import hmac
from dataclasses import dataclass, field
from typing import Any

from server.customers.accounts import Account
from server.customers.ice_servers import is_relay
from server.customers.users import User
from server.errors import Conflict


@dataclass(frozen=True)
class SipCredentials:
    """What the phone answers a digest challenge with; `expires_at` in epoch seconds, None: for ever."""

    username: str
    password: str = field(repr=False)
    expires_at: int | None


def sip_credentials(account: Account, user: User, now: int, life: int) -> SipCredentials:
    """Time-limited where the customer shares a secret with its PBX, else the user's own password.

    They outlive the embed token on purpose: a call that is up must still be held and ended after the token
    ran out. Username `<expiry>:<extension>`, password base64(HMAC-SHA1(secret, username)): the form of
    draft-uberti-behave-turn-rest, which PBXs and TURN servers know. Raises Conflict.
    """
    if account.sip_secret is not None:
        expires_at = now + life
        username, password = _time_limited(account.sip_secret, user, expires_at)
        return SipCredentials(username, password, expires_at)
    if user.sip_password is None or user.extension is None:
        raise Conflict("This extension has no SIP credentials.")
    return SipCredentials(user.extension, user.sip_password, None)


def ice_servers(account: Account, user: User, now: int, life: int) -> list[dict[str, Any]]:
    """The customer's RTCIceServers. Where it shares a secret with its TURN server, each relay has credentials
    of this extension for `life` seconds, in the form of `sip_credentials`: they outlive any call."""
    servers = [dict(server) for server in account.ice_servers]
    if account.turn_secret is not None:
        username, credential = _time_limited(account.turn_secret, user, now + life)
        for server in filter(is_relay, servers):
            server.update(username=username, credential=credential)
    return servers


def _time_limited(secret: str, user: User, expires_at: int) -> tuple[str, str]:
    username = f"{expires_at}:{user.extension}"
    mac = hmac.digest(secret.encode(), username.encode(), "sha1")
    return username, base64.b64encode(mac).decode()
