"""What a database address leads to: SQLite by default, PostgreSQL by URL.

All SQL that only one of the two understands is in this file.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import OperationalError

from server.storage.tables import accounts, call_history, metadata, resume_records, users

CONNECTIONS = 8
"""At most, of one process."""
WRITES = "zorio_writes"
"""Execution option of a connection whose transaction means to change rows."""
_CONNECT_SECONDS = 5
"""To PostgreSQL; as long as a locked SQLite file is waited for by default."""
_SCRUBBED = 1
"""SQLite's user_version of a file in which no deleted secret is left."""
_SECRET_TABLES = (accounts, users, call_history, resume_records)
_MAKING_TABLES = 0x7A6F72696F
"""Number of PostgreSQL's advisory lock: any, but always the same."""


def engine_of(url: str, wait_ms: int) -> Engine:
    """Connects when it is first used. `wait_ms`: how long to wait for a locked SQLite file.

    Raises ValueError for an address that cannot be used, SQLAlchemyError for one that is none.
    """
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return _postgresql_engine(parsed)
    if kind != "sqlite":
        raise ValueError(f"ZORIO_DATABASE_URL: {kind} is none of SQLite and PostgreSQL")
    return _sqlite_engine(parsed, wait_ms)


def _write_ahead(cursor: sqlite3.Cursor, wait_ms: int) -> None:
    """For this change SQLite does not wait by itself when another process has the file."""
    end = time.monotonic() + wait_ms / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= end:
                raise
        else:
            return
        time.sleep(0.02)


def _sqlite_engine(url: URL, wait_ms: int) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("ZORIO_DATABASE_URL: an in-memory database is one per connection: name a file")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() and not url.database.startswith("file:"):
        # SIP passwords and shared secrets are in it. SQLite gives the files beside it the same mode.
        file.touch(mode=0o600)
    engine = create_engine(url, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=0)

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        # The driver's own implicit BEGIN is switched off, so that `begin` below is the only one.
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {wait_ms:d}")
        _write_ahead(cursor, wait_ms)
        cursor.execute("PRAGMA synchronous = NORMAL")
        # What is deleted or changed is overwritten with zeros: it would stay in the file, and in its copies.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once on a busy file, whatever the timeout:
        # one that means to write says so at its start, and then waits.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")  # ours; SQLAlchemy's own choice is another one
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={"connect_timeout": _CONNECT_SECONDS},
    )


def is_scrubbed(engine: Engine) -> bool:
    """Whether `scrub` has been done since this SQLite file was made; on PostgreSQL VACUUM comes by itself."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("PRAGMA user_version").scalar_one() >= _SCRUBBED)


def scrub(engine: Engine) -> None:
    """Rewrite the tables, so that nothing is left of rows as they were. Raises SQLAlchemyError when busy.

    SQLite: the file anew (VACUUM), and its write-ahead log emptied. PostgreSQL: VACUUM FULL of the tables
    with secrets, which waits some seconds at most for whoever uses them; its own log is its operator's.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{_CONNECT_SECONDS}s'")
            for table in _SECRET_TABLES:
                connection.exec_driver_sql(f"VACUUM FULL {table.name}")
            connection.exec_driver_sql("RESET lock_timeout")
        return
    raw = engine.raw_connection()
    try:
        _rewrite(raw.cursor())
    except sqlite3.Error as error:
        raise OperationalError("VACUUM", None, error) from error
    finally:
        raw.close()


def _rewrite(cursor: Any) -> None:
    """Without SQLAlchemy, which would begin a transaction: VACUUM runs in none."""
    cursor.execute("PRAGMA temp_store = MEMORY")  # no copy in a temporary directory
    cursor.execute("VACUUM")
    cursor.execute(f"PRAGMA user_version = {_SCRUBBED}")
    busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        cursor.execute("PRAGMA user_version = 0")
        raise sqlite3.OperationalError("the write-ahead log is in use")


def make_tables(engine: Engine) -> None:
    """Tables that are missing, and columns of those that an older version has made: a new one may be NULL."""
    with engine.connect() as connection:
        if not any(_missing(connection).values()):
            return
    # Two processes that start on a new database: one makes the tables, the other waits and finds them.
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MAKING_TABLES)))
        metadata.create_all(connection)
        for table, columns in _missing(connection).items():
            for column in columns:
                kind = column.type.compile(engine.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")
        connection.commit()


def _missing(connection: Connection) -> dict[Table, list[Column[Any]]]:
    """The columns that each table lacks; all of a table that is not there."""
    there = inspect(connection)
    names = there.get_table_names()
    known = {
        table: {column["name"] for column in there.get_columns(table.name)} if table.name in names else set()
        for table in metadata.sorted_tables
    }
    return {
        table: [column for column in table.columns if column.name not in columns]
        for table, columns in known.items()
    }
