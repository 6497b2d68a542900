"""GET /api/webphone/sip-config: the frame turns its embed token into everything it needs to register."""

import base64
import hmac
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, update
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.embed_token import iso_time
from server.api.phone_user import checked_token, phone_user
from server.api.services import host_of, services_of
from server.customers.accounts import Account
from server.customers.history import memory_of_config
from server.customers.leases import HOLDER, lease_of_config
from server.customers.tokens import LEEWAY, EmbedToken
from server.customers.users import User
from server.customers.values import is_relay
from server.errors import Conflict, Unauthenticated
from server.settings import Settings
from server.storage.database import try_insert
from server.storage.tables import token_uses


@dataclass(frozen=True)
class SipCredentials:
    """What the phone answers a digest challenge with; `expires_at` in epoch seconds, None: for ever."""

    username: str
    password: str = field(repr=False)
    expires_at: int | None


async def sip_config(request: Request) -> Response:
    """200 `{data: {…}}` with the fields of contract section 2.

    401 for a token that is bad, used too often or whose user is gone; 404 for another customer's.
    """
    services = services_of(request)
    token = checked_token(request)
    now = services.now()
    holder = request.headers.get(HOLDER, "")
    account, user, memory, lease = await services.database.write(
        _take_use, host_of(request), token, holder, services.settings, now
    )
    sip = sip_credentials(account, user, now, services.settings.sip_seconds)
    data = {
        "extension": user.extension,
        "display_name": user.display_name,
        "sip_uri": f"sip:{user.extension}@{account.sip_domain}",
        "auth_username": sip.username,
        "auth_password": sip.password,
        "credentials_expire_at": None if sip.expires_at is None else iso_time(sip.expires_at),
        "wss_urls": list(account.wss_urls),
        "ice_servers": ice_servers(account, user, now, services.settings.sip_seconds),
        "expires_in": max(0, token.expires_at - now),
        "features": dict(account.features),
        "account": {"name": account.name, "accent": account.accent},
        "memory": memory,
    }
    if lease is not None:
        data["lease"] = lease
    return JSONResponse({"data": data})


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


def _take_use(
    connection: Connection, host: str, token: EmbedToken, holder: str, settings: Settings, now: int
) -> tuple[Account, User, dict[str, Any], dict[str, Any] | None]:
    account, user = phone_user(connection, host, token)
    _count_use(connection, token, settings.token_uses, now)
    keys, life = settings.signing_keys, settings.sip_seconds
    lease = lease_of_config(connection, account, token.extension, holder, keys, now, life)
    return account, user, memory_of_config(connection, account, user, settings, now), lease


def _count_use(connection: Connection, token: EmbedToken, most_uses: int, now: int) -> None:
    """A CRM that mounts the frame again loads the same address again, so one use would be too few."""
    connection.execute(delete(token_uses).where(token_uses.c.expires_at < now))
    first = {"jti": token.token_id, "uses": 1, "expires_at": token.expires_at + LEEWAY}
    if not try_insert(connection, token_uses, first):
        again = update(token_uses).where(token_uses.c.jti == token.token_id, token_uses.c.uses < most_uses)
        if not connection.execute(again.values(uses=token_uses.c.uses + 1)).rowcount:
            raise Unauthenticated
