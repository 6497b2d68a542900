"""POST /api/pbx/missed-calls: calls that reached no phone, which the PBX alone knows of.

A laptop that sleeps is not registered, and whoever calls meanwhile hears that nobody is there. The agent
finds such a call among the missed ones when the phone is back (customers/history.py). A call that rang at a
phone is reported by that phone: a PBX that reported it as well would make two calls of it.
"""

import hmac
import uuid
from typing import Annotated

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.rate_limits import MISSED, PBX_GUESSES, address_of
from server.api.services import Services, host_of, services_of
from server.customers.accounts import Account, account_of_host
from server.customers.history import PastCall, Text, Time, keep_calls
from server.customers.origins import host_name
from server.customers.sip_credentials import opened
from server.customers.users import user_at
from server.errors import NotFound, TooManyRequests, WrongCredentials
from server.settings import Settings
from server.storage.key_ring import KeyRing

REASON = "unavailable"
"""Of `call_hangup`, contract section 3: SIP's 480."""
_CALLS = uuid.UUID("6f2f6f0a-3c1d-4f0e-9d5b-0a51f0b3b1c7")
"""The namespace of their uuids: a report that is sent again is of the same call."""


class MissedCallBody(msgspec.Struct):
    """`call_id`: SIP's. `at`: when it was, whole epoch seconds; None for now."""

    extension: Annotated[str, msgspec.Meta(max_length=32)]
    number: Annotated[str, msgspec.Meta(max_length=64)]
    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    name: Text = ""
    at: Time | None = None


async def report_missed_call(request: Request) -> Response:
    """POST with the customer's secret for this as Bearer: 204. Where there is none it is the SIP secret.

    401 without it or where there is none, 404 for an extension that is nobody's, 409 where its key is lost.
    """
    services = services_of(request)
    services.limits.count(request, MISSED, limit_key(request))
    secret = credentials_of(request)
    body = await read_body(request, MissedCallBody)
    shared = await services.database.read(_shared_secret, host_of(request), services.ring)
    _compare(request, services, secret, shared)
    await services.database.write(_report, host_of(request), body, services.settings, services.now())
    return Response(status_code=204)


def note_missed_call(
    connection: Connection, account: Account, call: MissedCallBody, settings: Settings, now: int
) -> None:
    """Raises NotFound."""
    user = user_at(connection, account.id, call.extension)
    if user is None:
        raise NotFound
    at = now if call.at is None else min(call.at, now)
    missed = PastCall(
        uuid=str(uuid.uuid5(_CALLS, f"{account.public_id} {call.extension} {call.call_id}")),
        direction="inbound",
        number=call.number,
        name=call.name,
        started_at=at,
        answered_at=None,
        ended_at=at,
        reason=REASON,
    )
    keep_calls(connection, account, user, [missed], settings, now)


def _compare(request: Request, services: Services, secret: str, shared: str | None) -> None:
    """Raises WrongCredentials, and TooManyRequests after too many of them, whatever the secret is then.

    Nothing is awaited here: of guesses that come at once, each is counted before the next is looked at.
    """
    guesser = f"{host_name(host_of(request))} {address_of(request)}"
    wait = services.limits.look(PBX_GUESSES, guesser).retry_after
    if wait:
        raise TooManyRequests(wait)
    if shared is None or not hmac.compare_digest(shared.encode(), secret.encode()):
        services.limits.take(PBX_GUESSES, guesser)
        raise WrongCredentials


def _shared_secret(connection: Connection, host: str, ring: KeyRing) -> str | None:
    account = account_of_host(connection, host)
    kept = account.missed_calls_secret or account.sip_secret
    return None if kept is None else opened(kept, ring, account, "the secret for missed calls")


def _report(connection: Connection, host: str, call: MissedCallBody, settings: Settings, now: int) -> None:
    note_missed_call(connection, account_of_host(connection, host), call, settings, now)
