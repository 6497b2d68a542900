"""A stolen database, or a backup of it, is worth nothing without the keys."""

# ruff: noqa: F811 - fixtures by their names
from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import Connection, Table, select, update

from server.app import create_app
from server.customers.at_rest import lost_values, rotate, take_over
from server.customers.users import change_user, user_at
from server.settings import Settings
from server.storage.database import Database
from server.storage.key_ring import KeyRing, key_of, new_key
from server.storage.tables import accounts, call_history, users
from tests.real.postgresql import Postgresql
from tests.security.stolen import every_byte, found
from tests.server import former
from tests.server.api.test_history import PATH as HISTORY
from tests.server.api.test_history import call, save, ticket_of
from tests.server.commands import DATA_KEYS, DOMAIN, PASSWORD, done, run
from tests.server.conftest import portal, postgresql, url, world  # noqa: F401 - fixtures
from tests.server.world import ALPHA, BETA, KEYS, FakeClock, World, build_dist
from tests.server.world import DATA_KEYS as DATA

STATIC, SHARED, OWN = "swordfish at the pbx", "a-secret-of-the-pbx", "a-secret-for-missed-calls"
CREDENTIAL, RELAYS = "relay swordfish", "a secret of the relay"
NUMBER, CALLER = "0912345678", "Trần Thị Bình"
REPORT = {"extension": "1001", "number": "0987654321", "name": "Lê Minh Châu", "call_id": "a"}


def test_no_secret_number_or_name_of_a_caller_is_in_the_files(
    world: World, url: str, tmp_path: Path, postgresql: Postgresql | None
) -> None:
    ring = ["--sip-secret-file", "-"]
    done(
        url,
        ["account", "add", DOMAIN, "--wss", "wss://x/ws", "--origin", "https://crm.example", *ring],
        SHARED,
    )
    set_it = ["account", "set", DOMAIN]
    relay = {"urls": ["turn:turn.example"], "username": "relay-user", "credential": CREDENTIAL}
    done(url, [*set_it, "--ice-servers-file", "-"], json.dumps(relay))
    done(url, [*set_it, "--turn-secret-file", "-"], RELAYS)
    done(url, [*set_it, "--missed-calls-secret-file", "-"], OWN)
    (tmp_path / "sip.txt").write_text(STATIC)
    user = ["user", "add", DOMAIN, "an", "--extension", "1001", "--display-name", "Nguyễn Văn An"]
    done(url, [*user, "--password-file", "-", "--sip-password-file", str(tmp_path / "sip.txt")], PASSWORD)
    done(url, ["user", "set", DOMAIN, "an", "--sip-password-file", "-"], f"{STATIC} again")

    ticket = ticket_of(world)
    assert save(world, ticket, call(world)) == 204
    token = world.sip_config(world.embed_token(world.login())).json()["data"]["resume"]["ticket"]
    record = {"record": json.dumps({"number": NUMBER, "name": CALLER})}
    assert world.ask("POST", "/api/webphone/resume", bearer=token, json=record).status_code == 204
    settings = {"ZORIO_DATA_KEYS": f"d1={DATA['d1']}"}
    run(url, ["account", "set", ALPHA, "--missed-calls-secret-file", "-"], OWN, settings)
    assert world.ask("POST", "/api/pbx/missed-calls", bearer=OWN, json=REPORT).status_code == 204

    stolen = every_byte(url, postgresql)
    assert found(["Nguyễn Văn An", "1001"], stolen) == ["Nguyễn Văn An", "1001"], "who is a user is no secret"
    secrets = [STATIC, SHARED, OWN, CREDENTIAL, "relay-user", RELAYS, NUMBER, CALLER, "pbx shared with alpha"]
    secrets += ["static sip", REPORT["number"], REPORT["name"], PASSWORD, token, ticket]
    secrets += [key for _, _, key in (each.partition("=") for each in DATA_KEYS.split(","))]
    assert found(secrets, stolen) == []


def test_what_an_older_version_left_in_clear_is_taken_over_and_no_byte_of_it_stays(
    tmp_path: Path, portal: BlockingPortal, url: str, postgresql: Postgresql | None
) -> None:
    now = int(time.time())
    former.make(url, KEYS, now, people=450)
    secrets = [former.SIP_SECRET, former.TURN_SECRET, "former relay credential", "former password of"]
    assert found(secrets, every_byte(url, postgresql)) == secrets
    if postgresql is None:
        assert found([former.DELETED], every_byte(url, postgresql)), "in free pages"

    world = former_world(tmp_path, portal, url, now)
    assert found([*secrets, "relay-user", former.DELETED], every_byte(url, postgresql)) == []

    data = sip_config(world, BETA)
    assert (data["auth_password"], data["ice_servers"]) == (
        former.password(1001),
        [former.STUN, former.RELAY],
    )
    ticket = data["memory"]["ticket"]
    answer = world.ask("GET", HISTORY, host=BETA, bearer=ticket).json()["data"]
    assert [(each["number"], each["name"]) for each in answer["calls"]] == [("0912345678", "Bình")]
    assert sip_config(world, ALPHA)["auth_username"].endswith(":1001")
    assert every_value_is_sealed(world.services.database)
    world.services.database.close()
    assert found(secrets, every_byte(url, postgresql)) == []


