"""What the server is told from outside, by environment variables.

ZORIO_SIGNING_KEYS       kid=secret[,kid=secret…]: keys of the embed tokens. The first one signs, all are
                         accepted. A secret has at least 32 bytes, no comma, no white space.
                         Required by `serve`. To rotate: put the new key in front, remove the old one
                         15 minutes later (the longest life of an embed token).
ZORIO_DATA_KEYS          kid=key[,kid=key…]: what secrets and calls are encrypted with in the database. A key
                         is 32 bytes in base64url, from `zorio-webphone data-keys new`. The first one
                         encrypts, all decrypt. Required by `serve`. To rotate: put the new key in front,
                         restart, `zorio-webphone data-keys rotate`, then remove the old one.
ZORIO_DATABASE_URL       SQLite file, or PostgreSQL. Default sqlite:///var/zorio.db, below the project.
ZORIO_DATABASE_WAIT_MS   how long a query waits for a locked SQLite file before 503. Default 5000.
ZORIO_DIST_DIR           the built frame. Default dist/ of the project.
ZORIO_BEARER_DAYS        life of a bearer from POST /api/auth/login, in days. Default 90.
ZORIO_TOKEN_USES         how often one embed token may fetch its SIP settings. Default 5.
ZORIO_SIP_SECONDS        life of time-limited SIP credentials in seconds, 900 to 86400. Default 43200, 12 h.
ZORIO_HISTORY_DAYS       how long calls stay in their user's history, in days; at most 100 for each user.
                         0 keeps none and forgets those there are. Default 90.
ZORIO_FORWARDED_IPS      addresses of reverse proxies whose X-Forwarded-For is believed. Default 127.0.0.1.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

SHORTEST_SECRET = 32
"""Bytes. HS256 wants a key as long as its hash (RFC 7518 section 3.2)."""

LONGEST_SIP_SECONDS = 86_400
"""The most that ZORIO_SIP_SECONDS may be."""

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_DATA_KEY = re.compile(r"[A-Za-z0-9_-]{43}=?")
"""32 bytes in base64url (RFC 4648 section 5): the form of a Fernet key."""
_PLACEHOLDERS = ("change", "default", "example", "secret", "password", "placeholder", "insecure")


class SettingsError(Exception):
    """A setting is missing or wrong. The text names the variable and says what to do, never its value."""


@dataclass(frozen=True)
class Settings:
    """Everything the app factory needs; made by `settings_from` or by hand in tests."""

    database_url: str
    signing_keys: Mapping[str, str] = field(repr=False)
    data_keys: Mapping[str, str] = field(repr=False)
    dist: Path = PROJECT / "dist"
    database_wait_ms: int = 5000
    bearer_days: int = 90
    token_uses: int = 5
    sip_seconds: int = 43_200
    history_days: int = 90
    forwarded_ips: str = "127.0.0.1"

    def __post_init__(self) -> None:
        """Raises SettingsError: no app is ever made with a guessable key, whoever makes it."""
        if not self.signing_keys:
            raise SettingsError(
                "ZORIO_SIGNING_KEYS is empty: give it kid=secret, e.g. from `openssl rand -hex 32`"
            )
        for key_id, secret in self.signing_keys.items():
            _check_key(key_id, secret)
        if not self.data_keys:
            raise SettingsError(
                "ZORIO_DATA_KEYS is empty: secrets in the database are encrypted with it; give it what "
                "`zorio-webphone data-keys new` prints, and keep that value: without it they are lost"
            )
        _check_data_keys(self.data_keys)


def settings_from(environ: Mapping[str, str]) -> Settings:
    """The settings of `serve`. Raises SettingsError with the first thing that is wrong."""
    return Settings(
        database_url=database_url_from(environ),
        signing_keys=signing_keys_from(environ),
        data_keys=data_keys_from(environ),
        dist=dist_from(environ),
        database_wait_ms=_whole(environ, "ZORIO_DATABASE_WAIT_MS", 5000, 0, 60_000),
        bearer_days=_whole(environ, "ZORIO_BEARER_DAYS", 90, 1, 3650),
        token_uses=_whole(environ, "ZORIO_TOKEN_USES", 5, 1, 1000),
        sip_seconds=_whole(environ, "ZORIO_SIP_SECONDS", 43_200, 900, LONGEST_SIP_SECONDS),
        history_days=_whole(environ, "ZORIO_HISTORY_DAYS", 90, 0, 3650),
        forwarded_ips=environ.get("ZORIO_FORWARDED_IPS") or "127.0.0.1",
    )


def database_url_from(environ: Mapping[str, str]) -> str:
    """The database alone, for commands that sign nothing."""
    return environ.get("ZORIO_DATABASE_URL") or f"sqlite:///{PROJECT / 'var' / 'zorio.db'}"


def signing_keys_from(environ: Mapping[str, str]) -> dict[str, str]:
    """The signing keys alone; empty where there are none. Raises SettingsError."""
    return _key_list("ZORIO_SIGNING_KEYS", environ.get("ZORIO_SIGNING_KEYS", ""))


def data_keys_from(environ: Mapping[str, str]) -> dict[str, str]:
    """The keys of what is encrypted in the database; empty where there are none. Raises SettingsError."""
    keys = _key_list("ZORIO_DATA_KEYS", environ.get("ZORIO_DATA_KEYS", ""))
    _check_data_keys(keys)
    return keys


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a data key. Raises ValueError for what is no base64url of 32 random bytes."""
    if not _DATA_KEY.fullmatch(text):
        raise ValueError("not 32 bytes in base64url")
    key = base64.urlsafe_b64decode(text.rstrip("=") + "=")
    if len(set(key)) < 10:
        raise ValueError("not random")
    return key


def dist_from(environ: Mapping[str, str]) -> Path:
    """The built frame alone, for the demo, which makes up everything else."""
    return Path(environ.get("ZORIO_DIST_DIR") or PROJECT / "dist")


def _key_list(name: str, text: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_id, equals, secret = part.partition("=")
        if not equals:
            raise SettingsError(f"{name} must look like kid=secret,kid=secret")
        if key_id in keys:
            raise SettingsError(f"{name} names one kid twice")
        keys[key_id] = secret
    return keys


def _check_key(key_id: str, secret: str) -> None:
    _check_key_id("ZORIO_SIGNING_KEYS", key_id)
    weak = (
        len(secret.encode()) < SHORTEST_SECRET
        or len(set(secret)) < 10
        or any(word in secret.lower() for word in _PLACEHOLDERS)
        or any(character.isspace() for character in secret)
    )
    if weak:
        raise SettingsError(
            f"ZORIO_SIGNING_KEYS: the secret of {key_id} is a placeholder, too simple or shorter than "
            f"{SHORTEST_SECRET} bytes; make one with `openssl rand -hex 32`"
        )


def _check_data_keys(keys: Mapping[str, str]) -> None:
    for key_id, key in keys.items():
        _check_key_id("ZORIO_DATA_KEYS", key_id)
        try:
            key_bytes(key)
        except ValueError:
            raise SettingsError(
                f"ZORIO_DATA_KEYS: the key {key_id} is not 32 random bytes in base64url; "
                "make one with `zorio-webphone data-keys new`"
            ) from None


def _check_key_id(name: str, key_id: str) -> None:
    if not _KEY_ID.fullmatch(key_id):
        raise SettingsError(f"{name}: a kid is 1 to 32 letters, digits, dots, dashes or underscores")


def _whole(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    # isdecimal alone also accepts other scripts' digits, and int() a sign or underscores.
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}")
    return int(text)
