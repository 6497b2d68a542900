"""The record of the calls, for the page that comes after this one (`core/resume/resume.py`).

In sessionStorage, which a tab keeps over a reload and nobody else can read; where that is denied, on our
server, but only once this page goes: a record there is open to every frame of the agent, so it may exist
only while no page owns the call. It is left there, and found, with a ticket of `sip-config`: an embed token
that is used up does neither. Two more marks say that the owner is alive: a Web Lock that is held during
the call, because duplicating a tab copies its storage; and the time, written every two seconds, for
browsers without locks.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import js
from pyodide.ffi import JsException, create_once_callable, create_proxy, to_js

from embed_app.browser.dialled import keep_dialled
from embed_app.browser.tasks import Tasks
from embed_app.core.resume.messages import RecordFound
from embed_app.core.resume.record import RecordError, read_record, write_record
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.shared import SHARED
from embed_app.shell.ports import Dispatch

KEY = SHARED.record_key
ANNOUNCED_KEY = "zorio-heard"
PATH = "/api/webphone/resume"
TIMEOUT_MS = 2000
ASK_AGAIN_AFTER = (0.0, 0.5, 1.0, 2.0)
"""Seconds before each try. The far end waits half a minute, the agent with an idle phone not so long."""
HEARTBEAT_MS = 2000
ADDRESS_LASTS_MS = 2000
"""Of a page before this one: by then it is known whether there is a call."""
ADDRESS_AFTER_MS = 500
"""Where it may wait. replaceState blocks the page for 5 ms."""


@dataclass(frozen=True, slots=True)
class Found:
    """`owner_gone`: None where the browser cannot tell."""

    record: ResumeRecord
    owner_gone: bool | None


class BrowserRecords:
    def __init__(self) -> None:
        self._storage = _session_storage()
        self._record: ResumeRecord | None = None
        self._ticket = ""
        self._unlock: Any = None
        self._heartbeat = create_proxy(self._beat)
        self._timer: Any = None
        self._gone = False
        self._tasks = Tasks()
        self._leaving = create_proxy(self._release)
        self._returning = create_proxy(self._return)
        self._ignore = create_proxy(lambda *_: None)
        self._address = ""
        self._address_timer: Any = None
        self._write_address_proxy = create_proxy(self._write_address)
        if js.history.state:  # by boot.js
            self._address_timer = js.setTimeout(self._write_address_proxy, ADDRESS_LASTS_MS)
        js.window.addEventListener("pagehide", self._leaving)
        js.window.addEventListener("pageshow", self._returning)

    # ---- what a page before this one has left

    async def take(self, token: str) -> Found | None:
        """The record, which is then nobody else's: a copy must not be used later. Never raises."""
        text = self._take_stored() if self._storage is not None else await _take_from_server(token)
        try:
            record = read_record(text) if text else None
        except RecordError as error:
            print(f"zorio-webphone: a call record was dropped: {error}")
            return None
        if record is None:
            return None
        return Found(record, None if record.released else await _is_unlocked(record))

    def find(self, token: str, dispatch: Dispatch) -> None:
        async def find() -> None:
            found = await self.take(token)
            if found is not None:
                dispatch(RecordFound(record=found.record, owner_gone=found.owner_gone))

        if self.may_hold_one:
            self._tasks.run(find())

    @property
    def may_hold_one(self) -> bool:
        """False where it is known at once that there is no record."""
        return self._storage is None or bool(self._stored(KEY))

    def _take_stored(self) -> str:
        text = self._stored(KEY)
        self._storage.removeItem(KEY)
        return text

    def _stored(self, key: str) -> str:
        return str(self._storage.getItem(key) or "")  # null comes as JsNull, which is not None

    # ---- what this page leaves

    def keep(self, record: ResumeRecord, ticket: str) -> None:
        before, self._record, self._ticket = self._record, record, ticket
        if self._gone:
            return  # what was left is for the next page
        self._write()
        if before is None or before.call.uuid != record.call.uuid:
            self._lock(record.call.uuid)
        if self._timer is None:
            self._timer = js.setInterval(self._heartbeat, HEARTBEAT_MS)

    def drop(self) -> None:
        self._record = None
        if self._gone:
            return
        js.clearInterval(self._timer)
        self._timer = None
        self._let_go()
        if self._storage is not None:
            self._storage.removeItem(KEY)

    def leave_address(self, token: str, at_once: bool) -> None:
        self._address = token
        if at_once:  # once the page goes it is too late
            js.clearTimeout(self._address_timer)
            self._write_address()
        elif self._address_timer is None:
            self._address_timer = js.setTimeout(self._write_address_proxy, ADDRESS_AFTER_MS)

    def _write_address(self) -> None:
        self._address_timer = None
        state = None
        if self._address:
            given = dict(parse_qsl(str(js.zorioBoot.search).lstrip("?"), keep_blank_values=True))
            address = "?" + urlencode(given | {"token": self._address})
            state = to_js({SHARED.address_key: address}, dict_converter=js.Object.fromEntries)
        with suppress(JsException):
            js.history.replaceState(state, "")

    def announced(self) -> frozenset[str]:
        """Of nobody where storage is denied: there no two tabs share a phone either."""
        return frozenset(self._stored(ANNOUNCED_KEY).split()) if self._storage is not None else frozenset()

    def note_announced(self, calls: frozenset[str]) -> None:
        if self._storage is None:
            return
        with suppress(JsException):  # full
            if calls:
                self._storage.setItem(ANNOUNCED_KEY, " ".join(sorted(calls)))
            else:
                self._storage.removeItem(ANNOUNCED_KEY)

    def note_dialled(self, times: tuple[float, ...]) -> None:
        keep_dialled(times)

    def _beat(self) -> None:
        self._write()

    def _write(self) -> None:
        if self._record is None or self._storage is None:
            return
        try:
            self._storage.setItem(KEY, self._stamped(self._record))
        except JsException:
            self._storage.removeItem(KEY)  # full: no record is better than an old one

    def _stamped(self, record: ResumeRecord) -> str:
        return write_record(replace(record, alive_at=time.time(), released=self._gone))

    def _return(self, _event: Any) -> None:
        was_gone, self._gone = self._gone, False
        if self._record is not None:
            self._write()
        elif was_gone:
            self.drop()

    def _release(self, _event: Any) -> None:
        """The page goes: reloaded, navigated or closed. No BYE: the next page may want the call."""
        self._gone = True
        if self._record is None:
            return
        if self._storage is not None:
            self._write()
            return
        if not self._ticket:
            return
        body = json.dumps({"record": self._stamped(self._record)})
        options = _request(self._ticket, method="POST", body=body, keepalive=True)
        js.fetch(PATH, options).catch(self._ignore)

    def _lock(self, uuid: str) -> None:
        self._let_go()

        def hold(resolve: Any, _reject: Any) -> None:
            self._unlock = resolve

        until_dropped = js.Promise.new(create_once_callable(hold))
        locks = getattr(js.navigator, "locks", None)
        if locks is not None:
            granted = create_once_callable(lambda _lock: until_dropped)
            locks.request(_lock_name(uuid), granted).catch(self._ignore)

    def _let_go(self) -> None:
        if self._unlock is not None:
            self._unlock()
            self._unlock = None


