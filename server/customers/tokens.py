"""Embed tokens: JWTs that let one extension of one customer use the phone for some minutes.

RFC 7519 and RFC 8725: one fixed algorithm (HS256), `typ` checked, the key looked up by `kid` and never
guessed, every claim required, lifetime and length bounded. PyJWT does the cryptography, `alg`, `crit` and the
times; the rest is here.

    iss  the customer's domain            aud  "zorio-webphone"
    sub  the extension                    tid  the customer's public id
    jti  random                           iat, nbf, exp  epoch seconds
    uid, bid, epo  the user, the bearer it came from, the user's epoch (claims.py)
    origins  the parent origins the customer allows, as CSP source expressions
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jwt
import msgspec

from server.customers.claims import Claims

ALGORITHM = "HS256"
AUDIENCE = "zorio-webphone"
SHORTEST_LIFE = 30
LONGEST_LIFE = 900
DEFAULT_LIFE = 300
LEEWAY = 30
"""Seconds by which another machine's clock may be wrong."""
LONGEST_TOKEN = 4096
"""Characters. The token travels in an address, so it must be short anyway."""

_REQUIRED = ["exp", "iat", "nbf", "aud", "iss", "sub", "jti", "tid", "origins", "uid", "bid", "epo"]


class BadToken(Exception):
    """The text is no token of ours, or no longer. The reason is for tests and logs, never for the caller."""


class ExpiredToken(BadToken):
    """It is a token of ours, and its time is over: it ran out, or an older version has signed it and it says
    less."""


@dataclass(frozen=True)
class EmbedToken:
    """The claims of a token that was checked."""

    customer_domain: str
    customer_id: str
    claims: Claims
    token_id: str
    expires_at: int
    origins: tuple[str, ...]

    @property
    def extension(self) -> str:
        """A SIP user of this customer."""
        return self.claims.extension


class EmbedTokens:
    """Signs with the first key and accepts all."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys`: kid -> secret of at least 32 bytes, newest first (see settings.py)."""
        self._keys = dict(keys)
        self._newest = next(iter(self._keys))

    def mint(
        self, domain: str, customer_id: str, claims: Claims, origins: Sequence[str], now: int, life: int
    ) -> tuple[str, int]:
        """A new token and when it expires (epoch seconds). `claims`: whose it is.

        Raises ValueError for a life out of bounds.
        """
        if not SHORTEST_LIFE <= life <= LONGEST_LIFE:
            raise ValueError(f"an embed token lives {SHORTEST_LIFE} to {LONGEST_LIFE} seconds")
        says = {
            "iss": domain,
            "aud": AUDIENCE,
            "sub": claims.extension,
            "tid": customer_id,
            "jti": secrets.token_urlsafe(18),
            "iat": now,
            "nbf": now,
            "exp": now + life,
            "origins": list(origins),
            "uid": claims.user_id,
            "bid": claims.bearer_id,
            "epo": claims.epoch,
        }
        token = jwt.encode(says, self._keys[self._newest], ALGORITHM, headers={"kid": self._newest})
        return token, now + life

    def check(self, token: str) -> EmbedToken:
        """The token's claims. Raises BadToken. Whose customer it is, the caller must compare."""
        if len(token) > LONGEST_TOKEN:
            raise BadToken("too long")
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                leeway=LEEWAY,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except (jwt.ExpiredSignatureError, jwt.MissingRequiredClaimError) as error:
            raise ExpiredToken(type(error).__name__) from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise BadToken(type(error).__name__) from error
        return _embed_token(claims)

    def _key_of(self, token: str) -> str:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "JWT":
            raise BadToken("typ")
        key_id = header.get("kid")
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise BadToken("kid")
        return key


def _embed_token(claims: Mapping[str, object]) -> EmbedToken:
    texts = {name: claims[name] for name in ("iss", "sub", "tid", "jti")}
    times = {name: claims[name] for name in ("iat", "nbf", "exp")}
    origins = claims["origins"]
    if not all(isinstance(text, str) and 0 < len(text) <= 253 for text in texts.values()):
        raise BadToken("a text claim")
    if not all(type(time) is int for time in times.values()):
        raise BadToken("a time claim")
    if not isinstance(origins, list) or not all(isinstance(origin, str) for origin in origins):
        raise BadToken("origins")
    issued_at, expires_at = int(str(times["iat"])), int(str(times["exp"]))
    if not 0 < expires_at - issued_at <= LONGEST_LIFE:
        raise BadToken("lifetime")
    return EmbedToken(
        customer_domain=str(texts["iss"]),
        customer_id=str(texts["tid"]),
        claims=_claims(claims),
        token_id=str(texts["jti"]),
        expires_at=expires_at,
        origins=tuple(origins),
    )


def _claims(claims: Mapping[str, object]) -> Claims:
    try:
        return msgspec.convert([claims[name] for name in ("uid", "bid", "epo", "sub")], Claims)
    except msgspec.ValidationError as error:
        raise BadToken("whose") from error
