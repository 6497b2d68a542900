"""Faults of the server, with processes of its own and one database: rows of the table of `make test-all`."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.e2e.faults import fault
from tests.server.world import build_dist

pytestmark = pytest.mark.slow

DOMAIN = "phone.example.vn"
PASSWORD = "a long password"
LOGIN = {"username": "an", "password": PASSWORD}


class Server:
    """One process of `zorio-webphone serve`."""

    def __init__(self, folder: Path, keys: str, port: int = 0, **variables: str) -> None:
        given = {name: value for name, value in os.environ.items() if not name.startswith("ZORIO_")}
        given |= {"ZORIO_DATABASE_URL": f"sqlite:///{folder / 'zorio.db'}", "ZORIO_SIGNING_KEYS": keys}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
            env=given | {"ZORIO_DIST_DIR": str(folder / "dist")} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().rpartition(":")[2].rstrip("/\n"))

    def ask(self, path: str, body: Any = None, bearer: str = "") -> tuple[int, Any, dict[str, str]]:
        """(status, JSON, headers). Raises OSError where nobody answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Host": DOMAIN, "Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {bearer}"} if bearer else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read()), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read()), dict(error.headers)

    def login(self) -> str:
        status, body, _ = self.ask("/api/auth/login", LOGIN)
        assert status == 200
        return str(body["token"])

    def embed_token(self, bearer: str) -> str:
        status, body, _ = self.ask("/api/webphone/embed-token", {}, bearer)
        assert status == 200
        return str(body["embed_token"])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(how)
        self._process.communicate(timeout=20)


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a process; a customer with one user is in the database."""
    build_dist(tmp_path / "dist")
    run = CliRunner(env={"ZORIO_DATABASE_URL": f"sqlite:///{tmp_path / 'zorio.db'}"}).invoke
    account = [
        "account",
        "add",
        DOMAIN,
        "--wss",
        "wss://pbx.example.vn/ws",
        "--origin",
        "https://crm.example.vn",
    ]
    user = ["user", "add", DOMAIN, "an", "--extension", "1001", "--password-file", "-"]
    assert run(main, account).exit_code == 0
    (tmp_path / "sip.txt").write_text("a sip password")
    added = run(main, [*user, "--sip-password-file", str(tmp_path / "sip.txt")], input=PASSWORD)
    assert added.exit_code == 0
    running: list[Server] = []

    def start(keys: str, port: int = 0, **variables: str) -> Server:
        running.append(Server(tmp_path, keys, port, **variables))
        return running[-1]

    yield start
    for each in running:
        each.stop(signal.SIGKILL)


def key(name: str) -> str:
    return f"{name}={secrets.token_hex(32)}"


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
        assert other.ask("/api/webphone/sip-config", bearer=token)[0] == 200
        seen.what = "asked again, the other answers; bearer and token of the first are good there"


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


def test_fault_24_database_locked(serve: Serve, tmp_path: Path) -> None:
    with fault(24, "SQLite locked by another writer", "waits, then 503 with Retry-After") as seen:
        server = serve(key("k1"), ZORIO_DATABASE_WAIT_MS="1500")
        bearer = server.login()
        token = server.embed_token(bearer)
        with locked(tmp_path):
            begun = time.monotonic()
            status, body, headers = server.ask("/api/webphone/sip-config", bearer=token)
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
        assert server.ask("/api/webphone/sip-config", bearer=token)[0] == 200
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
        statuses = [after.ask("/api/webphone/sip-config", bearer=token)[0] for token in early + late]
        assert statuses == [200] * 10
        seen.what = "tokens of both keys and the bearer are good after the restart"
