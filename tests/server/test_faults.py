"""Faults of the server, with processes of its own and one database: rows of the table of `make test-all`."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.faults import fault
from tests.e2e.world import until
from tests.real.postgresql import Postgresql
from tests.server.commands import DOMAIN
from tests.server.processes import LOGIN, Serve, Server, key

pytestmark = pytest.mark.slow


def test_fault_22_one_process_is_killed_in_a_request(serve: Serve) -> None:
    with fault(22, "one of two API processes killed mid-request", "the other one serves") as seen:
        keys = key("k1")
        one, other = serve(keys), serve(keys)
        bearer = one.login()
        token = one.embed_token(bearer)
        body = json.dumps(LOGIN).encode()
        head = f"POST /api/auth/login HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", one.port)) as request:
            request.sendall(head.encode() + body[:5])
            one.stop(signal.SIGKILL)
            with suppress(ConnectionError):
                assert request.recv(100) == b""
        assert other.login()
        assert other.embed_token(bearer)
        assert other.sip_config(token)[0] == 200
        seen.what = "asked again, the other answers; bearer and token of the first are good there"


def test_fault_23_postgresql_restarts(serve: Serve, postgresql: Postgresql | None) -> None:
    if postgresql is None:
        pytest.skip("of PostgreSQL: --postgresql")
    with fault(
        23, "PostgreSQL stops, is killed and starts in traffic", "503 with Retry-After, never 500"
    ) as seen:
        server = serve(key("k1"))
        bearer = server.login()
        token = server.embed_token(bearer)
        with traffic(server) as statuses:
            for end in (postgresql.stop, postgresql.program.kill):
                end()
                for status, _, headers in (
                    server.ask("/api/webphone/embed-token", {}, bearer),
                    server.sip_config(token),
                    server.ask("/api/webphone/resume", bearer=token),
                ):
                    assert (status, headers["retry-after"]) == (503, "1")
                postgresql.start()
                until(lambda: server.ask("/healthz")[0] == 200, "the database is back")
                assert server.sip_config(token)[0] == 200, "the token of before"
                assert server.embed_token(bearer)
        assert set(statuses) == {200, 503}
        seen.what = f"{len(statuses)} requests: 200 and 503 only; tokens and bearers of before are good"


@contextmanager
def traffic(server: Server) -> Iterator[list[int]]:
    """Somebody who never stops asking; the statuses so far."""
    statuses: list[int] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            statuses.append(server.ask("/healthz")[0])

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for each in asking:
        each.start()
    try:
        yield statuses
    finally:
        enough.set()
        for each in asking:
            each.join()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process that writes and does not finish."""
    connection = sqlite3.connect(folder / "zorio.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.mark.usefixtures("sqlite_only")
def test_fault_24_database_locked(serve: Serve, tmp_path: Path) -> None:
    with fault(24, "SQLite locked by another writer", "waits, then 503 with Retry-After") as seen:
        server = serve(key("k1"), ZORIO_DATABASE_WAIT_MS="1500")
        bearer = server.login()
        token = server.embed_token(bearer)
        with locked(tmp_path):
            begun = time.monotonic()
            status, body, headers = server.sip_config(token)
            waited = time.monotonic() - begun
            assert (status, headers["retry-after"]) == (503, "1")
            assert "Retry after" in body["message"]
            assert 1.2 < waited < 6
        short = threading.Event()

        def hold() -> None:
            with locked(tmp_path):
                short.set()
                threading.Event().wait(0.5)

        holder = threading.Thread(target=hold)
        holder.start()
        short.wait()
        assert server.sip_config(token)[0] == 200
        holder.join()
        seen.what = f"503 after {waited:.1f} s; a lock of half a second is waited for"


def test_fault_25_signing_key_rotated(serve: Serve) -> None:
    with fault(25, "signing key rotated in the middle of traffic", "no 401") as seen:
        old, new = key("old"), key("new")
        before = serve(old)
        bearer, port = before.login(), before.port
        early = [before.embed_token(bearer) for _ in range(5)]
        before.stop()
        after = serve(f"{new},{old}", port)
        late = [after.embed_token(bearer) for _ in range(5)]
        statuses = [after.sip_config(token)[0] for token in early + late]
        assert statuses == [200] * 10
        seen.what = "tokens of both keys and the bearer are good after the restart"
