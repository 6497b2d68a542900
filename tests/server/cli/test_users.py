"""`zorio-webphone user …`: what it writes, what it shows, and what it says when something is wrong."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, select, update

from server.customers.bearers import issue_bearer
from server.storage.database import Database
from server.storage.tables import bearers, users
from tests.server.commands import ACCOUNT, DOMAIN, PASSWORD, done, run, user_at

ADD = ["user", "add", DOMAIN, "an"]
SET = ["user", "set", DOMAIN, "an"]
LIST = ["user", "list", DOMAIN]
FULL = [*ADD, "--extension", "1001", "--display-name", "Nguyễn Văn An", "--email", "an@example.vn"]


@pytest.fixture(autouse=True)
def account(url: str) -> None:
    done(url, ACCOUNT)


def add(url: str, arguments: list[str] = FULL) -> None:
    done(url, [*arguments, "--password-file", "-"], f"{PASSWORD}\n")


def test_a_user_is_a_row_and_the_password_is_asked_for(url: str) -> None:
    shown = done(url, FULL, f"{PASSWORD}\n{PASSWORD}\n")
    assert "added user an to phone.example.vn" in shown
    assert PASSWORD not in shown
    found = user_at(url)
    assert (found.extension, found.display_name, found.role) == ("1001", "Nguyễn Văn An", "agent")
    assert found.email == "an@example.vn"
    assert PasswordHasher().verify(found.password_hash, PASSWORD)


def test_a_phone_that_cannot_register_is_told_at_once(url: str, tmp_path: Path) -> None:
    def added(name: str, *options: str) -> bool:
        shown = done(url, ["user", "add", DOMAIN, name, *options, "--password-file", "-"], PASSWORD)
        return "cannot register yet" not in shown

    (tmp_path / "sip.txt").write_text("a secret of the pbx")
    assert not added("an", "--extension", "1001")
    assert added("desk")
    assert added("binh", "--extension", "1002", "--sip-password-file", str(tmp_path / "sip.txt"))
    done(url, ["account", "set", DOMAIN, "--sip-secret-file", str(tmp_path / "sip.txt")])
    assert added("chau", "--extension", "1003")


def test_who_has_no_display_name_is_called_by_the_user_name(url: str) -> None:
    add(url, ADD)
    assert (user_at(url).display_name, user_at(url).extension) == ("an", None)


def test_an_empty_list_says_what_to_do(url: str) -> None:
    assert done(url, LIST) == "no users at phone.example.vn; add one: zorio-webphone user add --help\n"


def test_the_list_shows_no_password(url: str) -> None:
    add(url)
    add(url, ["user", "add", DOMAIN, "binh", "--role", "admin"])
    done(url, [*SET, "--sip-password-file", "-"], "red swordfish\n")
    shown = done(url, LIST)
    assert shown.splitlines() == [
        "USERNAME  EXTENSION  ROLE   SIP PASSWORD  EMAIL          DISPLAY NAME",
        "an        1001       agent  set           an@example.vn  Nguyễn Văn An",
        "binh      -          admin  -             -              binh",
    ]
    assert "red swordfish" not in shown


def test_a_sip_password_of_an_older_version_is_kept_and_shown_as_too_short(url: str) -> None:
    add(url)
    done(url, [*SET, "--sip-password-file", "-"], "twelve chars")
    assert "too short" not in done(url, LIST)
    database = Database(url)
    database.write_now(
        lambda connection: connection.execute(update(users).values(sip_password="eleven char"))
    )
    database.close()
    assert "too short" in done(url, LIST)
    done(url, [*SET, "--email", "new@example.vn"])
    assert user_at(url).sip_password == "eleven char"


def test_only_what_is_given_changes(url: str) -> None:
    add(url)
    before = user_at(url)
    more = ["--extension", "1002", "--role", "supervisor", "--sip-password-file", "-"]
    assert done(url, [*SET, *more], "red swordfish\n") == "changed user an of phone.example.vn\n"
    after = user_at(url)
    assert (after.extension, after.role, after.sip_password) == ("1002", "supervisor", "red swordfish")
    assert (after.display_name, after.email) == (before.display_name, before.email)
    assert (after.id, after.password_hash) == (before.id, before.password_hash)


def test_what_is_cleared_is_gone(url: str) -> None:
    add(url)
    done(url, [*SET, "--sip-password-file", "-"], "red swordfish")
    done(url, [*SET, "--clear", "extension", "--clear", "email", "--clear", "sip-password"])
    found = user_at(url)
    assert (found.extension, found.email, found.sip_password) == (None, None, None)


def bearers_of(connection: Connection, user_id: int) -> int:
    return len(connection.execute(select(bearers).where(bearers.c.user_id == user_id)).all())


@pytest.mark.parametrize(
    ("how", "stdin"),
    [(["--password"], "another one\nanother one\n"), (["--password-file", "-"], "another one\n")],
)
def test_a_new_password_ends_every_bearer_and_nothing_else_does(url: str, how: list[str], stdin: str) -> None:
    add(url)
    add(url, ["user", "add", DOMAIN, "binh"])
    database = Database(url)
    for name in ("an", "binh"):
        database.write_now(issue_bearer, user_at(url, name).id, None, 0, 2**40)
    done(url, [*SET, "--email", "new@example.vn"])
    assert database.read_now(bearers_of, user_at(url).id) == 1
    assert "another one" not in done(url, [*SET, *how], stdin)
    assert database.read_now(bearers_of, user_at(url).id) == 0
    assert database.read_now(bearers_of, user_at(url, "binh").id) == 1
    database.close()
    assert PasswordHasher().verify(user_at(url).password_hash, "another one")


@pytest.mark.parametrize("command", ["add", "set"])
@pytest.mark.parametrize(
    ("options", "stdin", "message"),
    [
        (["--extension", "10@01"], None, "'--extension': an extension has 1 to 32 letters"),
        (["--display-name", "a\nb"], None, "'--display-name': a name has 1 to 200 characters"),
        (["--email", "an"], None, "'--email': 'an' is no e-mail address"),
        (["--role", "boss"], None, "'boss' is not one of 'admin'"),
        (["--password-file", "-"], "short", "'--password-file': a password has 8 to 1024 characters"),
        (
            ["--sip-password-file", "-"],
            "\n",
            "'--sip-password-file': a SIP password has 12 to 200",
        ),
    ],
)
def test_mistakes_name_the_option_and_change_nothing(
    url: str, command: str, options: list[str], stdin: str | None, message: str
) -> None:
    add(url)
    before = user_at(url)
    start = SET if command == "set" else ["user", "add", DOMAIN, "binh"]
    result = run(url, [*start, *options], stdin)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output
    assert user_at(url) == before
    assert len(done(url, LIST).splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (
            ["user", "add", "x.example", "binh", "--password-file", "-"],
            PASSWORD,
            "there is: phone.example.vn",
        ),
        (["user", "list", "x.example"], None, "no account has the domain x.example"),
        ([*ADD, "--password-file", "-"], PASSWORD, "a user of that name or extension already"),
        (["user", "add", DOMAIN, "b inh"], None, "'USERNAME': a user name has 1 to 200 characters"),
        (["user", "add", DOMAIN, "binh"], "short\nshort\n", "a password has 8 to 1024 characters"),
        (["user", "set", DOMAIN, "binh", "--password"], None, "has no user binh: zorio-webphone user list"),
        (
            ["user", "set", DOMAIN, "chau", "--extension", "1001"],
            None,
            "another user of this account has that",
        ),
        (SET, None, "nothing to change: give at least one option"),
        ([*SET, "--extension", "1", "--clear", "extension"], None, "--clear extension contradicts"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(
    url: str, arguments: list[str], stdin: str | None, message: str
) -> None:
    add(url)
    add(url, ["user", "add", DOMAIN, "chau"])
    result = run(url, arguments, stdin)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output
