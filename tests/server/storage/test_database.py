"""Transactions: all of one or nothing, and one writer after the other."""

import threading

import pytest
from sqlalchemy import Connection, select

from server.storage.database import Database
from server.storage.tables import accounts
from tests.server.rows import add


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
