"""`zorio-webphone account …`: customers."""

import json
from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy import Connection

from server.cli import call_rule_options
from server.cli.options import DOMAIN, YES, account_settings
from server.cli.support import (
    account_named,
    changes_of,
    confirm,
    data_ring,
    database_name,
    read,
    table,
    users_at,
    write,
)
from server.customers.accounts import Account, add_account, change_account, every_account, remove_account
from server.customers.ice_servers import has_credential
from server.customers.leases import FEATURE as ONE_PLACE
from server.customers.users import remove_user, users_of
from server.storage.key_ring import KeyRing

_CLEARABLE = {
    "accent": "accent",
    "ice-servers": "ice_servers",
    "sip-secret": "sip_secret",
    "turn-secret": "turn_secret",
    "missed-calls-secret": "missed_calls_secret",
}
_CLEARABLE_ALL = {**_CLEARABLE, **call_rule_options.OPTIONS}


@click.group()
def account() -> None:
    """Customers: one domain each."""


@account.command("list")
def account_list() -> None:
    """List the customers."""
    rows = read(_rows)
    if not rows:
        click.echo(f"no accounts in {database_name()}; add one: zorio-webphone account add --help")
        return
    click.echo(table(("DOMAIN", "NAME", "USERS"), rows))


@account.command("show", short_help="Show what is set for a customer.")
@DOMAIN
def account_show(domain: str) -> None:
    """Show what is set for the customer at DOMAIN, by the names of the options of `account set`.

    Of a secret it tells only whether there is one.
    """
    for name, values in _shown(read(account_named, domain)).items():
        for number, value in enumerate(values or ["-"]):
            click.echo(f"{name if number == 0 else '':13}{value}")


@account.command("add", short_help="Add a customer.")
@DOMAIN
@account_settings(required=True)
def account_add(domain: str, one_place: bool | None, **given: Any) -> None:
    """Add the customer whose phone is served at DOMAIN. Name and SIP domain are DOMAIN unless given.

    \b
    Example:
      zorio-webphone account add phone.example.vn --name "Example" \\
        --wss wss://pbx.example.vn:7443/ws --origin https://crm.example.vn
    """
    rules, others = call_rule_options.split(given)
    values = {"domain": domain, "name": domain, "sip_domain": domain, **changes_of(_with_file(others))}
    features = {} if one_place is None else {ONE_PLACE: one_place}
    ring = data_ring()
    write(lambda connection: add_account(connection, features=features, rules=rules, ring=ring, **values))
    click.echo(f"added account {domain}")


@account.command("set", short_help="Change a customer.")
@DOMAIN
@account_settings(required=False)
@click.option(
    "--clear",
    multiple=True,
    type=click.Choice(list(_CLEARABLE_ALL)),
    help="Have none of it any more, or the default; repeat.",
)
def account_set(domain: str, one_place: bool | None, clear: tuple[str, ...], **given: Any) -> None:
    """Change the customer at DOMAIN: only what is given, at once and without a restart.

    Of what can be repeated, those that are given are all there are then. A phone that is in use has the
    new values the next time it loads or gets a new token.

    \b
    Examples:
      zorio-webphone account set phone.example.vn --name "Example" --accent "#0a7d4f"
      zorio-webphone account set phone.example.vn --origin https://crm.example.vn \\
        --origin https://help.example.vn
      zorio-webphone account set phone.example.vn --clear accent
    """
    rules, others = call_rule_options.split(given)
    fields = call_rule_options.OPTIONS
    rules = changes_of(rules, [name for name in clear if name in fields], fields)
    changes = changes_of(_with_file(others), [name for name in clear if name not in fields], _CLEARABLE)
    if "ice_servers" in changes:
        changes["ice_servers"] = changes["ice_servers"] or []
    if one_place is None and not changes and not rules:
        raise click.UsageError("nothing to change: give at least one option")
    write(_change, domain, changes, one_place, rules, data_ring())
    click.echo(f"changed account {domain}")


@account.command("remove", short_help="Remove a customer, users and histories included.")
@DOMAIN
@YES
def account_remove(domain: str, yes: bool) -> None:
    """Remove the customer at DOMAIN with its users and their histories, for ever. Asks first.

    Every bearer and token is dead at once. Phones that are open stay registered with the PBX until their SIP
    credentials run out or their pages are closed: where that matters, end them at the PBX.
    """
    people = read(users_at, domain)
    confirm(f"Remove account {domain}, its users ({len(people)}) and their histories?", yes)
    write(_remove, domain)
    click.echo(f"removed account {domain}")


def _with_file(given: dict[str, Any]) -> dict[str, Any]:
    """The ICE servers of arguments and file together."""
    servers = [*given.pop("ice_servers"), *(given.pop("ice_servers_file") or [])]
    return {**given, "ice_servers": tuple(servers)}


def _change(
    connection: Connection,
    domain: str,
    changes: Mapping[str, Any],
    one_place: bool | None,
    rules: Mapping[str, Any],
    ring: KeyRing,
) -> None:
    """`rules`: None for each that shall have its default again."""
    account = account_named(connection, domain)
    if rules:
        kept = {**account.rules, **rules}
        changes = {**changes, "rules": {name: kept[name] for name in kept if rules.get(name, "") is not None}}
    if one_place is not None:
        changes = {**changes, "features": {**account.features, ONE_PLACE: one_place}}
    change_account(connection, account, changes, ring)


def _remove(connection: Connection, domain: str) -> None:
    for user in users_at(connection, domain):
        remove_user(connection, user)
    remove_account(connection, account_named(connection, domain))


def _rows(connection: Connection) -> list[tuple[str, str, str]]:
    return [
        (account.domain, account.name, str(len(users_of(connection, account.id))))
        for account in every_account(connection)
    ]


def _shown(account: Account) -> dict[str, list[str]]:
    return {
        "domain": [account.domain],
        "name": [account.name],
        "sip-domain": [account.sip_domain],
        "wss": list(account.wss_urls),
        "origin": list(account.allowed_origins),
        "accent": [account.accent] if account.accent else [],
        "ice-server": [_without_credential(server) for server in account.ice_servers],
        "turn-secret": ["set"] if account.turn_secret else [],
        "sip-secret": ["set"] if account.sip_secret else [],
        "missed-calls": ["set"] if account.missed_calls_secret else [],
        "phone in": ["several places" if account.features.get(ONE_PLACE) is False else "one place"],
        "call rules": call_rule_options.shown(account.rules),
    }


def _without_credential(server: Mapping[str, Any]) -> str:
    text = json.dumps({"urls": server["urls"]}, ensure_ascii=False)
    return f"{text} with a credential" if has_credential(server) else text
