"""Call rules of an account: what may be set, and what is kept."""

from typing import Any

import pytest

from server.customers.accounts import account_of_host, change_account
from server.customers.call_rules import DEFAULTS, all_rules, check_rules
from server.storage.database import Database
from tests.server.rows import add


def test_only_what_was_set_is_kept_and_all_of_it_is_sent(database: Database) -> None:
    database.write_now(lambda connection: add(connection))
    account = database.write_now(account_of_host, "phone.example")
    assert (account.rules, all_rules(account.rules)) == ({}, dict(DEFAULTS))
    changes = {"rules": {"dial_allow": ["+65X."], "calls_per_minute": "none"}}
    database.write_now(change_account, account, changes)
    account = database.write_now(account_of_host, "phone.example")
    assert account.rules == {"dial_allow": ["+65X."], "calls_per_minute": None}
    assert all_rules(account.rules) == {**DEFAULTS, "dial_allow": ["+65X."], "calls_per_minute": None}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"dial_allow": ["0[9"]}, "rules: dial_allow: '0\\[9' is no pattern"),
        ({"dial_deny": ["(a+)+$"]}, "rules: dial_deny: .* is no pattern"),
        ({"dial_deny": "1900X."}, "rules: dial_deny: it is a list"),
        ({"internal": ["X"] * 101}, "rules: internal: there may be 100"),
        ({"open_codes": [None]}, "rules: open_codes: it is a list"),
        ({"digest_realms": ['a"b']}, "rules: digest_realms: .* is no realm"),
        ({"follow_transfers": "sometimes"}, "rules: follow_transfers: it is one of"),
        ({"trusted_identity": "yes"}, "rules: trusted_identity: it is true or false"),
        ({"country": "+84"}, "rules: country: .* is no calling code"),
        ({"calls_per_minute": 0}, "rules: calls_per_minute: 0 is no limit"),
        ({"calls_at_once": True}, "rules: calls_at_once: True is no limit"),
        ({"longest_call_s": 86_401}, "rules: longest_call_s: 86401 is no limit"),
        ({"callsPerMinute": 5}, "rules: there is no 'callsPerMinute'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_field(
    database: Database, rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_rules(rules)
    with pytest.raises(ValueError, match=message):
        database.write_now(lambda connection: add(connection, rules=rules))
