"""Connections, transactions, and what rows may hold."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection, select

from server.customers import passwords
from server.customers.accounts import account_of_host, add_account
from server.customers.origins import LONGEST_ORIGINS, check_origin, websocket_origin
from server.customers.passwords import PasswordChecker
from server.customers.users import add_user
from server.errors import Unavailable
from server.storage.database import Database
from server.storage.tables import accounts

ACCOUNT: dict[str, Any] = {
    "domain": "phone.example",
    "name": "Example",
    "sip_domain": "sip.example",
    "wss_urls": ["wss://pbx.example/ws"],
    "allowed_origins": ["https://crm.example"],
}


@pytest.fixture
def database(tmp_path: Path, url: str) -> Any:
    database = Database(url.replace("zorio.db", "new/zorio.db"), wait_ms=2000)
    yield database
    database.close()


def add(connection: Connection, **changes: Any) -> int:
    return add_account(connection, **(ACCOUNT | changes))


@pytest.mark.usefixtures("sqlite_only")
def test_sqlite_is_set_up_for_several_writers(database: Database) -> None:
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "busy_timeout": 2000, "foreign_keys": 1}


@pytest.mark.usefixtures("sqlite_only")
def test_nobody_else_on_the_machine_reads_the_files(database: Database, tmp_path: Path) -> None:
    database.write_now(add)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    assert modes == {"zorio.db": 0o600, "zorio.db-shm": 0o600, "zorio.db-wal": 0o600}


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    def work(connection: Connection) -> None:
        add(connection)
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(work)
    assert database.write_now(lambda connection: connection.execute(select(accounts)).all()) == []


@pytest.mark.usefixtures("sqlite_only")
def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    database.write_now(add)
    failures: list[BaseException] = []

    def count(connection: Connection) -> None:
        name = connection.execute(select(accounts.c.name)).scalar_one()
        number = int(name) + 1 if name.isdecimal() else 1
        connection.execute(accounts.update().values(name=str(number)))

    def run() -> None:
        try:
            for _ in range(20):
                database.write_now(count)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert database.write_now(lambda c: c.execute(select(accounts.c.name)).scalar_one()) == "80"


def test_a_database_of_an_older_version_gets_the_columns_it_lacks(url: str) -> None:
    old = Database(url)
    with old.engine.begin() as connection:
        add(connection)
        for column in ("turn_secret", "accent"):
            connection.exec_driver_sql(f"ALTER TABLE accounts DROP COLUMN {column}")
    old.close()
    for _ in range(2):
        new = Database(url)
        found = new.write_now(account_of_host, "phone.example")
        assert (found.name, found.turn_secret, found.accent) == ("Example", None, None)
        new.close()


def test_processes_that_start_together_on_a_new_database(url: str) -> None:
    together = threading.Barrier(4)

    def start() -> None:
        together.wait()
        Database(url).close()

    with ThreadPoolExecutor(4) as threads:
        for started in [threads.submit(start) for _ in range(4)]:
            started.result()
    database = Database(url)
    assert database.write_now(add) == 1
    database.close()


def test_a_colour_is_kept_in_one_form(database: Database) -> None:
    database.write_now(lambda connection: add(connection, accent="#0A7D4F"))
    assert database.write_now(account_of_host, "phone.example").accent == "#0a7d4f"


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="name a file"):
        Database("sqlite://")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"domain": "https://phone.example"}, "is no domain"),
        ({"domain": "phone.example:8000"}, "is no domain"),
        ({"sip_domain": "a b"}, "is no domain"),
        ({"wss_urls": []}, "at least one"),
        ({"wss_urls": ["ws://pbx.example/ws"]}, "use wss://"),
        ({"wss_urls": ["wss://user:pw@pbx.example/"]}, "no WebSocket address"),
        ({"wss_urls": ["wss://pbx.example:99999/"]}, "no WebSocket address"),
        ({"wss_urls": ["https://pbx.example/"]}, "no WebSocket address"),
        ({"wss_urls": ["wss://[::1/"]}, "no WebSocket address"),
        ({"accent": "green"}, "is no colour"),
        ({"accent": "#0a7d4"}, "is no colour"),
        ({"accent": "#0a7d4f;}"}, "is no colour"),
        ({"allowed_origins": ["*"]}, "is no origin"),
        ({"allowed_origins": ["https://crm.example/"]}, "is no origin"),
        ({"allowed_origins": ["http://crm.example"]}, "plain http"),
        ({"allowed_origins": ["https://a.example https://b.example"]}, "is no origin"),
        ({"allowed_origins": [f"https://{n:060d}.example" for n in range(LONGEST_ORIGINS // 60)]}, "longer"),
    ],
)
def test_a_bad_account_is_refused_with_a_sentence(
    database: Database, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        database.write_now(lambda connection: add(connection, **change))


def test_a_domain_belongs_to_one_account(database: Database) -> None:
    database.write_now(add)
    with pytest.raises(ValueError, match="already"):
        database.write_now(lambda connection: add(connection, domain="PHONE.example"))
    found = database.write_now(account_of_host, "Phone.Example:443")
    assert found.name == "Example"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": "a b"}, "user name"),
        ({"username": ""}, "user name"),
        ({"role": "root"}, "a role is one of"),
        ({"extension": "10@01"}, "extension"),
        ({"extension": "1001\r\n"}, "extension"),
        ({"username": "an"}, "already"),
        ({"extension": "1001"}, "already"),
    ],
)
def test_a_bad_user_is_refused_with_a_sentence(
    database: Database, change: dict[str, str], message: str
) -> None:
    account_id = database.write_now(add)
    good: dict[str, Any] = {"account_id": account_id, "password_hash": "x"}
    database.write_now(lambda c: add_user(c, username="an", extension="1001", **good))
    with pytest.raises(ValueError, match=message):
        database.write_now(
            lambda c: add_user(c, **(good | {"username": "binh", "extension": "1002"} | change))
        )


def test_origins_and_sockets_are_written_for_the_policy() -> None:
    assert check_origin("HTTPS://CRM.Example:8443") == "https://crm.example:8443"
    assert check_origin("https://*.crm.example") == "https://*.crm.example"
    assert check_origin("http://localhost:*") == "http://localhost:*"
    assert websocket_origin("wss://PBX.example:7443/ws?x=1") == "wss://pbx.example:7443"


def test_two_passwords_at_once_and_a_queue_with_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    running = 0
    most = 0
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=10)

    def slow(_hash: str, _password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()  # passes only when two are in here together
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(passwords, "_matches", slow)
    monkeypatch.setattr(passwords, "LONGEST_QUEUE", 6)
    refused: list[Unavailable] = []
    right: list[bool] = []

    async def check(checker: PasswordChecker) -> None:
        try:
            right.append(await checker.check("hash", "x"))
        except Unavailable as error:
            refused.append(error)

    async def flood() -> None:
        checker = PasswordChecker()
        async with anyio.create_task_group() as group:
            for _ in range(9):
                group.start_soon(check, checker)

    anyio.run(flood)
    assert most == passwords.AT_ONCE
    assert (right, len(refused)) == ([True] * 6, 3)
    assert refused[0].headers["Retry-After"] == "2"


@pytest.mark.parametrize("password_hash", ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$BBBB"])
def test_a_broken_hash_is_a_wrong_password(password_hash: str) -> None:
    async def check() -> bool:
        return await PasswordChecker().check(password_hash, "x")

    assert anyio.run(check) is False
