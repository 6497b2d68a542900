"""Digest authentication (RFC 3261 section 22, RFC 7616 with qop=auth, RFC 8760 with SHA-256 before MD5).

Two kinds of credential, both with the extension as the user they speak for:

- static: username = extension, the password of the `PbxUser`;
- time-limited, as TURN REST servers do it: username `<expiry, seconds since 1970>:<extension>`,
  password = base64(HMAC-SHA1(secret, username)).

A wrong credential is answered 403 and never challenged again: a client that is challenged for ever
asks for ever. Only a nonce that is no longer ours leads to a new challenge (`stale=true`), and only
when the password was right. MD5 is offered too, because most browsers' SIP libraries speak nothing else.
"""

import base64
import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.pbx.sip.message import Request, Response

NONCE_LIFETIME = 300
"""Seconds a nonce is good for."""

_ALGORITHMS = {"SHA-256": "sha256", "MD5": "md5"}
"""The strongest first, as they are offered (RFC 8760 section 2.3)."""

_FIELD = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_TIME_LIMITED = re.compile(r"(\d{9,11}):(.+)", re.DOTALL)


@dataclass(frozen=True)
class PbxUser:
    """Somebody who may register. `password` None: only time-limited credentials work."""

    password: str | None = field(repr=False)
    display_name: str = ""


def time_limited_password(secret: bytes, username: str) -> str:
    """The password that belongs to a time-limited `username` (`<expiry>:<extension>`)."""
    return base64.b64encode(hmac.new(secret, username.encode(), hashlib.sha1).digest()).decode()


def digest_response(username: str, realm: str, password: str, method: str, fields: Mapping[str, str]) -> str:
    """`response` of RFC 7616 section 3.4.1 from the fields nonce, nc, cnonce, qop, uri and algorithm.

    Raises KeyError for an algorithm that is not offered.
    """
    name = _ALGORITHMS[fields.get("algorithm", "MD5").upper()]

    def digest(text: str) -> str:
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    secret = digest(f"{username}:{realm}:{password}")
    request = digest(f"{method}:{fields.get('uri', '')}")
    if fields.get("qop"):
        middle = (
            f"{fields.get('nonce', '')}:{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}"
        )
    else:
        middle = fields.get("nonce", "")  # RFC 2069: no qop, which old clients still send
    return digest(f"{secret}:{middle}:{request}")


def parse_credentials(value: str) -> dict[str, str]:
    """`Digest username="x", nc=00000001` -> fields, names in lower case; {} when it is not Digest."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {
        m[1].lower(): re.sub(r"\\(.)", r"\1", m[2]) if m[2] is not None else m[3]
        for m in _FIELD.finditer(rest)
    }


class Digest:
    """Checks requests against `users` (read at every check: it may change) and the shared `secret`."""

    def __init__(
        self,
        realm: str,
        users: Mapping[str, PbxUser],
        secret: bytes | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._realm = realm
        self._users = users
        self._secret = secret
        self._clock = clock
        self._nonce_key = os.urandom(16)

    def refusal(self, request: Request, user: str) -> Response | None:
        """None when `request` proves to come from `user`; else the 401/407 challenge or 403 to send."""
        asked, given, status = ("Proxy-Authenticate", "Proxy-Authorization", 407)
        if request.method == "REGISTER":
            asked, given, status = ("WWW-Authenticate", "Authorization", 401)
        fields = next(
            (f for f in map(parse_credentials, request.all(given)) if f.get("realm") == self._realm), None
        )
        if fields is None:
            return self._challenge(request, status, asked)
        username = fields.get("username", "")
        password, why = self._password(username, user)
        if password is None:
            return request.reply(403, phrase=why)
        if fields.get("algorithm", "MD5").upper() not in _ALGORITHMS:
            return request.reply(403)
        expected = digest_response(username, self._realm, password, request.method, fields)
        if not hmac.compare_digest(expected.encode(), fields.get("response", "").lower().encode()):
            return request.reply(403)
        if not self._is_fresh(fields.get("nonce", "")):
            return self._challenge(request, status, asked, stale=True)
        return None

    def _password(self, username: str, user: str) -> tuple[str | None, str]:
        """The password `username` must know to act as `user`, or (None, phrase of the refusal)."""
        account = self._users.get(user)
        limited = _TIME_LIMITED.fullmatch(username)
        if limited and self._secret is not None:
            if account is None or limited[2] != user:
                return None, "Forbidden"
            if int(limited[1]) <= self._clock():
                return None, "Credentials Expired"
            return time_limited_password(self._secret, username), ""
        if account is None or username != user or account.password is None:
            return None, "Forbidden"
        return account.password, ""

    def _challenge(self, request: Request, status: int, header: str, *, stale: bool = False) -> Response:
        nonce, end = self._nonce(), ", stale=true" if stale else ""
        values = [
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={name}, qop="auth"{end}'
            for name in _ALGORITHMS
        ]
        return request.reply(status, [(header, value) for value in values])

    def _nonce(self) -> str:
        stamp = f"{int(self._clock()):x}"
        return f"{stamp}.{self._sign(stamp)}"

    def _is_fresh(self, nonce: str) -> bool:
        stamp, _, signature = nonce.partition(".")
        if not hmac.compare_digest(self._sign(stamp).encode(), signature.encode()):
            return False
        return self._clock() - int(stamp, 16) <= NONCE_LIFETIME

    def _sign(self, stamp: str) -> str:
        return hmac.new(self._nonce_key, stamp.encode(), hashlib.sha256).hexdigest()[:32]
