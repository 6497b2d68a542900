"""Rows of customers: what they may hold."""

from typing import Any

import pytest

from server.customers.accounts import account_of_host
from server.customers.origins import LONGEST_ORIGINS
from server.storage.database import Database
from tests.server.rows import add


def test_a_colour_is_kept_in_one_form(database: Database) -> None:
    database.write_now(lambda connection: add(connection, accent="#0A7D4F"))
    assert database.write_now(account_of_host, "phone.example").accent == "#0a7d4f"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"domain": "https://phone.example"}, "is no domain"),
        ({"domain": "phone.example:8000"}, "is no domain"),
        ({"sip_domain": "a b"}, "is no domain"),
        ({"wss_urls": []}, "at least one"),
        ({"wss_urls": ["ws://pbx.example/ws"]}, "use wss://"),
        ({"wss_urls": ["wss://user:pw@pbx.example/"]}, "no WebSocket address"),
        ({"wss_urls": ["wss://pbx.example:99999/"]}, "no WebSocket address"),
        ({"wss_urls": ["https://pbx.example/"]}, "no WebSocket address"),
        ({"wss_urls": ["wss://[::1/"]}, "no WebSocket address"),
        ({"accent": "green"}, "is no colour"),
        ({"accent": "#0a7d4"}, "is no colour"),
        ({"accent": "#0a7d4f;}"}, "is no colour"),
        ({"allowed_origins": ["*"]}, "is no origin"),
        ({"allowed_origins": ["https://crm.example/"]}, "is no origin"),
        ({"allowed_origins": ["http://crm.example"]}, "plain http"),
        ({"allowed_origins": ["https://a.example https://b.example"]}, "is no origin"),
        ({"allowed_origins": [f"https://{n:060d}.example" for n in range(LONGEST_ORIGINS // 60)]}, "longer"),
    ],
)
def test_a_bad_account_is_refused_with_a_sentence(
    database: Database, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        database.write_now(lambda connection: add(connection, **change))


def test_a_domain_belongs_to_one_account(database: Database) -> None:
    database.write_now(add)
    with pytest.raises(ValueError, match="already"):
        database.write_now(lambda connection: add(connection, domain="PHONE.example"))
    found = database.write_now(account_of_host, "Phone.Example:443")
    assert found.name == "Example"
