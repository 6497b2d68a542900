"""Reading an embed token (a JWT, RFC 7519) without verifying it: only the server holds the key.

The frame needs to know whose token it is and which parents it names. Nothing of it is trusted before the
server has answered `sip-config` with it.
"""

from __future__ import annotations

import base64
import json
import math
import re

from embed_app.core.link.values import Token

MAX_TOKEN = 8192
"""Characters."""
_JWT = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+", re.ASCII)


class TokenError(ValueError):
    """Not a JWT, or one without the claims an embed token has."""


def is_token(raw: str | None) -> bool:
    """Whether `read_token` can read it."""
    try:
        return raw is not None and bool(read_token(raw))
    except TokenError:
        return False


def read_token(raw: str) -> Token:
    """The claims `sub`, `tid`, `exp` (seconds since the epoch) and `origins`, unverified.

    Raises TokenError; its text never holds a part of the token.
    """
    match = _JWT.fullmatch(raw) if len(raw) <= MAX_TOKEN else None
    if match is None:
        raise TokenError("not a JWT")
    try:
        claims = json.loads(base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
        extension, customer, expires_at = claims["sub"], claims["tid"], float(claims["exp"])
        origins = claims.get("origins", [])
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        OverflowError,
        RecursionError,
    ):
        raise TokenError("not an embed token") from None
    if not math.isfinite(expires_at):
        raise TokenError("not an embed token")
    texts = isinstance(extension, str) and isinstance(customer, str)
    if not texts or not isinstance(origins, list) or not all(isinstance(o, str) for o in origins):
        raise TokenError("not an embed token")
    return Token(
        raw=raw, extension=extension, customer=customer, origins=tuple(origins), expires_at=expires_at
    )
