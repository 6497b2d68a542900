"""Processes of `zorio-webphone serve` on one database, and a client that asks them as a stranger would."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server.commands import DATA_KEYS, DOMAIN, PASSWORD

LOGIN = {"username": "an", "password": PASSWORD}


def key(name: str) -> str:
    """For ZORIO_SIGNING_KEYS."""
    return f"{name}={secrets.token_hex(32)}"


class Server:
    """One process. `descriptors`: how many it may have. `log`: what it writes. `variables`: more settings."""

    def __init__(
        self,
        dist: Path,
        url: str,
        keys: str,
        port: int = 0,
        *,
        descriptors: int = 0,
        log: Path | None = None,
        **variables: str,
    ) -> None:
        given = {name: value for name, value in os.environ.items() if not name.startswith("ZORIO_")}
        given |= {"ZORIO_DATABASE_URL": url, "ZORIO_SIGNING_KEYS": keys, "ZORIO_DIST_DIR": str(dist)}
        given |= {"ZORIO_DATA_KEYS": DATA_KEYS}
        limited = ["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else []
        with (log or Path(os.devnull)).open("w") as errors:
            self._process = subprocess.Popen(
                [*limited, sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
                env=given | variables,
                stdout=subprocess.PIPE,
                stderr=errors,
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

    def sip_config(self, token: str) -> tuple[int, Any, dict[str, str]]:
        return self.ask("/api/webphone/sip-config", bearer=token)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(how)
        self._process.communicate(timeout=20)


Serve = Callable[..., Server]
"""(keys, port=0, **variables)"""
