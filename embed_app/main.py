"""The composition root: the one file that names concrete adapters.

Nothing here or in `browser/` may read a property of `js` while it is imported: the fast start imports this
module when the frame is built, where there is no page (public/fast-start/README.md).
"""

from __future__ import annotations

import asyncio
from typing import Any

import js

from embed_app.browser.announcer import BrowserAnnouncer
from embed_app.browser.backend import FetchBackend
from embed_app.browser.clock import BrowserClock
from embed_app.browser.devices import BrowserDevices
from embed_app.browser.dialled import dialled
from embed_app.browser.lease_holder import LeaseHolder
from embed_app.browser.parent_window import BrowserParentWindow
from embed_app.browser.patient_screen import PatientScreen
from embed_app.browser.records import BrowserRecords, Found
from embed_app.browser.ringer import AudioRinger
from embed_app.browser.screen import DomScreen
from embed_app.browser.sip_user_agent import SipUserAgent
from embed_app.browser.surroundings import Surroundings
from embed_app.browser.tab_channel import BrowserTabChannel, can_share
from embed_app.core.call.messages import PlaybackBlocked, PlaybackStarted
from embed_app.core.link.embed_token import is_token
from embed_app.core.link.messages import Started
from embed_app.core.link.values import Link, Ownership
from embed_app.core.message import ParentMistake
from embed_app.core.phone import Phone
from embed_app.core.sound.ringing import sounding_call
from embed_app.i18n.translator import Translator
from embed_app.shell.params import EmbedParams, read_params
from embed_app.shell.ports import Ports
from embed_app.shell.runtime import Runtime

_alive: list[Any] = []
"""What must not be collected while the page lives: it is called from JavaScript only."""


def start() -> None:
    """Bring the phone up. Called again, as PyScript does after a fast start, it does nothing."""
    if _alive:
        return
    params = read_params(str(js.zorioBoot.search))
    records = BrowserRecords()
    _alive.append(records)
    if not records.may_hold_one or not is_token(params.token):
        return _start(params, records, None)

    async def find_first() -> None:
        _start(params, records, await records.take(params.token or ""))

    _alive.append(asyncio.ensure_future(find_first()))
    return None


def _start(params: EmbedParams, records: BrowserRecords, found: Found | None) -> None:
    """`found`: the call of a former page; to the registrar this is the same phone then."""
    dialog = found.record.call.dialog if found is not None else None  # None: it only rang
    holder = LeaseHolder(dialog.instance_id if dialog is not None else "")
    ringer = AudioRinger()
    devices = BrowserDevices()
    translator = Translator(params.settings.locale)
    ownership = Ownership.NOT_ASKED if can_share() else Ownership.ALONE
    runtime = Runtime(
        Phone(settings=params.settings, link=Link(ownership=ownership)),
        Ports(
            user_agent=SipUserAgent(holder.name),
            parent_window=BrowserParentWindow(),
            screen=PatientScreen(DomScreen(ringer.tones.play)),
            clock=BrowserClock(),
            ringer=ringer,
            backend=FetchBackend(holder.name),
            records=records,
            tab_channel=BrowserTabChannel(),
            devices=devices,
            announcer=BrowserAnnouncer(translator),
        ),
        translator,
    )

    def ring_report(make: type[PlaybackBlocked] | type[PlaybackStarted]) -> None:
        call = sounding_call(runtime.phone)
        if call is not None:
            runtime.dispatch(make(call_uuid=call.uuid))

    ringer.listen(lambda: ring_report(PlaybackBlocked), lambda: ring_report(PlaybackStarted))
    _alive.append(runtime)
    runtime.start(
        Started(
            token=params.token,
            record=found.record if found is not None else None,
            owner_gone=found.owner_gone if found is not None else None,
            dialled_at=dialled(),
        )
    )
    _alive.extend((holder, Surroundings(runtime.dispatch)))
    holder.watch(runtime.dispatch)
    for name in params.problems:
        runtime.dispatch(ParentMistake(code="invalid_parameter", fields=(name,)))
    js.zorioBoot.started()
    devices.watch()
    ringer.get_ready()
