"""Removing users and accounts: nothing of them stays, nobody else loses anything, and it asks first."""

import pytest
from sqlalchemy import Connection, func, insert, select

from server.customers.bearers import issue_bearer
from server.storage.database import Database
from server.storage.tables import call_history, leases, metadata, phone_states, resume_records, users
from tests.server.commands import ACCOUNT, DOMAIN, PASSWORD, done, run, user_at


@pytest.fixture(autouse=True)
def account(url: str) -> None:
    done(url, ACCOUNT)


def rows_left(connection: Connection) -> dict[str, int]:
    """How many rows each table has that holds something of a user."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.tables.values()
        if "user_id" in table.c or table in (users, leases)
    }


def leave_traces(connection: Connection, user_id: int, account_id: int, extension: str) -> None:
    """A row of every kind."""
    issue_bearer(connection, user_id, None, 0, 2**40)
    connection.execute(insert(resume_records).values(user_id=user_id, sealed=b"x", expires_at=2**40))
    connection.execute(insert(call_history).values(user_id=user_id, uuid="u", started_at=1, sealed=b"x"))
    connection.execute(insert(phone_states).values(user_id=user_id, do_not_disturb=True))
    lease = {"account_id": account_id, "extension": extension, "holder": "h", "expires_at": 2**40}
    connection.execute(insert(leases).values(lease))


def with_two_users(url: str) -> Database:
    database = Database(url)
    for name, extension in (("an", "1001"), ("binh", "1002")):
        who = ["user", "add", DOMAIN, name, "--extension", extension]
        done(url, [*who, "--password-file", "-"], PASSWORD)
        user = user_at(url, name)
        database.write_now(leave_traces, user.id, user.account_id, extension)
    assert set(database.read_now(rows_left).values()) == {2}
    return database


@pytest.mark.parametrize(("options", "stdin"), [([], "y\n"), (["--yes"], None)])
def test_a_removed_user_leaves_nothing_behind(url: str, options: list[str], stdin: str | None) -> None:
    database = with_two_users(url)
    shown = done(url, ["user", "remove", DOMAIN, "an", *options], stdin)
    assert shown.endswith("removed user an of phone.example.vn\n")
    assert set(database.read_now(rows_left).values()) == {1}
    database.close()
    assert user_at(url, "binh").extension == "1002"


def test_a_removed_account_takes_its_users_with_it(url: str) -> None:
    done(url, ["account", "add", "other.example.vn", *ACCOUNT[3:]])
    database = with_two_users(url)
    shown = done(url, ["account", "remove", DOMAIN], "y\n")
    assert "Remove account phone.example.vn, its users (2) and their histories?" in shown
    assert set(database.read_now(rows_left).values()) == {0}
    database.close()
    assert [line.split()[0] for line in done(url, ["account", "list"]).splitlines()] == [
        "DOMAIN",
        "other.example.vn",
    ]


@pytest.mark.parametrize("what", [["account", "remove", DOMAIN], ["user", "remove", DOMAIN, "an"]])
@pytest.mark.parametrize("stdin", ["n\n", "\n", ""])
def test_nothing_is_removed_without_a_yes(url: str, what: list[str], stdin: str) -> None:
    database = with_two_users(url)
    assert run(url, what, stdin).exit_code == 1
    assert set(database.read_now(rows_left).values()) == {2}
    database.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["account", "remove", "x.example"], "no account has the domain x.example"),
        (["user", "remove", DOMAIN, "binh"], "has no user binh"),
    ],
)
def test_nobody_is_asked_about_what_is_not_there(url: str, arguments: list[str], message: str) -> None:
    result = run(url, arguments, "y\n")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
