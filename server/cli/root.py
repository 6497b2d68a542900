"""The command line `zorio-webphone`."""

import logging
import os
import sys

import click

from server.cli.accounts import account
from server.cli.data_keys import data_keys
from server.cli.support import fail, sentences
from server.cli.users import user
from server.settings import SettingsError, dist_from, settings_from

_ENVIRONMENT = """\b
Environment:
  ZORIO_SIGNING_KEYS      kid=secret[,kid=secret], the newest first (serve only)
  ZORIO_DATA_KEYS         kid=key[,kid=key] of what is encrypted in the database, the newest first
  ZORIO_DATABASE_URL      default sqlite:///<project>/var/zorio.db; or postgresql://user:password@host/name
  ZORIO_DATABASE_WAIT_MS  wait for a locked SQLite file, default 5000
  ZORIO_DIST_DIR          the built frame, default <project>/dist
  ZORIO_BEARER_DAYS       life of a bearer, default 90
  ZORIO_TOKEN_USES        SIP settings per embed token, default 5
  ZORIO_SIP_SECONDS       life of time-limited SIP credentials, default 43200, a working day
  ZORIO_HISTORY_DAYS      how long calls stay in their user's history, default 90; 0: not at all
  ZORIO_FORWARDED_IPS     reverse proxies to believe, default 127.0.0.1
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_ENVIRONMENT)
def main() -> None:
    """A webphone in an iframe, for CRM pages.

    \b
    Try it on this machine:     zorio-webphone demo
    Set up a customer:          zorio-webphone account add --help
                                zorio-webphone user add --help
    See and change customers:   zorio-webphone account --help
                                zorio-webphone user --help
    Run it for customers:       zorio-webphone data-keys --help
                                zorio-webphone serve
    """


@main.command(epilog=_ENVIRONMENT)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, envvar="PORT", type=click.IntRange(0, 65535))
def serve(host: str, port: int) -> None:
    """Serve the accounts of the database.

    Put a reverse proxy with TLS in front of it; it must pass the Host header on unchanged.

    \b
    Example:
      export ZORIO_SIGNING_KEYS=k1=$(openssl rand -hex 32)
      export ZORIO_DATA_KEYS=$(zorio-webphone data-keys new)   # keep both
      zorio-webphone serve --port 8000
    """
    from server.api.serving import ServingError, open_port
    from server.api.serving import serve as run
    from server.app import create_app

    _log_to_stderr()
    try:
        settings = settings_from(os.environ)
        with open_port(host, port) as listener:
            with sentences():
                app = create_app(settings)

            async def ready() -> None:
                click.echo(f"serving http://{host}:{listener.getsockname()[1]}/")

            run(app, [listener], forwarded_ips=settings.forwarded_ips, on_ready=ready)
    except (SettingsError, ServingError) as error:
        fail(error)
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
    from server.api.serving import ServingError

    _log_to_stderr()
    try:
        from server.demo.serve import serve_demo

        serve_demo(port, dist_from(os.environ))
    except ImportError as error:
        fail(f"the demo needs its optional packages ({error.name}): pip install 'zorio-webphone[demo]'")
    except (SettingsError, ServingError) as error:
        fail(error)
    except KeyboardInterrupt:
        pass


main.add_command(account)
main.add_command(user)
main.add_command(data_keys)


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # The demo CRM's own requests would each be two lines; aiortc and aioice talk at every call.
    for name in ("httpx", "httpcore", "aioice", "aiortc", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)
