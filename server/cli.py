"""The command line `zorio-webphone`."""

import json
import logging
import os
import sys
from typing import Any, NoReturn, TextIO

import click
from sqlalchemy import Connection, select
from sqlalchemy.exc import ArgumentError

from server.accounts import account_of_host, add_account
from server.database import Database, accounts
from server.errors import ApiError, NotFound
from server.passwords import hash_password
from server.settings import SettingsError, database_url_from, dist_from, settings_from
from server.users import LONGEST_PASSWORD, ROLES, SHORTEST_PASSWORD, add_user

_ENVIRONMENT = """\b
Environment:
  ZORIO_SIGNING_KEYS      kid=secret[,kid=secret], the newest first (serve only)
  ZORIO_DATABASE_URL      default sqlite:///<project>/var/zorio.db
  ZORIO_DATABASE_WAIT_MS  wait for a locked SQLite file, default 5000
  ZORIO_DIST_DIR          the built frame, default <project>/dist
  ZORIO_BEARER_DAYS       life of a bearer, default 90
  ZORIO_TOKEN_USES        SIP settings per embed token, default 5
  ZORIO_SIP_SECONDS       life of time-limited SIP credentials, default 43200, a working day
  ZORIO_FORWARDED_IPS     reverse proxies to believe, default 127.0.0.1
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_ENVIRONMENT)
def main() -> None:
    """A webphone in an iframe, for CRM pages.

    \b
    Try it on this machine:     zorio-webphone demo
    Set up a customer:          zorio-webphone account add --help
                                zorio-webphone user add --help
    Run it for customers:       zorio-webphone serve
    """


@main.command(epilog=_ENVIRONMENT)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, envvar="PORT", type=click.IntRange(0, 65535))
def serve(host: str, port: int) -> None:
    """Serve the accounts of the database.

    Put a reverse proxy with TLS in front of it; it must pass the Host header on unchanged.

    \b
    Example:
      ZORIO_SIGNING_KEYS=k1=$(openssl rand -hex 32) zorio-webphone serve --port 8000
    """
    from server.app import create_app
    from server.serving import ServingError, open_port
    from server.serving import serve as run

    _log_to_stderr()
    try:
        settings = settings_from(os.environ)
        app = create_app(settings)
        with open_port(host, port) as listener:

            async def ready() -> None:
                click.echo(f"serving http://{host}:{listener.getsockname()[1]}/")

            run(app, [listener], forwarded_ips=settings.forwarded_ips, on_ready=ready)
    except (SettingsError, ServingError, ApiError, ArgumentError, ValueError) as error:
        _fail(error)
    except KeyboardInterrupt:
        pass


@main.command(short_help="Show everything on this machine.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    envvar="PORT",
    type=click.IntRange(0, 65535),
    help="0: any free one.",
)
def demo(port: int) -> None:
    """Show everything on this machine: a CRM page, the phone, and a PBX.

    Listens on loopback only and forgets everything when it stops. Users 1001 to 1004 have the passwords
    demo-1001 to demo-1004. Call *43 for an echo, or open the page twice, with ?user=1001 and ?user=1002.

    \b
    Example:
      zorio-webphone demo --port 8080
    """
    from server.serving import ServingError

    _log_to_stderr()
    try:
        from server.demo_server import serve_demo

        serve_demo(port, dist_from(os.environ))
    except ImportError as error:
        _fail(f"the demo needs its optional packages ({error.name}): pip install 'zorio-webphone[demo]'")
    except (SettingsError, ServingError) as error:
        _fail(error)
    except KeyboardInterrupt:
        pass


@main.group()
def account() -> None:
    """Customers: one domain each."""


@account.command("add")
@click.argument("domain")
@click.option("--name", help="The customer's name. Default: the domain.")
@click.option("--sip-domain", help="Right of the @ in SIP addresses. Default: the domain.")
@click.option(
    "--wss", "wss_urls", multiple=True, required=True, help="The PBX, wss://…; repeat for a second one."
)
@click.option(
    "--origin", "origins", multiple=True, required=True, help="A site that may embed the phone; repeat."
)
@click.option("--accent", help="The customer's colour, #rrggbb; the phone makes it readable.")
@click.option(
    "--ice-server",
    "ice_servers",
    multiple=True,
    help='JSON such as {"urls":["turn:…"]}, without a credential; repeat.',
)
@click.option(
    "--ice-servers-file",
    type=click.File(encoding="utf-8"),
    help="File (- for standard input) with such JSON, one a line; here each may have a credential.",
)
@click.option(
    "--turn-secret-file",
    type=click.File(encoding="utf-8"),
    help="File with the secret shared with the TURN server: each phone gets credentials of its own.",
)
@click.option(
    "--sip-secret-file",
    type=click.File(encoding="utf-8"),
    help="File (- for standard input) with the secret shared with the PBX: time-limited SIP credentials.",
)
def account_add(
    domain: str,
    name: str | None,
    sip_domain: str | None,
    wss_urls: tuple[str, ...],
    origins: tuple[str, ...],
    accent: str | None,
    ice_servers: tuple[str, ...],
    ice_servers_file: TextIO | None,
    turn_secret_file: TextIO | None,
    sip_secret_file: TextIO | None,
) -> None:
    """Add the customer whose phone is served at DOMAIN.

    \b
    Example:
      zorio-webphone account add phone.example.vn --name "Example" \\
        --wss wss://pbx.example.vn:7443/ws --origin https://crm.example.vn
    """
    servers = [_ice_server(text) for text in ice_servers]
    if any("credential" in server for server in servers):
        _fail("arguments are seen by everybody on this machine: use --turn-secret-file or --ice-servers-file")
    if ice_servers_file:
        servers += [_ice_server(line) for line in ice_servers_file.read().splitlines() if line.strip()]
    _write(
        add_account,
        domain=domain,
        name=name or domain,
        sip_domain=sip_domain or domain,
        wss_urls=wss_urls,
        allowed_origins=origins,
        accent=accent,
        ice_servers=servers,
        sip_secret=_secret("SIP", sip_secret_file),
        turn_secret=_secret("TURN", turn_secret_file),
    )
    click.echo(f"added account {domain}")


@main.group()
def user() -> None:
    """The people of a customer."""


@user.command("add")
@click.argument("domain")
@click.argument("username")
@click.option("--extension", help="The SIP user. Without one: no phone.")
@click.option("--display-name", default="", help="What the called party sees.")
@click.option("--email")
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True)
@click.option(
    "--password-file", type=click.File(encoding="utf-8"), help="Login password; - for standard input."
)
@click.option(
    "--sip-password-file", type=click.File(encoding="utf-8"), help="SIP password, where it is static."
)
def user_add(
    domain: str,
    username: str,
    extension: str | None,
    display_name: str,
    email: str | None,
    role: str,
    password_file: TextIO | None,
    sip_password_file: TextIO | None,
) -> None:
    """Add USERNAME to the account of DOMAIN; asks for the password.

    \b
    Example:
      zorio-webphone user add phone.example.vn an --extension 1001 --display-name "Nguyễn Văn An"
    """
    if password_file:
        password = password_file.read().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        _fail(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    _write(
        _add_user_to,
        domain,
        username=username,
        password_hash=hash_password(password),
        email=email,
        role=role,
        extension=extension,
        display_name=display_name,
        sip_password=sip_password_file.read().strip() if sip_password_file else None,
    )
    click.echo(f"added user {username} to {domain}")


def _add_user_to(connection: Connection, domain: str, **values: Any) -> int:
    try:
        account_id = account_of_host(connection, domain).id
    except NotFound as error:
        known = connection.execute(select(accounts.c.domain).order_by(accounts.c.domain)).scalars()
        raise ValueError(
            f"no account has the domain {domain}; there is: {', '.join(known) or 'none'}"
        ) from error
    return add_user(connection, account_id=account_id, **values)


def _write(work: Any, *arguments: Any, **values: Any) -> None:
    try:
        database = Database(database_url_from(os.environ))
        try:
            database.write_now(lambda connection: work(connection, *arguments, **values))
        finally:
            database.close()
    except (ValueError, ArgumentError, ApiError, OSError) as error:
        _fail(error)


def _secret(name: str, file: TextIO | None) -> str | None:
    if file is None:
        return None
    secret = file.read().strip()
    if len(secret) < 16:
        _fail(f"the {name} secret is shorter than 16 characters")
    return secret


def _ice_server(text: str) -> dict[str, Any]:
    try:
        server = json.loads(text)
    except ValueError:
        server = None
    if not isinstance(server, dict) or not isinstance(server.get("urls"), list) or not server["urls"]:
        _fail('an ICE server is JSON like {"urls":["turn:turn.example.vn"]}')
    return server


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # The demo CRM's own requests would each be two lines; aiortc and aioice talk at every call.
    for name in ("httpx", "httpcore", "aioice", "aiortc", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _fail(problem: object) -> NoReturn:
    raise click.ClickException(str(problem))


if __name__ == "__main__":
    main()
