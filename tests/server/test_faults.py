"""Faults of the server, with processes of its own and one database: rows of the table of `make test-all`."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.e2e.faults import fault
from tests.e2e.world import until
from tests.real.postgresql import Postgresql
from tests.server.commands import DOMAIN
from tests.server.processes import LOGIN, Serve, Server, key

pytestmark = pytest.mark.slow

Answer = tuple[int, Any, dict[str, str]]


def test_fault_22_one_process_is_killed_in_a_request(serve: Serve) -> None:
    with fault(22, "one of two API processes killed mid-request", "the other one serves") as row:
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
        asked = (
            other.ask("/api/auth/login", LOGIN),
            other.ask("/api/webphone/embed-token", {}, bearer),
            other.sip_config(token),
        )
        statuses = [answer[0] for answer in asked]
        assert statuses == [200] * 3
        row.seen(f"asked again the other answers {statuses}, to bearer and token of the first too")


def test_fault_23_postgresql_restarts(serve: Serve, postgresql: Postgresql | None) -> None:
    if postgresql is None:
        pytest.skip("of PostgreSQL: --postgresql")
    with fault(
        23, "PostgreSQL stops, is killed and starts in traffic", "503 with Retry-After, never 500"
    ) as row:
        server = serve(key("k1"))
        bearer = server.login()
        token = server.embed_token(bearer)
        with traffic(lambda: int(server.ask("/healthz")[0])) as statuses:
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
        row.seen(f"{len(statuses)} requests: 200 and 503 only; tokens and bearers of before are good")


@contextmanager
def traffic(ask: Callable[[], int], *, askers: int = 3, every: float = 0.0) -> Iterator[list[int]]:
    """`askers` who never stop asking, each `every` so many seconds; the statuses so far."""
    statuses: list[int] = []
    enough = threading.Event()

    def go_on() -> None:
        while not enough.wait(every):
            statuses.append(ask())

    asking = [threading.Thread(target=go_on) for _ in range(askers)]
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
    with fault(24, "SQLite locked by another writer", "waits, then 503 with Retry-After") as row:
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
        row.seen(f"503 after {waited:.1f} s; a lock of half a second is waited for")


def test_fault_25_signing_key_rotated(serve: Serve) -> None:
    """Two processes behind one address, one restarted after the other as docs/operating.md says: both know
    the new key before either signs with it. Meanwhile somebody fetches tokens from one and uses them at the
    other.
    """
    with fault(25, "signing key rotated in the middle of traffic", "no 401") as row:
        old, new = key("old"), key("new")
        pair = [serve(old), serve(old)]
        bearer = pair[0].login()
        turns = count()
        kinds: set[str] = set()

        def behind_one_address(ask: Callable[[Server], Answer]) -> Answer:
            """As a reverse proxy does it: whoever does not answer is passed over."""
            first = next(turns) % 2
            for server in (pair[first], pair[1 - first], pair[first]):
                with suppress(OSError):
                    return ask(server)
            raise AssertionError("nobody answers")

        def trade() -> int:
            status, body, _ = behind_one_address(
                lambda server: server.ask("/api/webphone/embed-token", {}, bearer)
            )
            if status == 200:
                kinds.add(jwt.get_unverified_header(body["embed_token"])["kid"])
                status, _, _ = behind_one_address(lambda server: server.sip_config(body["embed_token"]))
                next(turns)  # so that both come first in turn
            return status

        early = pair[0].embed_token(bearer)
        with traffic(trade, askers=1, every=0.25) as statuses:
            for keys in (f"{old},{new}", f"{new},{old}"):
                for index in range(2):
                    port = pair[index].port
                    pair[index].stop()
                    pair[index] = serve(keys, port)
                    enough = len(statuses) + 4
                    until(lambda: len(statuses) >= enough, "traffic with two that differ", 30)  # noqa: B023
        assert set(statuses) == {200}
        assert kinds == {"old", "new"}
        assert [server.sip_config(early)[0] for server in pair] == [200, 200]
        row.seen(f"{len(statuses)} tokens fetched and used over four restarts: 200 only")
