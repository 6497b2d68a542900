"""What a phone proves itself with to the PBX and to the TURN server of its customer."""

import base64
import hmac
import logging
from dataclasses import dataclass, field
from typing import Any

import msgspec

from server.customers.accounts import Account
from server.customers.ice_servers import is_relay
from server.customers.users import User
from server.errors import Conflict
from server.storage.key_ring import Kept, KeyRing
from server.storage.sealing import BadSeal

log = logging.getLogger("zorio.server")


@dataclass(frozen=True)
class SipCredentials:
    """What the phone answers a digest challenge with; `expires_at` in epoch seconds, None: for ever."""

    username: str
    password: str = field(repr=False)
    expires_at: int | None


def sip_credentials(account: Account, user: User, ring: KeyRing, now: int, life: int) -> SipCredentials:
    """Time-limited where the customer shares a secret with its PBX, else the user's own password.

    They outlive the embed token on purpose: a call that is up must still be held and ended after the token
    ran out. Username `<expiry>:<extension>`, password base64(HMAC-SHA1(secret, username)): the form of
    draft-uberti-behave-turn-rest, which PBXs and TURN servers know. Raises Conflict where there are none, and
    where their key is lost.
    """
    if account.sip_secret is not None:
        expires_at = now + life
        secret = opened(account.sip_secret, ring, account, "the SIP secret")
        username, password = _time_limited(secret, user, expires_at)
        return SipCredentials(username, password, expires_at)
    if user.sip_password is None or user.extension is None:
        raise Conflict("This extension has no SIP credentials.")
    password = opened(user.sip_password, ring, account, "the SIP password of a user")
    return SipCredentials(user.extension, password, None)


def ice_servers(account: Account, user: User, ring: KeyRing, now: int, life: int) -> list[dict[str, Any]]:
    """The customer's RTCIceServers. Where it shares a secret with its TURN server, each relay has credentials
    of this extension for `life` seconds, in the form of `sip_credentials`: they outlive any call.

    Raises Conflict where the key of a credential is lost.
    """
    servers = [dict(server) for server in account.ice_servers]
    if account.relays is not None:
        servers = msgspec.json.decode(opened(account.relays, ring, account, "the ICE servers"))
    if account.turn_secret is not None:
        secret = opened(account.turn_secret, ring, account, "the TURN secret")
        username, credential = _time_limited(secret, user, now + life)
        for server in filter(is_relay, servers):
            server.update(username=username, credential=credential)
    return servers


def opened(kept: Kept, ring: KeyRing, account: Account, what: str) -> str:
    """The secret. Raises Conflict where it cannot be read, and says so in the log: what and whose it is."""
    try:
        return kept.open(ring)
    except BadSeal as error:
        log.error(  # noqa: TRY400
            "%s of %s cannot be read: %s; `zorio-webphone data-keys check` names all that is lost",
            what,
            account.domain,
            error,
        )
        raise Conflict("A secret of this account cannot be read: its operator must set it anew.") from error


def _time_limited(secret: str, user: User, expires_at: int) -> tuple[str, str]:
    username = f"{expires_at}:{user.extension}"
    mac = hmac.digest(secret.encode(), username.encode(), "sha1")
    return username, base64.b64encode(mac).decode()
