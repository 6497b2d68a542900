"""Rows of users: what they may hold."""

from typing import Any

import pytest

from server.customers.users import add_user
from server.storage.database import Database
from tests.server.rows import add


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": "a b"}, "user name"),
        ({"username": ""}, "user name"),
        ({"role": "root"}, "a role is one of"),
        ({"extension": "10@01"}, "extension"),
        ({"extension": "1001\r\n"}, "extension"),
        ({"username": "an"}, "already"),
        ({"extension": "1001"}, "already"),
    ],
)
def test_a_bad_user_is_refused_with_a_sentence(
    database: Database, change: dict[str, str], message: str
) -> None:
    account_id = database.write_now(add)
    good: dict[str, Any] = {"account_id": account_id, "password_hash": "x"}
    database.write_now(lambda c: add_user(c, username="an", extension="1001", **good))
    with pytest.raises(ValueError, match=message):
        database.write_now(
            lambda c: add_user(c, **(good | {"username": "binh", "extension": "1002"} | change))
        )
