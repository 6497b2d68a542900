"""A far end that does as it is told, by SIP alone: it runs in a thread beside the browser's tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.world import until
from tests.real.kamailio import STATIC, Kamailio
from tests.server.pbx.phone import Phone as SipPhone

Story = Callable[[SipPhone], Coroutine[Any, Any, None]]


@contextmanager
def far_phone(kamailio: Kamailio, extension: str, story: Story) -> Iterator[None]:
    """`extension` is registered and follows `story`; what goes wrong there is raised at the end."""
    registered = threading.Event()
    raised: list[BaseException] = []

    async def run() -> None:
        try:
            async with asyncio.timeout(40), SipPhone(kamailio.url, extension, STATIC[extension]) as phone:
                assert (await phone.register()).code == 200
                registered.set()
                await story(phone)
        except BaseException as error:
            raised.append(error)
            registered.set()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    until(registered.is_set, f"{extension} is registered")
    try:
        yield
    finally:
        thread.join(45)
    if raised:
        raise raised[0]
