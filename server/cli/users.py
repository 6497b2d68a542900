"""`zorio-webphone user …`: the people of a customer."""

from typing import Any

import click
from sqlalchemy import Connection

from server.cli.options import DOMAIN, USERNAME, YES, user_settings
from server.cli.support import (
    account_named,
    changes_of,
    confirm,
    data_ring,
    fail,
    read,
    table,
    users_at,
    write,
)
from server.customers.passwords import hash_password
from server.customers.users import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    SHORTEST_SIP_PASSWORD,
    User,
    add_user,
    change_user,
    remove_user,
    user_named,
)
from server.storage.key_ring import KeyRing
from server.storage.sealing import BadSeal

_CLEARABLE = {"extension": "extension", "email": "email", "sip-password": "sip_password"}


@click.group()
def user() -> None:
    """The people of a customer."""


@user.command("list", short_help="List the people of a customer.")
@DOMAIN
def user_list(domain: str) -> None:
    """List the people of the customer at DOMAIN; no password is ever shown."""
    people = read(users_at, domain)
    if not people:
        click.echo(f"no users at {domain}; add one: zorio-webphone user add --help")
        return
    head = ("USERNAME", "EXTENSION", "ROLE", "SIP PASSWORD", "EMAIL", "DISPLAY NAME")
    click.echo(table(head, [_row(person, data_ring()) for person in people]))


@user.command("add", short_help="Add a user.")
@DOMAIN
@USERNAME
@user_settings(role="agent")
def user_add(domain: str, username: str, password: str | None, **given: Any) -> None:
    """Add USERNAME to the customer at DOMAIN; asks for the login password.

    \b
    Example:
      zorio-webphone user add phone.example.vn an --extension 1001 --display-name "Nguyễn Văn An"
    """
    password_hash = hash_password(password or _asked())
    values = {"username": username, "password_hash": password_hash, **changes_of(given)}
    can_register = write(_add, domain, values, data_ring())
    click.echo(f"added user {username} to {domain}")
    if given["extension"] and not can_register:
        click.echo(
            "this phone cannot register yet: give the user a password with `user set … --sip-password-file`, "
            "or the account a secret with `account set … --sip-secret-file`"
        )


@user.command("set", short_help="Change a user.")
@DOMAIN
@USERNAME
@user_settings(role=None)
@click.option("--password", "ask", is_flag=True, help="Ask for a new login password.")
@click.option(
    "--clear", multiple=True, type=click.Choice(list(_CLEARABLE)), help="Have none of it any more; repeat."
)
def user_set(
    domain: str, username: str, password: str | None, ask: bool, clear: tuple[str, ...], **given: Any
) -> None:
    """Change USERNAME of the customer at DOMAIN: only what is given, at once and without a restart.

    A new login password ends every bearer of this user: their CRM has to log in again. It ends what their
    phones have been given, and so does another role, extension or SIP password: each wants a new embed token.

    \b
    Examples:
      zorio-webphone user set phone.example.vn an --extension 1002 --display-name "Nguyễn Văn An"
      zorio-webphone user set phone.example.vn an --password
    """
    changes = changes_of(given, clear, _CLEARABLE)
    if not (changes or ask or password):
        raise click.UsageError("nothing to change: give at least one option")
    read(_user_at, domain, username)  # before anybody types a password for nothing
    if ask or password:
        changes["password_hash"] = hash_password(password or _asked())
    write(_change, domain, username, changes, data_ring())
    click.echo(f"changed user {username} of {domain}")


@user.command("remove", short_help="Remove a user, history included.")
@DOMAIN
@USERNAME
@YES
def user_remove(domain: str, username: str, yes: bool) -> None:
    """Remove USERNAME of the customer at DOMAIN, with the calls in their history, for ever. Asks first.

    Every bearer and token of this user is dead at once. A phone that is open stays registered with the PBX
    until its SIP credentials run out or its page is closed: where that matters, end it at the PBX.
    """
    read(_user_at, domain, username)
    confirm(f"Remove user {username} of {domain} and their history?", yes)
    write(_remove, domain, username)
    click.echo(f"removed user {username} of {domain}")


def _asked() -> str:
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        fail(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


def _add(connection: Connection, domain: str, values: dict[str, Any], ring: KeyRing) -> bool:
    """Whether there are SIP credentials for the user (sip_config.py)."""
    account = account_named(connection, domain)
    add_user(connection, account_id=account.id, ring=ring, **values)
    return account.sip_secret is not None or "sip_password" in values


def _change(
    connection: Connection, domain: str, username: str, changes: dict[str, Any], ring: KeyRing
) -> None:
    change_user(connection, _user_at(connection, domain, username), changes, ring)


def _remove(connection: Connection, domain: str, username: str) -> None:
    remove_user(connection, _user_at(connection, domain, username))


def _user_at(connection: Connection, domain: str, username: str) -> User:
    found = user_named(connection, account_named(connection, domain).id, username)
    if found is None:
        raise ValueError(f"{domain} has no user {username}: zorio-webphone user list {domain}")
    return found


def _password_state(person: User, ring: KeyRing) -> str:
    """Whether there is a SIP password, and whether it is long enough, where it can be read."""
    if person.sip_password is None:
        return ""
    try:
        length = len(person.sip_password.open(ring))
    except BadSeal:  # without its key nothing can be said of it
        return "set"
    return "set" if length >= SHORTEST_SIP_PASSWORD else "too short"


def _row(person: User, ring: KeyRing) -> tuple[str, ...]:
    return (
        person.username,
        person.extension or "",
        person.role,
        _password_state(person, ring),
        person.email or "",
        person.display_name,
    )
