"""Calls that reached no phone, as the demo's PBX reports them: in the same process, not by HTTP."""

import asyncio
from contextlib import suppress

import msgspec
from sqlalchemy import Connection

from server.api.missed_calls import MissedCallBody, note_missed_call
from server.api.services import Services
from server.customers.accounts import account_of_host
from server.demo.people import PHONE_HOST
from server.errors import ApiError
from server.settings import Settings


class MissedCalls:
    """Writes what a PBX elsewhere reports by HTTP (server/api/missed_calls.py)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._writing: set[asyncio.Task[None]] = set()

    def report(self, extension: str, number: str, name: str, call_id: str) -> None:
        """Begin to write it; needs a running event loop. What cannot be a call of anybody's is dropped."""
        try:
            call = msgspec.convert(
                {"extension": extension, "number": number, "name": name, "call_id": call_id}, MissedCallBody
            )
        except msgspec.ValidationError:
            return  # nobody has a number like this
        task = asyncio.get_running_loop().create_task(self._write(call))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, call: MissedCallBody) -> None:
        services = self._services
        with suppress(ApiError):  # an extension of the PBX alone, or a database that is busy for too long
            await services.database.write(_note, call, services.settings, services.now())


def _note(connection: Connection, call: MissedCallBody, settings: Settings, now: int) -> None:
    note_missed_call(connection, account_of_host(connection, PHONE_HOST), call, settings, now)
