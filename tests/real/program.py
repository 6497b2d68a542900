"""Servers of others as child processes: none outlives the tests, none is mistaken for a stale one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.e2e.world import until

NOBODY = 65534
_PARENT = ThreadPoolExecutor(1)
"""The thread that starts them all: a parent-death signal comes when the thread dies, not the process."""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that was free a moment ago, below the range the kernel gives to clients."""
    while True:
        port = 20_000 + int.from_bytes(os.urandom(2)) % 12_000
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def answers(port: int, address: str = "127.0.0.1") -> bool:
    """Whether somebody accepts TCP connections there."""
    try:
        socket.create_connection((address, port), 0.3).close()
    except OSError:
        return False
    return True


def serves_http(port: int) -> bool:
    """Whether somebody answers HTTP there: workers that run, and not only a socket that listens."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        return client.recv(12).startswith(b"HTTP/1.1")
    return False


class Program:
    """One server: its folder with the configuration, its log, and the process group it runs in.

    It never runs as root, and dies with the tests even when those are killed (PR_SET_PDEATHSIG).
    """

    def __init__(self, name: str, files: Mapping[str, str]) -> None:
        if shutil.which(name) is None:
            raise LookupError(f"{name} is not installed: `make test-all` does that")
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"zorio-{Path(name).name}-"))
        for path, text in files.items():
            (self.folder / path).write_text(text, encoding="utf-8")
        self.log = self.folder / "log"
        self.log.touch()
        if os.geteuid() == 0:
            for owned in (self.folder, *self.folder.iterdir()):
                shutil.chown(owned, NOBODY, NOBODY)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str], ready: Callable[[], bool], seconds: float = 20) -> None:
        """Run it and wait until it is ready. Raises AssertionError with the end of its log."""
        root = os.geteuid() == 0
        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if root else []
        command = ["setpriv", *user, "--pdeathsig", "TERM", *command]
        self._process = _PARENT.submit(self._spawn, command).result()
        try:
            until(lambda: not self.running or ready(), f"{self.name} is ready", seconds)
            # Somebody else's server may be what answered
            assert self.running
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{self.name} did not start: {self.text()[-2000:]}") from error

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={"HOME": str(self.folder), "PATH": os.environ["PATH"]},
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """To every process of it."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL: gone without a word to anybody."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def text(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")
