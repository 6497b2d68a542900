"""Rows for tests that need no HTTP."""

from typing import Any

from sqlalchemy import Connection

from server.customers.accounts import add_account

ACCOUNT: dict[str, Any] = {
    "domain": "phone.example",
    "name": "Example",
    "sip_domain": "sip.example",
    "wss_urls": ["wss://pbx.example/ws"],
    "allowed_origins": ["https://crm.example"],
}


def add(connection: Connection, /, **changes: Any) -> int:
    return add_account(connection, **(ACCOUNT | changes))
