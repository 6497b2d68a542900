"""`zorio-webphone data-keys …`: the keys of what is encrypted in the database."""

import os
import secrets
import sys
import time

import click

from server.cli.support import data_ring, database, fail
from server.customers.at_rest import Lost, lost_values, rotate, scrub, stale_values
from server.settings import SettingsError, signing_keys_from
from server.storage.key_ring import new_key


@click.group("data-keys")
def data_keys() -> None:
    """The keys of what is encrypted in the database.

    SIP passwords, shared secrets, credentials of ICE servers, call histories. Without its key such a value is
    lost: keep ZORIO_DATA_KEYS apart from the database and its backups.
    """


@data_keys.command("new", short_help="Print a new key for ZORIO_DATA_KEYS.")
def data_keys_new() -> None:
    """Print a new key, random and with a name of its own, in the form that ZORIO_DATA_KEYS takes.

    \b
    Example:
      export ZORIO_DATA_KEYS="$(zorio-webphone data-keys new)"
    """
    click.echo(f"d{time.strftime('%Y%m%d')}-{secrets.token_hex(2)}={new_key()}")


@data_keys.command("check", short_help="Tell what the keys do not open.")
def data_keys_check() -> None:
    """Tell what in the database the keys do not open, and how to set it anew; 1 where there is something.

    It changes nothing and shows no secret.
    """
    with database() as opened:
        ring = data_ring()
        lost = lost_values(opened, ring)
        stale = stale_values(opened, ring)
    for line in _lines(lost):
        click.echo(line)
    if lost:
        fail(f"{len(lost)} values cannot be read; give their keys back in ZORIO_DATA_KEYS, or set them anew")
    click.echo("every encrypted value can be read")
    if stale:
        click.echo(f"{stale} are not under the newest key: zorio-webphone data-keys rotate")


@data_keys.command("rotate", short_help="Encrypt everything with the newest key.")
def data_keys_rotate() -> None:
    """Encrypt everything in the database with the first key of ZORIO_DATA_KEYS.

    Safe while the server runs, if that has the new key too. May be broken off and run again. After it no key
    but the first one is needed, except for backups of before.

    \b
    Example:
      ZORIO_DATA_KEYS="$NEW,$OLD" zorio-webphone data-keys rotate
    """
    done = 0
    with database() as opened:
        ring = data_ring()
        try:
            former = signing_keys_from(os.environ)
        except SettingsError as error:
            fail(error)
        # To standard error: standard output has the result alone.
        with click.progressbar(length=stale_values(opened, ring), label="encrypting", file=sys.stderr) as bar:
            for sealed in rotate(opened, ring, former):
                done += sealed
                bar.update(sealed)
        scrub(opened)
        lost = lost_values(opened, ring)
    click.echo(f"encrypted {done} values with the newest key")
    for line in _lines(lost):
        click.echo(line)
    if lost:
        fail(f"{len(lost)} values cannot be read and stay as they are; keep the old keys if you have them")


def _lines(lost: list[Lost]) -> list[str]:
    """One a secret; calls are counted."""
    lines = [
        f"{each.place.what} {each.whose}: {each.why}; {each.place.anew}" for each in lost if each.place.anew
    ]
    for what in dict.fromkeys(each.place.what for each in lost if not each.place.anew):
        every = [each for each in lost if each.place.what == what]
        why = "; ".join(sorted({each.why for each in every}))
        lines.append(f"{len(every)} of the kind {what}: {why}; not shown, and deleted when they are old")
    return lines
