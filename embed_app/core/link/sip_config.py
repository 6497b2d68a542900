"""Reading the body of `GET /api/webphone/sip-config` as a SipConfig (contract section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from embed_app.core.link.call_rules import read_rules
from embed_app.core.link.values import SipConfig
from embed_app.core.text import clean_name, is_colour

T = TypeVar("T")


class ConfigError(ValueError):
    """The body is not what the contract says. The text names the field, never its value."""


def _take(data: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = data.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigError(name)
    return value


def _text(value: object, name: str) -> str:
    """Of a field that an older server does not send."""
    text = value.get(name) if isinstance(value, Mapping) else None
    return text if isinstance(text, str) else ""


def read_config(body: object, token_expires_at: float) -> SipConfig:
    """`body`: the parsed JSON. Raises ConfigError where a required field is missing or is of another type.

    `token_expires_at`: the token's own `exp`, seconds since the epoch. With `expires_in` it tells the time on
    the server's clock, so that the end of the credentials is read as a duration from now.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), Mapping):
        raise ConfigError("data")
    data: Mapping[str, Any] = body["data"]
    expires_in = float(_take(data, "expires_in", int))
    urls = _take(data, "wss_urls", list)
    if not urls or not all(isinstance(url, str) and url.startswith(("wss://", "ws://")) for url in urls):
        raise ConfigError("wss_urls")
    ice_servers = data.get("ice_servers") or []
    if not isinstance(ice_servers, list) or not all(isinstance(item, Mapping) for item in ice_servers):
        raise ConfigError("ice_servers")
    features = data.get("features") or {}
    if not isinstance(features, Mapping):
        raise ConfigError("features")
    until = data.get("credentials_expire_at")
    credentials_expire_in: float | None = None
    if until is not None:
        try:
            server_now = token_expires_at - expires_in
            credentials_expire_in = datetime.fromisoformat(str(until)).timestamp() - server_now
        except (ValueError, OverflowError, OSError):
            raise ConfigError("credentials_expire_at") from None
    lease = data.get("lease")
    held, ticket = (lease.get("held"), lease.get("ticket")) if isinstance(lease, Mapping) else (None, None)
    history, history_ticket, keeps, quiet = data.get("memory"), "", False, False
    if isinstance(history, Mapping) and isinstance(history.get("ticket"), str):
        history_ticket = history["ticket"]
        keeps, quiet = history.get("history") is True, history.get("do_not_disturb") is True
    account = data.get("account")
    name, accent = (account.get("name"), account.get("accent")) if isinstance(account, Mapping) else ("", "")
    return SipConfig(
        extension=_take(data, "extension", str),
        display_name=data["display_name"] if isinstance(data.get("display_name"), str) else "",
        sip_uri=_take(data, "sip_uri", str),
        auth_username=_take(data, "auth_username", str),
        auth_password=_take(data, "auth_password", str),
        credentials_expire_in=credentials_expire_in,
        wss_urls=tuple(urls),
        ice_servers=tuple(ice_servers),
        token_expires_in=expires_in,
        lease_held=held if isinstance(held, bool) and isinstance(ticket, str) else None,
        lease_ticket=ticket if isinstance(held, bool) and isinstance(ticket, str) else "",
        history_ticket=history_ticket,
        keeps_history=keeps,
        do_not_disturb=quiet,
        features=features,
        account_name=clean_name(name) if isinstance(name, str) else "",
        accent=accent if isinstance(accent, str) and is_colour(accent) else "",
        resume_ticket=_text(data.get("resume"), "ticket"),
        resume_key=_text(data.get("resume"), "key"),
        rules=read_rules(data.get("rules")),
    )
