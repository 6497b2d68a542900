"""Who is registered, as Kamailio itself answers it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.real.kamailio import Kamailio, time_limited
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, story


def bindings(kamailio: Kamailio, extension: str) -> list[str]:
    """The Contact of each phone of an extension with time-limited credentials."""
    found: list[str] = []

    @story
    async def ask() -> None:
        name, password = time_limited(extension)
        async with Phone(kamailio.url, extension, password, name) as mine:
            uri, to = f"sip:{DOMAIN}", f"<sip:{extension}@{DOMAIN}>"
            await mine.send(_query(mine.build("REGISTER", uri, to=to)))
            challenge = await mine.final("REGISTER")
            answer = mine.credentials(challenge, "REGISTER", uri)
            await mine.send(_query(mine.build("REGISTER", uri, [answer], to=to)))
            contacts = (await mine.final("REGISTER")).headers.getlist("Contact")
            found.extend(contact for line in contacts for contact in line.split(", <"))

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop occupies this one
        thread.submit(ask).result()
    return found


def _query(register: str) -> str:
    """Without a Contact it asks and changes nothing (RFC 3261 section 10.2.3)."""
    lines = register.split("\r\n")
    return "\r\n".join(line for line in lines if not line.startswith("Contact:"))
