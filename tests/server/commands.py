"""Runs commands against a database of their own."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from click.testing import CliRunner, Result

from server.cli import main
from server.customers.accounts import account_of_host
from server.customers.kept_secrets import ACCOUNT_SECRETS
from server.customers.users import user_named
from server.storage.database import Database
from server.storage.key_ring import Kept, KeyRing, new_key

DOMAIN = "phone.example.vn"
ACCOUNT = ["account", "add", DOMAIN, "--wss", "wss://pbx.example.vn:7443/ws"]
ACCOUNT += ["--origin", "https://crm.example.vn"]
PASSWORD = "a long password"
DATA_KEYS = f"d1={new_key()}"
"""Of commands, and of the servers on their databases."""
_RING = KeyRing(dict([DATA_KEYS.split("=", 1)]))


def run(
    url: str, arguments: list[str], stdin: str | None = None, others: Mapping[str, str] | None = None
) -> Result:
    """One command; what it prints to both streams is in `output`. `others`: of the settings."""
    variables = {"ZORIO_DATABASE_URL": url, "ZORIO_DATA_KEYS": DATA_KEYS, **(others or {})}
    return CliRunner().invoke(main, arguments, input=stdin, env=variables)


def done(url: str, arguments: list[str], stdin: str | None = None) -> str:
    """What a command prints that must succeed."""
    result = run(url, arguments, stdin)
    assert result.exit_code == 0, result.output
    return result.output


def account_at(url: str, domain: str = DOMAIN) -> Any:
    """As the server finds it, with its secrets opened."""
    database = Database(url)
    try:
        found = database.read_now(account_of_host, domain)
    finally:
        database.close()
    secrets = {name: opened(getattr(found, name)) for name in (*ACCOUNT_SECRETS, "relays")}
    servers = json.loads(secrets.pop("relays") or "null")
    return replace(found, ice_servers=tuple(servers or found.ice_servers), relays=None, **secrets)


def user_at(url: str, username: str = "an") -> Any:
    """As the server finds it, with its SIP password opened."""
    account = account_at(url)
    database = Database(url)
    try:
        found = database.read_now(user_named, account.id, username)
    finally:
        database.close()
    assert found is not None
    return replace(found, sip_password=opened(found.sip_password))


def opened(kept: Kept | None) -> Any:
    """The secret itself."""
    return None if kept is None else kept.open(_RING)
