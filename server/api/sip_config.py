"""GET /api/webphone/sip-config: the frame turns its embed token into everything it needs to register."""

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.embed_token import iso_time
from server.api.phone_user import checked_token, phone_user
from server.api.services import host_of, services_of
from server.customers.accounts import Account
from server.customers.call_rules import all_rules
from server.customers.history import history_of_config
from server.customers.leases import lease_of_config
from server.customers.resume_records import resume_of_config
from server.customers.sip_credentials import ice_servers, sip_credentials
from server.customers.token_uses import count_use
from server.customers.tokens import EmbedToken
from server.customers.users import User
from server.settings import Settings

HOLDER = "x-zorio-holder"
"""Header: any text of a browser that no other one has. Without it there is no lease."""


async def sip_config(request: Request) -> Response:
    """200 `{data: {…}}` with the fields of contract section 2.

    401 for a token that is bad, used too often or revoked (customers/claims.py); 403 for a user who may not
    use the phone; 404 for another customer's token; 409 where there are no SIP credentials for the extension.
    """
    services = services_of(request)
    token = checked_token(request)
    now = services.now()
    holder = request.headers.get(HOLDER, "")
    account, user, history, lease = await services.database.write(
        _take_use, host_of(request), token, holder, services.settings, now
    )
    sip = sip_credentials(account, user, services.ring, now, services.settings.sip_seconds)
    data = {
        "extension": user.extension,
        "display_name": user.display_name,
        "sip_uri": f"sip:{user.extension}@{account.sip_domain}",
        "auth_username": sip.username,
        "auth_password": sip.password,
        "credentials_expire_at": None if sip.expires_at is None else iso_time(sip.expires_at),
        "wss_urls": list(account.wss_urls),
        "ice_servers": ice_servers(account, user, services.ring, now, services.settings.sip_seconds),
        "expires_in": max(0, token.expires_at - now),
        "features": dict(account.features),
        "account": {"name": account.name, "accent": account.accent},
        "memory": history,
        "resume": resume_of_config(
            account,
            user,
            token.claims,
            holder,
            services.settings.signing_keys,
            now + services.settings.sip_seconds,
        ),
        "rules": all_rules(account.rules),
    }
    if lease is not None:
        data["lease"] = lease
    return JSONResponse({"data": data})


def _take_use(
    connection: Connection, host: str, token: EmbedToken, holder: str, settings: Settings, now: int
) -> tuple[Account, User, dict[str, Any], dict[str, Any] | None]:
    account, user = phone_user(connection, host, token)
    count_use(connection, token, settings.token_uses, now)
    keys, life = settings.signing_keys, settings.sip_seconds
    lease = lease_of_config(connection, account, token.claims, holder, keys, now, life)
    return account, user, history_of_config(connection, account, user, token.claims, settings, now), lease
