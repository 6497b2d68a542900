"""How a database is opened: pragmas, file modes, missing tables and columns."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.customers.accounts import account_of_host
from server.storage.database import Database
from tests.server.rows import add


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


def test_a_database_of_an_older_version_gets_the_columns_it_lacks(url: str) -> None:
    old = Database(url)
    with old.engine.begin() as connection:
        add(connection)
        for column in ("turn_secret", "accent", "rules"):
            connection.exec_driver_sql(f"ALTER TABLE accounts DROP COLUMN {column}")
    old.close()
    for _ in range(2):
        new = Database(url)
        found = new.write_now(account_of_host, "phone.example")
        assert (found.name, found.turn_secret, found.accent) == ("Example", None, None)
        assert found.rules == {}
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


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="name a file"):
        Database("sqlite://")
