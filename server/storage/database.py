"""One transaction per call, in threads. engines.py has what to connect to, tables.py what is kept."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import Connection, CursorResult, Table, insert, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.errors import Unavailable
from server.storage.engines import CONNECTIONS, WRITES, engine_of, is_scrubbed, make_tables, scrub

log = logging.getLogger("zorio.server")
Result = TypeVar("Result")
Given = ParamSpec("Given")
Work = Callable[Concatenate[Connection, Given], Result]
"""A function whose first argument is the connection of its transaction."""


class Database:
    """Runs blocking work in threads, one transaction per call.

    On SQLite one writer waits for the other. On PostgreSQL another transaction may commit between two
    statements of one (READ COMMITTED): what must not be done twice is decided in one statement.

    A locked or unreachable database becomes `Unavailable` (503). The reason is logged without parameters.
    """

    def __init__(self, url: str, wait_ms: int = 5000) -> None:
        """Connects lazily and makes missing tables. `wait_ms`: how long to wait for a locked SQLite file."""
        self.engine = engine_of(url, wait_ms)
        make_tables(self.engine)
        # As many threads as connections: nobody waits for a connection while holding a thread.
        self._threads = anyio.CapacityLimiter(CONNECTIONS)

    async def read(self, work: Work[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """`work(connection, *arguments)` in a transaction that changes nothing. Raises Unavailable."""
        run = partial(self.read_now, work, *arguments, **named)
        return await anyio.to_thread.run_sync(run, limiter=self._threads)

    async def write(self, work: Work[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """`work(connection, *arguments)` in a transaction that may change rows; an exception undoes it.
        Raises Unavailable."""
        run = partial(self.write_now, work, *arguments, **named)
        return await anyio.to_thread.run_sync(run, limiter=self._threads)

    def read_now(self, work: Work[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """`read` for the command line, where there is no event loop."""
        return self._run(False, lambda connection: work(connection, *arguments, **named))

    def write_now(self, work: Work[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """`write` for the command line."""
        return self._run(True, lambda connection: work(connection, *arguments, **named))

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()

    def is_scrubbed(self) -> bool:
        """Whether `scrub` has been done once since this database was made; on PostgreSQL always."""
        return is_scrubbed(self.engine)

    def scrub(self) -> None:
        """Rewrite the database without what deleted and changed rows have left. Raises SQLAlchemyError."""
        scrub(self.engine)

    def _run(self, writes: bool, work: Callable[[Connection], Result]) -> Result:
        try:
            with self.engine.connect().execution_options(**{WRITES: writes}) as connection:
                result = work(connection)
                connection.commit()
                return result
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            # The driver's sentence alone: a traceback says no more, and there will be many of them.
            log.error(  # noqa: TRY400
                "database unavailable: %s", getattr(error, "orig", None) or type(error).__name__
            )
            raise Unavailable from error


def try_insert(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Whether it was inserted; False where a row with this key is there, also one of this very moment."""
    try:
        # A savepoint: on PostgreSQL a refused insert would otherwise spoil the whole transaction.
        with connection.begin_nested():
            connection.execute(insert(table).values(**row))
    except IntegrityError:
        return False
    return True


def put(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """The row of this key has these values from now on, whether there was one or not."""
    row = update(table).where(*(table.c[name] == value for name, value in key.items())).values(**values)
    if not connection.execute(row).rowcount and not try_insert(connection, table, {**key, **values}):
        connection.execute(row)


def inserted_id(result: CursorResult[Any]) -> int:
    """The number of the row that was just inserted."""
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - for inserts of one row into our tables, which all have a number
    return int(key[0])
