"""Tables and connections (SQLAlchemy Core; SQLite by default, PostgreSQL by URL).

Times are whole epoch seconds, lists are JSON. All SQL that only SQLite understands is in this file.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    CursorResult,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.errors import Unavailable

log = logging.getLogger("zorio.server")
Result = TypeVar("Result")

_CONNECTIONS = 8
_WRITES = "zorio_writes"

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("domain", String(253), nullable=False, unique=True),
    Column("sip_domain", String(253), nullable=False),
    Column("wss_urls", JSON, nullable=False),
    Column("ice_servers", JSON, nullable=False),
    Column("features", JSON, nullable=False),
    Column("allowed_origins", JSON, nullable=False),
    # Shared with the PBX for time-limited credentials; NULL: each user has a static SIP password.
    Column("sip_secret", String(200)),
    # Shared with the TURN server, for relay credentials of some hours; NULL: ice_servers as they are.
    Column("turn_secret", String(200)),
    # #rrggbb; NULL: the phone's own.
    Column("accent", String(7)),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("username", String(200), nullable=False),
    Column("email", String(254)),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("extension", String(32)),
    Column("display_name", String(200), nullable=False),
    Column("sip_password", String(200)),
    UniqueConstraint("account_id", "username"),
    UniqueConstraint("account_id", "extension"),
)

bearers = Table(
    "bearers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("device_name", String(200)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    # Numbers of deleted bearers are not given out again: "12|…" names one bearer for ever.
    sqlite_autoincrement=True,
)

token_uses = Table(
    "token_uses",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("uses", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("token_uses_expiry", "expires_at"),
)

# Encrypted (resume.py): the number somebody talks to must not lie about in a database or its backups.
resume_records = Table(
    "resume_records",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("resume_records_expiry", "expires_at"),
)

# Encrypted (memory.py), but for what is sorted and cleared away by.
call_history = Table(
    "call_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("uuid", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("user_id", "uuid"),
    Index("call_history_start", "started_at"),
)

phone_states = Table(
    "phone_states",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("do_not_disturb", Boolean),
    # Missed calls that ended before were looked at.
    Column("seen_at", BigInteger),
)

leases = Table(
    "leases",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("extension", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)


class Database:
    """Runs blocking work in threads, one transaction per call.

    A locked or unreachable database becomes `Unavailable` (503). The reason is logged without parameters.
    """

    def __init__(self, url: str, wait_ms: int = 5000) -> None:
        """Connects lazily and makes missing tables. `wait_ms`: how long to wait for a locked SQLite file."""
        self.engine = _engine(url, wait_ms)
        metadata.create_all(self.engine)
        _add_missing_columns(self.engine)
        # As many threads as connections: nobody waits for a connection while holding a thread.
        self._threads = anyio.CapacityLimiter(_CONNECTIONS)

    async def read(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """`work(connection, *arguments)` in a transaction that changes nothing."""
        return await anyio.to_thread.run_sync(self._run, False, work, arguments, limiter=self._threads)

    async def write(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """`work(connection, *arguments)` in a transaction that may change rows; an exception undoes it."""
        return await anyio.to_thread.run_sync(self._run, True, work, arguments, limiter=self._threads)

    def write_now(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """`write` for the command line, where there is no event loop."""
        return self._run(True, work, arguments)

    def read_now(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """`read` for the command line."""
        return self._run(False, work, arguments)

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()

    def _run(self, writes: bool, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        try:
            with self.engine.connect().execution_options(**{_WRITES: writes}) as connection:
                result = work(connection, *arguments)
                connection.commit()
                return result
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            # The driver's sentence alone: a traceback says no more, and there will be many of them.
            log.error(  # noqa: TRY400
                "database unavailable: %s", getattr(error, "orig", None) or type(error).__name__
            )
            raise Unavailable from error


def _add_missing_columns(engine: Engine) -> None:
    """Of a database that an older version has made; a new column may be NULL, so nothing else is to do."""
    with engine.begin() as connection:
        there = inspect(connection)
        for table in metadata.sorted_tables:
            known = {column["name"] for column in there.get_columns(table.name)}
            for column in table.columns:
                if column.name not in known and column.nullable:
                    kind = column.type.compile(engine.dialect)
                    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")


def inserted_id(result: CursorResult[Any]) -> int:
    """The number of the row that was just inserted."""
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - for inserts of one row into our tables, which all have a number
    return int(key[0])


def _engine(url: str, wait_ms: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=_CONNECTIONS)
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("an in-memory database is one per connection: name a file")
    file = Path(parsed.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() and not parsed.database.startswith("file:"):
        # SIP passwords and shared secrets are in it. SQLite gives the files beside it the same mode.
        file.touch(mode=0o600)
    engine = create_engine(url, hide_parameters=True, pool_size=_CONNECTIONS, max_overflow=0)

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        # The driver's own implicit BEGIN is switched off, so that `begin` below is the only one.
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {wait_ms:d}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once on a busy file, whatever the timeout:
        # one that means to write says so at its start, and then waits.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
