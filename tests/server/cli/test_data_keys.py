"""`zorio-webphone data-keys …`: a new key, what the keys do not open, and everything under the newest key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Column, Connection, LargeBinary, select

from server.settings import data_keys_from
from server.storage.database import Database
from server.storage.key_ring import KeyRing, key_of, new_key
from server.storage.tables import metadata
from tests.server import former
from tests.server.api.test_history import call, recall, save, ticket_of
from tests.server.commands import ACCOUNT, DOMAIN, account_at, done, run
from tests.server.world import ALPHA, BETA, DATA_KEYS, KEYS, World

NEW = {"d2": new_key(), **DATA_KEYS}
"""The ring of a server that has the new key in front."""
RELAY = '{"urls":"turn:t","username":"u","credential":"c"}'


def settings(keys: Mapping[str, str]) -> dict[str, str]:
    """For a command."""
    return {"ZORIO_DATA_KEYS": ",".join(f"{name}={key}" for name, key in keys.items())}


def values_of(connection: Connection, column: Column[Any]) -> list[Any]:
    return list(connection.execute(select(column)).scalars())


def keys_in_use(url: str) -> set[str]:
    """The names of the keys under which there is something."""
    database = Database(url)
    columns = [
        column
        for table in metadata.tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary)
    ]
    values: list[Any] = [
        value for column in columns for value in database.read_now(values_of, column) if value is not None
    ]
    database.close()
    return {key_of(bytes(value)) for value in values}


def test_a_new_key_is_what_the_setting_takes_and_never_the_same(url: str) -> None:
    keys = {done(url, ["data-keys", "new"]) for _ in range(5)}
    assert len(keys) == 5
    for key in keys:
        assert len(data_keys_from({"ZORIO_DATA_KEYS": key.strip()})) == 1


def test_rotation_brings_everything_under_the_newest_key_and_costs_nothing(world: World, url: str) -> None:
    ticket = ticket_of(world)
    assert save(world, ticket, call(world)) == 204
    for option in ("--missed-calls-secret-file", "--turn-secret-file"):
        given = run(url, ["account", "set", ALPHA, option, "-"], "one-of-the-secrets", settings(DATA_KEYS))
        assert given.exit_code == 0, given.output
    before = world.sip_config(world.embed_token(world.login(host=BETA), BETA), BETA).json()["data"]
    assert keys_in_use(url) == {"d1"}

    told = run(url, ["data-keys", "check"], None, settings(NEW))
    assert (told.exit_code, "6 are not under the newest key" in told.output) == (0, True), told.output
    first = run(url, ["data-keys", "rotate"], None, settings(NEW))
    assert (first.exit_code, first.stdout) == (0, "encrypted 6 values with the newest key\n"), first.output
    assert keys_in_use(url) == {"d2"}
    again = run(url, ["data-keys", "rotate"], None, settings(NEW))
    assert again.stdout == "encrypted 0 values with the newest key\n"

    # The old key is removed.
    alone = settings({"d2": NEW["d2"]})
    assert run(url, ["data-keys", "check"], None, alone).output == "every encrypted value can be read\n"
    services = world.services
    settings_now = replace(services.settings, data_keys={"d2": NEW["d2"]})
    world.app.state.services = replace(services, settings=settings_now, ring=KeyRing({"d2": NEW["d2"]}))
    after = world.sip_config(world.embed_token(world.login(host=BETA), BETA), BETA).json()["data"]
    assert (after["auth_password"], after["ice_servers"]) == (before["auth_password"], before["ice_servers"])
    assert [each["number"] for each in recall(world, ticket)["calls"]] == [call(world)["number"]]
    secrets = [key for key in NEW.values() if key in first.output + told.output]
    assert secrets == []


def test_rotation_takes_over_what_an_older_version_has_left(url: str) -> None:
    """The command needs no start of the server; the calls need the signing keys of before."""
    former.make(url, KEYS, 1_800_000_000)
    signing = {"ZORIO_SIGNING_KEYS": ",".join(f"{name}={key}" for name, key in KEYS.items())}
    done_ = run(url, ["data-keys", "rotate"], None, {**settings(NEW), **signing})
    # Two secrets and the ICE servers; a password, a call and a record of each of three.
    assert (done_.exit_code, done_.stdout) == (0, "encrypted 12 values with the newest key\n"), done_.output
    assert keys_in_use(url) == {"d2"}


def test_what_nobody_can_open_stays_and_is_told(url: str) -> None:
    done(url, [*ACCOUNT, "--sip-secret-file", "-"], "a secret of the pbx")
    told = run(url, ["data-keys", "rotate"], None, settings({"d3": new_key()}))
    assert told.exit_code == 1
    assert "encrypted 0 values" in told.stdout
    assert f"SIP secret of {DOMAIN}: the key d1 is not in ZORIO_DATA_KEYS" in told.stdout
    assert "zorio-webphone account set DOMAIN --sip-secret-file" in told.stdout
    assert "a secret of the pbx" not in told.output
    assert account_at(url).sip_secret == "a secret of the pbx", "its key was found again"


def test_the_wrong_key_under_the_right_name_is_told_as_such(url: str) -> None:
    done(url, [*ACCOUNT, "--sip-secret-file", "-"], "a secret of the pbx")
    told = run(url, ["data-keys", "check"], None, settings({"d1": new_key()}))
    assert (told.exit_code, "the key d1 does not open it" in told.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["account", "set", DOMAIN, "--sip-secret-file", "-"], "a secret of the pbx"),
        (["account", "set", DOMAIN, "--missed-calls-secret-file", "-"], "a-secret-of-the-pbx"),
        (["account", "set", DOMAIN, "--ice-servers-file", "-"], RELAY),
        (["data-keys", "rotate"], None),
    ],
)
@pytest.mark.parametrize(
    ("keys", "sentence"), [("", "ZORIO_DATA_KEYS is empty"), ("d1=x", "the key d1 is not 32 random bytes")]
)
def test_without_a_key_no_secret_is_written(
    url: str, arguments: list[str], stdin: str | None, keys: str, sentence: str
) -> None:
    done(url, ACCOUNT)
    told = run(url, arguments, stdin, {"ZORIO_DATA_KEYS": keys})
    assert (told.exit_code, sentence in told.output, "Traceback" in told.output) == (1, True, False)
    assert account_at(url).sip_secret is None
    assert run(url, ["account", "show", DOMAIN], None, {"ZORIO_DATA_KEYS": ""}).exit_code == 0
