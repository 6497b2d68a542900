"""Debian's PostgreSQL with a cluster of its own, which is gone after the tests."""

from __future__ import annotations

import signal
import subprocess
from itertools import count
from pathlib import Path

import psycopg

from tests.e2e.world import until
from tests.real.program import Program, free_port


def programs() -> Path:
    """Where the newest version's are: Debian keeps them out of PATH. Raises LookupError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        raise LookupError("postgresql is not installed: `make test-all` does that")
    return found[-1]


class Postgresql:
    def __init__(self) -> None:
        self._programs = programs()
        self._port = free_port()
        self._numbers = count(1)
        self.program = Program(str(self._programs / "postgres"), {})
        self.start()

    def start(self) -> None:
        """Make the cluster if there is none, and wait until it takes connections."""
        data = self.program.folder / "data"
        options = f"-D {data} --no-sync --auth trust --username zorio --encoding UTF8 --locale C"
        initdb = f"{self._programs}/initdb {options}"
        # Hundreds of databases that live for a test each: stopping would write all of them to the disk.
        options = f"-c fsync=off -h 127.0.0.1 -p {self._port} -k {self.program.folder}"
        server = f"{self._programs}/postgres -D {data} {options}"
        self.program.start(["sh", "-c", f"[ -d {data} ] || {initdb} && exec {server}"], self._is_ready)

    def _is_ready(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(asked, check=False).returncode == 0

    def stop(self) -> None:
        """Fast shutdown: connections are told to go (pg_ctl(1))."""
        self.program.signal(signal.SIGINT)
        until(lambda: not self.program.running, "PostgreSQL has stopped", 60)

    def new_database(self) -> str:
        """An empty one; its address as an operator would write it."""
        name = f"zorio_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://zorio@127.0.0.1:{self._port}/{name}"

    def close(self) -> None:
        self.program.close()