def _session_storage() -> Any:
    """None where the browser denies it to a frame of another site."""
    try:
        return js.sessionStorage
    except JsException:
        return None


def _lock_name(uuid: str) -> str:
    return f"{KEY}:{uuid}"


async def _is_unlocked(record: ResumeRecord) -> bool | None:
    locks = getattr(js.navigator, "locks", None)
    if locks is None:
        return None
    options = to_js({"ifAvailable": True}, dict_converter=js.Object.fromEntries)
    free = create_once_callable(lambda lock: bool(lock))
    try:
        return bool(await locks.request(_lock_name(record.call.uuid), options, free))
    except JsException:
        return None


async def _take_from_server(token: str) -> str:
    """A server that is just restarted costs no call: it is asked again for some seconds.

    With the ticket of the settings that the head of the page has asked for. Where it has not, the token is
    not used up by them.
    """
    if not token:
        return ""
    credential = await _ticket_asked_ahead(token) or token
    for wait in ASK_AGAIN_AFTER:
        await asyncio.sleep(wait)
        try:
            request = _request(credential, method="GET")
            request.signal = js.AbortSignal.timeout(TIMEOUT_MS)
            response = await js.fetch(PATH, request)
            if response.status == 200:
                return str(json.loads(await response.text())["data"]["record"])
        except JsException:
            continue
        except (ValueError, LookupError, TypeError):
            return ""
        if response.status != 429 and response.status < 500:
            return ""
    return ""


async def _ticket_asked_ahead(token: str) -> str:
    resume_ticket = getattr(js.zorioBoot, "resumeTicket", None)
    if resume_ticket is None:
        return ""
    try:
        return str(await resume_ticket(token) or "")
    except JsException:
        return ""


def _request(token: str, **more: Any) -> Any:
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    options = {"headers": headers, "cache": "no-store", "credentials": "omit", **more}
    return to_js(options, dict_converter=js.Object.fromEntries)
