"""Our own server, by fetch: sip-config (contract section 2)."""

from __future__ import annotations

import asyncio
import json

import js
from pyodide.ffi import JsException, to_js

from embed_app.core.messages import ConfigFailed, ConfigReceived, Message
from embed_app.core.sip_config import ConfigError, read_config
from embed_app.ports import Dispatch

PATH = "/api/webphone/sip-config"
TIMEOUT_MS = 10_000


class FetchBackend:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def fetch_config(self, token: str, token_expires_at: float, dispatch: Dispatch) -> None:
        async def run() -> None:
            dispatch(await self._ask(token, token_expires_at))

        task = asyncio.ensure_future(run())
        self._tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, token: str, token_expires_at: float) -> Message:
        options = {
            "headers": {"Authorization": f"Bearer {token}", "Accept": "application/json"},
            "cache": "no-store",
            "credentials": "omit",
        }
        try:
            init = to_js(options, dict_converter=js.Object.fromEntries)
            init.signal = js.AbortSignal.timeout(TIMEOUT_MS)
            # The head of the page asked the same while Python was loading; it gives its answer once.
            ahead = js.zorioBoot.takeSipConfig(token)
            response = await (js.fetch(PATH, init) if ahead is None else ahead)
            if not response.ok:
                return ConfigFailed(status=response.status)
            return ConfigReceived(config=read_config(json.loads(await response.text()), token_expires_at))
        except (JsException, ConfigError, ValueError):
            return ConfigFailed(status=0)
