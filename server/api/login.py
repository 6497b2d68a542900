"""POST /api/auth/login and POST /api/auth/logout (contract section 2)."""

import hashlib
from typing import Annotated

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.rate_limits import (
    AUTH,
    KNOWN_ADDRESSES,
    LOGIN,
    LOGINS_OF_ADDRESS,
    WRONG_LOGINS_OF_NAME,
    address_of,
)
from server.api.services import host_of, services_of
from server.customers.accounts import Account, account_of_host
from server.customers.bearers import caller_of, issue_bearer, revoke_bearer
from server.customers.origins import host_name
from server.customers.users import LONGEST_PASSWORD, User, unchanging_user, user_named
from server.errors import TooManyRequests, Unauthenticated

DAY = 86_400

# PostgreSQL refuses NUL in text, and no name wants the other control characters.
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class LoginBody(msgspec.Struct):
    """`device_name` is for the person who later looks at the list of bearers."""

    username: _Text
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PASSWORD)]
    device_name: _Text | None = None


async def login(request: Request) -> Response:
    """200 `{data: {user}, token}`: a bearer for user name and password.

    401 whichever of the two is wrong, after the same work. 429 after too many tries, 503 when too many wait.
    """
    services = services_of(request)
    address = address_of(request)
    services.limits.count(request, LOGINS_OF_ADDRESS, address)
    body = await read_body(request, LoginBody)
    name = f"{host_name(host_of(request))} {hashlib.sha256(body.username.encode()).hexdigest()}"
    services.limits.count(request, LOGIN, f"{name} {address}")
    known = not services.limits.look(KNOWN_ADDRESSES, f"{name} {address}").remaining
    if not known:
        # Before the password is looked at: many at once must not all be let through.
        wait = services.limits.take(WRONG_LOGINS_OF_NAME, name).retry_after
        if wait:
            raise TooManyRequests(wait)
    account, user = await services.database.read(_find, host_of(request), body.username)
    right = await services.passwords.check(user.password_hash if user else None, body.password)
    if user is None or not right:
        raise Unauthenticated("Invalid username or password.")
    if not known:
        services.limits.give_back(WRONG_LOGINS_OF_NAME, name)
        services.limits.take(KNOWN_ADDRESSES, f"{name} {address}")
    now = services.now()
    expires_at = now + services.settings.bearer_days * DAY
    bearer = await services.database.write(_issue, user, body.device_name, now, expires_at)
    return JSONResponse({"data": {"user": _public(account, user)}, "token": bearer})


async def logout(request: Request) -> Response:
    """204: the bearer that was sent is refused from now on; others of the same user are not."""
    services = services_of(request)
    services.limits.count(request, AUTH, limit_key(request))
    bearer = credentials_of(request)
    await services.database.write(_logout, host_of(request), bearer, services.now())
    return Response(status_code=204)


def _find(connection: Connection, host: str, username: str) -> tuple[Account, User | None]:
    account = account_of_host(connection, host)
    return account, user_named(connection, account.id, username)


def _issue(connection: Connection, user: User, device_name: str | None, now: int, expires_at: int) -> str:
    """Raises Unauthenticated for a user who was changed or removed while the password was looked at."""
    present = unchanging_user(connection, user.id)
    if present is None or present.epoch != user.epoch:
        raise Unauthenticated("Invalid username or password.")
    return issue_bearer(connection, user.id, device_name, now, expires_at)


def _logout(connection: Connection, host: str, bearer: str, now: int) -> None:
    caller = caller_of(connection, host, bearer, now)
    revoke_bearer(connection, caller.bearer_id, now)


def _public(account: Account, user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "tenant_id": account.public_id,
    }