def test_two_processes_take_over_at_once(url: str) -> None:
    former.make(url, KEYS, 1_800_000_000, people=450)
    ring = KeyRing({"d1": new_key()})
    together = threading.Barrier(2)

    def start() -> None:
        database = Database(url)
        together.wait()
        take_over(database, ring, KEYS)
        database.close()

    with ThreadPoolExecutor(2) as threads:
        for started in [threads.submit(start) for _ in range(2)]:
            started.result()
    database = Database(url)
    assert every_value_is_sealed(database)
    passwords = database.read_now(sealed_passwords)
    assert len(passwords) == 450
    for row in passwords:
        assert open_password(ring, row) == former.password(int(row.extension))
    database.close()


def test_keys_rotate_while_the_server_works(url: str) -> None:
    """Two commands at once, and passwords that are changed between the batches: none is lost or old."""
    former.make(url, KEYS, 1_800_000_000, people=450)
    old = {"d1": new_key()}
    ring, newest = KeyRing({"d2": new_key(), **old}), "d2"
    database, other = Database(url), Database(url)
    take_over(database, KeyRing(old), KEYS)
    first, second = rotate(database, ring, {}), rotate(other, ring, {})
    expected = {number: former.password(number) for number in range(1001, 1451)}
    going, step = [first, second], 0
    while going:
        for each in list(going):
            if next(each, None) is None:
                going.remove(each)
        step += 1
        number = 1450 - step if step % 2 else 1001 + step
        expected[number] = f"changed in step {step}"
        database.write_now(change_password, number, expected[number], KeyRing(old) if step % 3 else ring)
    assert sum(rotate(database, ring, {})) <= step, "what a server wrote that had the old key in front"
    rows = database.read_now(sealed_passwords)
    assert {key_of(row.sip_password_sealed) for row in rows} == {newest}
    opened = {int(row.extension): open_password(ring, row) for row in rows}
    assert opened == expected
    assert sum(rotate(database, ring, {})) == 0
    assert lost_values(database, ring) == []
    database.close()
    other.close()


def test_a_value_in_another_row_opens_for_nobody(world: World) -> None:
    """Who writes to the database, or repairs it by hand, hands nobody another person's password."""
    database, ids = world.services.database, world.ids

    def give(connection: Connection, table: Table, column: str, source: int, target: int) -> None:
        value = connection.execute(select(table.c[column]).where(table.c.id == source)).scalar_one()
        assert value is not None
        connection.execute(update(table).where(table.c.id == target).values({column: value}))

    beta = database.read_now(
        lambda connection: connection.execute(
            select(users).where(users.c.sip_password_sealed.is_not(None))
        ).one()
    )
    database.write_now(give, users, "sip_password_sealed", beta.id, ids["nosip"])
    answer = world.sip_config(world.embed_token(world.login("nosip", BETA), BETA), BETA)
    assert answer.status_code == 409
    assert "static sip" not in answer.text

    database.write_now(give, accounts, "sip_secret_sealed", 1, 2)
    answer = world.sip_config(world.embed_token(world.login("an", BETA), BETA), BETA)
    assert answer.status_code == 409

    # The same row, another column: the secret for SIP is none for the reports.
    database.write_now(
        lambda connection: connection.execute(
            update(accounts).values(missed_calls_secret_sealed=accounts.c.sip_secret_sealed)
        )
    )
    answer = world.ask("POST", "/api/pbx/missed-calls", bearer=SHARED, json=REPORT)
    assert answer.status_code == 409

    alpha, foreign = ticket_of(world), ids["reader"]
    save(world, alpha, call(world))
    database.write_now(lambda connection: connection.execute(update(call_history).values(user_id=foreign)))
    rows = database.read_now(lambda connection: connection.execute(select(call_history)).all())
    assert [row.user_id for row in rows] == [foreign]
    assert world.ask("GET", HISTORY, bearer=alpha).json()["data"]["calls"] == []


