"""The options of `account add`, `set` and `show` that are about the account's call rules."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from server.cli.option_types import Checked
from server.customers.call_rules import (
    FOLLOW_TRANSFERS,
    NONE,
    all_rules,
    check_country,
    check_limit,
    check_pattern,
    check_realm,
)

OPTIONS: Mapping[str, str] = {
    "follow-transfers": "follow_transfers",
    "digest-realm": "digest_realms",
    "digest-in-dialog": "digest_in_dialog",
    "trust-identity": "trusted_identity",
    "dial-allow": "dial_allow",
    "dial-deny": "dial_deny",
    "internal": "internal",
    "open-code": "open_codes",
    "country": "country",
    "calls-per-minute": "calls_per_minute",
    "calls-at-once": "calls_at_once",
    "longest-call": "longest_call_s",
}
"""Option -> field of the rules. Each may be cleared: then it has its default again."""


def _or_none(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: text if text == NONE else check(text)


def _limit(text: str) -> str:
    return NONE if check_limit(text) is None else text


_HELP: Mapping[str, tuple[str, Checked, bool]] = {
    "digest-realm": (
        "A realm whose challenges are answered; repeat. The SIP domain's unless set.",
        Checked("realm", _or_none(check_realm)),
        True,
    ),
    "dial-allow": (
        "What may be dialled, as Asterisk writes it; repeat.",
        Checked("pattern", _or_none(check_pattern)),
        True,
    ),
    "dial-deny": (
        "What may not be dialled even if it is allowed; repeat.",
        Checked("pattern", _or_none(check_pattern)),
        True,
    ),
    "internal": ("The PBX's own extensions; repeat.", Checked("pattern", _or_none(check_pattern)), True),
    "open-code": (
        "A feature code that also the CRM and a transfer may dial; repeat.",
        Checked("pattern", _or_none(check_pattern)),
        True,
    ),
    "country": (
        "The calling code of the PBX's country; 84 unless set.",
        Checked("code", check_country),
        False,
    ),
    "calls-per-minute": (
        "Calls that one phone may dial in any minute, or none.",
        Checked("number", _limit),
        False,
    ),
    "calls-at-once": ("Calls that one phone may have to dial one more.", Checked("number", _limit), False),
    "longest-call": ("Seconds until a phone ends a call, or none.", Checked("seconds", _limit), False),
}


def rule_options() -> list[Callable[[Callable[..., None]], Callable[..., None]]]:
    """For `account add` and `account set`."""
    return [
        click.option(
            "--follow-transfers",
            type=click.Choice(FOLLOW_TRANSFERS),
            help="When a phone follows a transfer by the other side; colleagues unless set.",
        ),
        click.option(
            "--digest-in-dialog/--no-digest-in-dialog",
            default=None,
            help="Whether the PBX asks for credentials in calls too; it does not unless set.",
        ),
        click.option(
            "--trust-identity/--no-trust-identity",
            "trusted_identity",
            default=None,
            help="Whether P-Asserted-Identity from the PBX is believed; it is unless set.",
        ),
        *(
            click.option(f"--{name}", OPTIONS[name], multiple=repeat, type=kind, help=text)
            for name, (text, kind, repeat) in _HELP.items()
        ),
    ]


def split(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the rules among the options, the other options). What was not given is in neither as a rule."""
    fields = set(OPTIONS.values())
    rules = {name: value for name, value in given.items() if name in fields and value not in (None, ())}
    return rules, {name: value for name, value in given.items() if name not in fields}


def shown(rules: Mapping[str, Any]) -> list[str]:
    """One option a line, as it would be given."""
    lines: list[str] = []
    for name, field in OPTIONS.items():
        value = all_rules(rules)[field]
        if isinstance(value, bool):
            lines.append(f"--{name}" if value else f"--no-{name}")
        else:
            every = value if isinstance(value, list) else [value]
            lines.append(" ".join(f"--{name} {NONE if one is None else one}" for one in every or [NONE]))
    return lines
