"""What the commands share: the database, tables of text, and errors as one sentence, never a traceback."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from server.customers.accounts import Account, account_of_host, every_account
from server.customers.users import User, users_of
from server.errors import ApiError, NotFound
from server.settings import SettingsError, data_keys_from, database_url_from
from server.storage.database import Database, Given, Result, Work
from server.storage.key_ring import KeyRing


def fail(problem: object) -> NoReturn:
    """Ends the command with one line."""
    raise click.ClickException(str(problem))


@contextmanager
def sentences() -> Iterator[None]:
    """What a database or its address may raise, as one line; a statement's parameters are never in it."""
    try:
        yield
    except SQLAlchemyError as error:
        fail(f"ZORIO_DATABASE_URL: {getattr(error, 'orig', None) or error}")
    except ImportError as error:
        fail(f"ZORIO_DATABASE_URL: the driver {error.name} is not installed")
    except (ValueError, ApiError, OSError) as error:
        fail(error)


@contextmanager
def database() -> Iterator[Database]:
    """The one that ZORIO_DATABASE_URL names."""
    with sentences():
        opened = Database(database_url_from(os.environ))
        try:
            yield opened
        finally:
            opened.close()


def data_ring() -> KeyRing:
    """That of ZORIO_DATA_KEYS; where it is empty it seals nothing. Ends the command for a wrong value."""
    try:
        return KeyRing(data_keys_from(os.environ))
    except SettingsError as error:
        fail(error)


def read(work: Work[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """`work(connection, *arguments)`, which changes nothing."""
    with database() as opened:
        return opened.read_now(work, *arguments, **named)


def write(work: Work[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """`work(connection, *arguments)`: all of it, or nothing where it raises."""
    with database() as opened:
        return opened.write_now(work, *arguments, **named)


def database_name() -> str:
    """For people who look into the wrong one; without its password."""
    return make_url(database_url_from(os.environ)).render_as_string(hide_password=True)


def account_named(connection: Connection, domain: str) -> Account:
    """Raises ValueError that tells which there are."""
    try:
        return account_of_host(connection, domain)
    except NotFound as error:
        known = ", ".join(account.domain for account in every_account(connection))
        raise ValueError(f"no account has the domain {domain}; there is: {known or 'none'}") from error


def users_at(connection: Connection, domain: str) -> list[User]:
    """Raises ValueError as `account_named` does."""
    return users_of(connection, account_named(connection, domain).id)


def confirm(question: str, yes: bool) -> None:
    """Ends the command unless the answer, or `--yes`, is yes."""
    if not yes and not click.confirm(question):
        fail("nothing was removed")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; "-" for an empty one."""
    lines = [head, *([cell or "-" for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def changes_of(
    given: Mapping[str, Any], cleared: Sequence[str] = (), fields: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """`given` without what was not given, and None for each option that is `cleared`.

    `fields`: option -> field, of those that may be cleared. Raises click.UsageError for a contradiction.
    """
    changes = {name: value for name, value in given.items() if value not in (None, ())}
    for option in cleared:
        field = (fields or {})[option]
        if changes.get(field) is not None:
            raise click.UsageError(f"--clear {option} contradicts the new value: leave one of them out")
        changes[field] = None
    return changes