def test_a_lost_key_is_named_and_costs_nobody_else(
    world: World, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator sets anew what is lost, by the command that is named, and that phone works again."""
    token = world.embed_token(world.login())
    assert world.sip_config(token).status_code == 200
    world.services.database.close()
    settings = Settings(url, KEYS, {"d2": new_key()}, dist=world.folder / "dist")
    again = World(create_app(settings, clock=world.clock), world.portal, world.clock, world.folder)
    (line,) = [each.getMessage() for each in caplog.records if "cannot be read" in each.getMessage()]
    assert line.startswith("3 secrets in the database cannot be read: the key d1 is not in ZORIO_DATA_KEYS")
    refused = again.sip_config(again.embed_token(again.login()))
    assert refused.status_code == 409
    assert refused.json() == {
        "message": "A secret of this account cannot be read: its operator must set it anew."
    }
    assert "the SIP secret of phone.alpha.example cannot be read: the key d1" in caplog.text

    keys = {"ZORIO_DATABASE_URL": url, "ZORIO_DATA_KEYS": f"d2={settings.data_keys['d2']}"}
    told = command(keys, ["data-keys", "check"])
    assert (told[0], told[1].count("the key d1 is not in ZORIO_DATA_KEYS")) == (1, 3)
    assert "SIP password of an at phone.beta.example" in told[1]
    assert "zorio-webphone user set DOMAIN USERNAME --sip-password-file" in told[1]

    assert command(keys, ["user", "set", BETA, "an", "--sip-password-file", "-"], "a long new one")[0] == 0
    assert sip_config(again, BETA)["auth_password"] == "a long new one"
    assert command(keys, ["account", "set", ALPHA, "--sip-secret-file", "-"], SHARED)[0] == 0
    assert command(keys, ["account", "set", ALPHA, "--clear", "ice-servers"])[0] == 0
    assert sip_config(again, ALPHA)["auth_username"].endswith(":1001")
    assert command(keys, ["data-keys", "check"]) == (0, "every encrypted value can be read\n")
    again.services.database.close()


def test_the_secret_for_missed_calls_opens_nothing_else(world: World, url: str) -> None:
    """As long as there is none the SIP secret is taken, as ever; then it is not any more."""
    settings = {"ZORIO_DATA_KEYS": f"d1={DATA['d1']}"}
    set_it = ["account", "set", ALPHA]

    def status(secret: str, host: str = ALPHA) -> int:
        return world.ask("POST", "/api/pbx/missed-calls", host=host, bearer=secret, json=REPORT).status_code

    assert run(url, [*set_it, "--sip-secret-file", "-"], SHARED, settings).exit_code == 0
    assert (status(SHARED), status(OWN)) == (204, 401)
    assert run(url, [*set_it, "--missed-calls-secret-file", "-"], OWN, settings).exit_code == 0
    assert (status(OWN), status(SHARED), status(OWN, BETA)) == (204, 401, 401)
    shown = run(url, ["account", "show", ALPHA], None, settings).output
    assert "missed-calls set" in shown
    assert OWN not in shown
    assert run(url, [*set_it, "--clear", "missed-calls-secret"], None, settings).exit_code == 0
    assert (status(SHARED), status(OWN)) == (204, 401)
    refused = run(url, [*set_it, "--missed-calls-secret-file", "-"], "a secret with spaces", settings)
    assert (refused.exit_code, "no spaces" in refused.output) == (1, True)


def sealed_passwords(connection: Connection) -> list[Any]:
    query = select(users.c.extension, users.c.username, users.c.sip_password_sealed)
    return list(connection.execute(query.where(users.c.sip_password_sealed.is_not(None))))


def open_password(ring: KeyRing, row: Any) -> str:
    return ring.open(row.sip_password_sealed, f"users.sip_password {'2' * 36} {row.username}")


def change_password(connection: Connection, number: int, password: str, ring: KeyRing) -> None:
    user = user_at(connection, 2, str(number))
    assert user is not None
    change_user(connection, user, {"sip_password": password}, ring)


def former_world(tmp_path: Path, portal: BlockingPortal, url: str, now: int) -> World:
    """The product of today on the database of yesterday."""
    clock = FakeClock(float(now))
    settings = Settings(url, KEYS, {"d1": new_key()}, dist=build_dist(tmp_path / "dist"))
    return World(create_app(settings, clock=clock), portal, clock, tmp_path)


def sip_config(world: World, host: str) -> Any:
    answer = world.sip_config(world.embed_token(world.login("an", host), host), host)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def command(variables: dict[str, str], arguments: list[str], stdin: str | None = None) -> tuple[int, str]:
    result = run(variables["ZORIO_DATABASE_URL"], arguments, stdin, variables)
    return result.exit_code, result.output


def every_value_is_sealed(database: Database) -> bool:
    """Whether nothing is left in a column of older versions."""

    def left(connection: Connection) -> list[Any]:
        columns = (users.c.sip_password, accounts.c.sip_secret, accounts.c.turn_secret)
        texts = [connection.execute(select(column).where(column.is_not(None))).all() for column in columns]
        lists = connection.execute(select(accounts.c.ice_servers)).scalars().all()
        return [
            *(row for rows in texts for row in rows),
            *(each for each in lists if "credential" in str(each)),
        ]

    return database.read_now(left) == []
