"""Options that `add` and `set` share, so that what can be given can be changed."""

from collections.abc import Callable, Sequence

import click

from server.cli.call_rule_options import rule_options
from server.cli.option_types import Checked, IceServersFile, SecretFile, ice_server
from server.customers.origins import check_domain, check_origin, check_wss_url
from server.customers.sip_address import check_extension, check_sip_domain
from server.customers.users import (
    LONGEST_PASSWORD,
    ROLES,
    SHORTEST_PASSWORD,
    SHORTEST_SIP_PASSWORD,
    check_email,
    check_username,
)
from server.customers.values import check_colour, check_name

Command = Callable[..., None]
Decorator = Callable[[Command], Command]

_SECRET = SecretFile("secret", 16, 200)

DOMAIN = click.argument("domain", type=Checked("domain", check_domain))
USERNAME = click.argument("username", type=Checked("text", check_username))
YES = click.option("--yes", is_flag=True, help="Do not ask.")


def account_settings(required: bool) -> Decorator:
    """The options of `account add` and `account set`."""
    options: list[Decorator] = [
        click.option("--name", type=Checked("text", check_name), help="Stands in the head of the phone."),
        click.option(
            "--sip-domain", type=Checked("domain", check_sip_domain), help="Right of the @ in SIP addresses."
        ),
        click.option(
            "--wss",
            "wss_urls",
            multiple=True,
            required=required,
            type=Checked("url", check_wss_url),
            help="The PBX, wss://…; repeat for a second one.",
        ),
        click.option(
            "--origin",
            "allowed_origins",
            multiple=True,
            required=required,
            type=Checked("origin", check_origin),
            help="A site that may embed the phone, https://…; repeat.",
        ),
        click.option(
            "--accent",
            type=Checked("colour", check_colour),
            help="The customer's colour, #rrggbb; the phone makes it readable.",
        ),
        click.option(
            "--ice-server",
            "ice_servers",
            multiple=True,
            type=Checked("json", ice_server),
            help='JSON such as {"urls":["stun:…"]}, without a credential; repeat.',
        ),
        click.option(
            "--ice-servers-file",
            type=IceServersFile(),
            help="File (- for standard input) with such JSON, one a line; here each may have a credential.",
        ),
        click.option(
            "--turn-secret-file",
            "turn_secret",
            type=_SECRET,
            help="File with the secret shared with the TURN server: each phone gets credentials of its own.",
        ),
        click.option(
            "--sip-secret-file",
            "sip_secret",
            type=_SECRET,
            help="File with the secret shared with the PBX: time-limited SIP credentials.",
        ),
        click.option(
            "--missed-calls-secret-file",
            "missed_calls_secret",
            type=_SECRET,
            help="File with the secret by which the PBX reports missed calls; the SIP secret unless given.",
        ),
        click.option(
            "--one-place/--several-places",
            default=None,
            help="Where an extension's phone may be used at once; one unless set.",
        ),
        *rule_options(),
    ]
    return _together(options)


def user_settings(role: str | None) -> Decorator:
    """The options of `user add` and `user set`; `role` is the default one."""
    options = [
        click.option(
            "--extension",
            type=Checked("extension", check_extension),
            help="The SIP user. Who has none has no phone.",
        ),
        click.option("--display-name", type=Checked("text", check_name), help="What the called party sees."),
        click.option("--email", type=Checked("email", check_email), help="Handed to the CRM at login."),
        click.option(
            "--role",
            type=click.Choice(ROLES),
            default=role,
            show_default=True,
            help="read_only may not use a phone.",
        ),
        click.option(
            "--password-file",
            "password",
            type=SecretFile("password", SHORTEST_PASSWORD, LONGEST_PASSWORD, "\r\n"),
            help="File (- for standard input) with the login password.",
        ),
        click.option(
            "--sip-password-file",
            "sip_password",
            type=SecretFile("SIP password", SHORTEST_SIP_PASSWORD, 200),
            help="File with the password at the PBX, where that is static: a long random one.",
        ),
    ]
    return _together(options)


def _together(options: Sequence[Decorator]) -> Decorator:
    def decorate(command: Command) -> Command:
        for option in reversed(options):  # as decorators that stand below each other
            command = option(command)
        return command

    return decorate
