"""Our own server, by fetch: sip-config, the lease, and what it remembers of the user (contract section 2)."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from embed_app.browser.tasks import Tasks
from embed_app.core.history.effects import SaveHistory
from embed_app.core.history.messages import HistoryFailed, HistoryReceived, HistorySaved, HistorySaveFailed
from embed_app.core.history.past_calls import PastCallsError, read_past_calls, write_past_call
from embed_app.core.link.effects import HoldLease
from embed_app.core.link.messages import (
    AccessRevoked,
    ConfigFailed,
    ConfigReceived,
    LeaseAnswered,
    LeaseFailed,
)
from embed_app.core.link.sip_config import ConfigError, read_config
from embed_app.core.message import Message
from embed_app.shell.ports import Dispatch

CONFIG_PATH = "/api/webphone/sip-config"
LEASE_PATH = "/api/webphone/lease"
MEMORY_PATH = "/api/webphone/memory"
UNAUTHENTICATED = 401
TIMEOUT_MS = 10_000
_REVOKED = 'error_description="revoked"'


class FetchBackend:
    def __init__(self, place: str) -> None:
        """`place`: a name of this browser that no other one has."""
        self._place = place
        self._tasks = Tasks()

    def fetch_config(self, token: str, token_expires_at: float, dispatch: Dispatch) -> None:
        self._run(self._fetch_config(token, token_expires_at, dispatch), dispatch)

    def hold_lease(self, wish: HoldLease, dispatch: Dispatch) -> None:
        body: dict[str, Any] = {"take_over": wish.take_over, "renew": wish.renew}
        if wish.seconds is not None:
            body["seconds"] = wish.seconds
        # Begun before this returns: the page may be on its way out.
        answer = _ask(LEASE_PATH, wish.ticket, method="POST", body=json.dumps(body), keepalive=True)
        self._run(_lease(_heard(answer, wish.ticket, dispatch), wish.take_over), dispatch)

    def load_history(self, ticket: str, dispatch: Dispatch) -> None:
        self._run(_history(_heard(_ask(MEMORY_PATH, ticket), ticket, dispatch)), dispatch)

    def remember(self, what: SaveHistory, dispatch: Dispatch) -> None:
        body = {
            "calls": [write_past_call(call) for call in what.calls],
            "seen_at": what.seen_at,
            "do_not_disturb": what.do_not_disturb,
        }
        # Begun before this returns: the page may be on its way out.
        answer = _ask(MEMORY_PATH, what.ticket, method="POST", body=json.dumps(body), keepalive=True)
        self._run(_remembered(_heard(answer, what.ticket, dispatch), what), dispatch)

    def check_access(self, ticket: str, dispatch: Dispatch) -> None:
        async def check() -> None:
            with suppress(JsException):
                await _heard(_ask(MEMORY_PATH, ticket, method="HEAD"), ticket, dispatch)

        self._tasks.run(check())

    def _run(self, work: Coroutine[Any, Any, Message], dispatch: Dispatch) -> None:
        async def run() -> None:
            dispatch(await work)

        self._tasks.run(run())

    async def _fetch_config(self, token: str, token_expires_at: float, dispatch: Dispatch) -> Message:
        try:
            # The head of the page asked the same while Python was loading; it gives its answer once.
            ahead = js.zorioBoot.takeSipConfig(token)
            if ahead is None:
                ahead = _ask(CONFIG_PATH, token, headers={"X-Zorio-Holder": self._place})
            response = await _heard(ahead, token, dispatch)
            if not response.ok:
                return ConfigFailed(status=response.status)
            return ConfigReceived(config=read_config(json.loads(await response.text()), token_expires_at))
        except (JsException, ConfigError, ValueError):
            return ConfigFailed(status=0)


async def _heard(answer: Any, credential: str, dispatch: Dispatch) -> Any:
    """The response; tells first where what it was asked with was revoked (server/errors.py)."""
    response = await answer
    if response.status == UNAUTHENTICATED and _REVOKED in (response.headers.get("WWW-Authenticate") or ""):
        dispatch(AccessRevoked(credential=credential))
    return response


async def _lease(answer: Any, taking: bool) -> Message:
    try:
        response = await answer
        if not response.ok:
            return LeaseFailed(status=response.status, taking=taking)
        held = json.loads(await response.text())["data"]["held"]
    except (JsException, ValueError, LookupError, TypeError):
        return LeaseFailed(status=0, taking=taking)
    return LeaseAnswered(held=held is True, taking=taking)


async def _history(answer: Any) -> Message:
    try:
        response = await answer
        if not response.ok:
            return HistoryFailed(status=response.status)
        calls, seen_at = read_past_calls(json.loads(await response.text()))
    except (JsException, PastCallsError, ValueError):
        return HistoryFailed(status=0)
    return HistoryReceived(calls=calls, seen_at=seen_at)


async def _remembered(answer: Any, what: SaveHistory) -> Message:
    calls = frozenset(call.uuid for call in what.calls)
    try:
        response = await answer
    except JsException:
        return HistorySaveFailed(status=0, calls=calls)
    if not response.ok:
        return HistorySaveFailed(status=response.status, calls=calls)
    return HistorySaved(calls=calls, seen_at=what.seen_at, do_not_disturb=what.do_not_disturb)


def _ask(path: str, bearer: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
    """The promise of a response."""
    sent = {"Authorization": f"Bearer {bearer}", "Accept": "application/json", **(headers or {})}
    if "body" in options:
        sent["Content-Type"] = "application/json"
    init = to_js(
        {"headers": sent, "cache": "no-store", "credentials": "omit", **options},
        dict_converter=js.Object.fromEntries,
    )
    init.signal = js.AbortSignal.timeout(TIMEOUT_MS)
    return js.fetch(path, init)
