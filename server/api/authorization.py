"""The Authorization header: what was sent as `Bearer`, and who is counted by it."""

import hashlib
import re

from starlette.requests import Request

from server.api.rate_limits import address_of
from server.errors import Unauthenticated


def credentials_of(request: Request) -> str:
    """What follows `Bearer` in the header (RFC 6750 section 2.1). Raises Unauthenticated."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not re.fullmatch(r"[!-~]+", credentials):
        raise Unauthenticated
    return credentials


def limit_key(request: Request) -> str:
    """Who is counted: the bearer or token that was sent (hashed, so none is kept), else the address."""
    # Without the scheme: "bearer" in other letters must not be another caller.
    credentials = request.headers.get("authorization", "").partition(" ")[2].strip()
    if credentials:
        return hashlib.sha256(credentials.encode()).hexdigest()
    return address_of(request)
