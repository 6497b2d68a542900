"""The product's own server with several accounts, a CRM on another origin, Chromium: all but the PBX.

Each account has a domain below `localhost`, which browsers take for this machine, so the account is found by
the Host header as it is for customers.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Playwright
from sqlalchemy import Connection
from starlette.applications import Starlette

from server.api.serving import uvicorn_config
from server.app import create_app
from server.customers.accounts import Account, account_of_host, add_account
from server.customers.bearers import issue_bearer
from server.customers.claims import Claims
from server.customers.passwords import hash_password
from server.customers.users import add_user, user_at
from server.settings import Settings
from server.storage.key_ring import KeyRing, new_key
from tests.e2e.world import CHROMIUM, FLAGS, PARENT_PAGE, UNMUTED, _crm_server, frame_dist, until
from tests.real.kamailio import SECRET, STATIC, Kamailio
from tests.server.pbx.world import DOMAIN

NAMES = {"1001": "Nguyễn Văn An", "1002": "Trần Thị Bình", "1003": "Lê Minh Châu", "1004": "Phạm Quốc Dũng"}
ORIGINS = ["http://localhost:*", "http://127.0.0.1:*"]
_HASH = hash_password("not used: tokens are minted here")


class Server:
    """The product's server on a free port. `sip_seconds`: life of its time-limited SIP credentials."""

    def __init__(self, sip_seconds: int = 43_200) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="zorio-real-"))
        dist = Path(shutil.copytree(frame_dist(), self._folder / "dist"))
        settings = Settings(
            database_url=f"sqlite:///{self._folder / 'zorio.db'}",
            signing_keys={"real": secrets.token_hex(32)},
            data_keys={"real": new_key()},
            dist=dist,
            token_uses=1000,
            sip_seconds=sip_seconds,
        )
        self.app: Starlette = create_app(settings)
        sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = sockets[0].getsockname()[1]
        with suppress(OSError):  # a machine without IPv6: `localhost` is 127.0.0.1 there
            sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._uvicorn = uvicorn.Server(uvicorn_config(self.app))
        serve = self._uvicorn.serve(sockets=sockets)
        self._thread = threading.Thread(target=asyncio.run, args=(serve,), daemon=True)
        self._thread.start()
        until(lambda: self._uvicorn.started, "the product's server")

    def add(self, domain: str, wss_urls: Sequence[str], **options: Any) -> None:
        """An account with the users of NAMES and STATIC. `options`: of add_account."""
        passwords: Mapping[str, str] = options.pop("passwords", STATIC)
        services = self.app.state.services
        services.database.write_now(_fill, domain, wss_urls, passwords, options, services.ring)

    def token(self, domain: str, extension: str, seconds: int) -> str:
        """An embed token, minted as POST /api/webphone/embed-token does it; that has tests of its own."""
        services = self.app.state.services
        now = services.now()
        found, claims = services.database.write_now(_log_in, domain, extension, now)
        minted = services.tokens.mint(domain, found.public_id, claims, found.allowed_origins, now, seconds)
        return str(minted[0])

    def close(self) -> None:
        self._uvicorn.should_exit = True
        self._thread.join(20)
        shutil.rmtree(self._folder, ignore_errors=True)


def _log_in(connection: Connection, domain: str, extension: str, now: int) -> tuple[Account, Claims]:
    account = account_of_host(connection, domain)
    user = user_at(connection, account.id, extension)
    assert user is not None
    bearer = issue_bearer(connection, user.id, None, now, now + 86_400)
    return account, Claims(user.id, int(bearer.partition("|")[0]), user.epoch, extension)


def _fill(
    connection: Connection,
    domain: str,
    wss_urls: Sequence[str],
    passwords: Mapping[str, str],
    options: Mapping[str, Any],
    ring: KeyRing,
) -> None:
    account_id = add_account(
        connection,
        domain=domain,
        name=domain,
        sip_domain=DOMAIN,
        wss_urls=wss_urls,
        allowed_origins=ORIGINS,
        ring=ring,
        # Browsers of these tests are killed, and the next one of the same extension comes at once.
        **({"features": {"one_place": False}} | dict(options)),
    )
    for extension in (*NAMES, *passwords):
        add_user(
            connection,
            account_id=account_id,
            username=extension,
            password_hash=_HASH,
            extension=extension,
            display_name=NAMES.get(extension, extension),
            sip_password=passwords.get(extension),
            ring=ring,
        )


class RealWorld:
    """What a test phone needs: one account of one server, and a browser (`Home` of tests/e2e/phone.py)."""

    def __init__(
        self, server: Server, domain: str, crm_port: int, browser: Browser, pages: dict[str, str]
    ) -> None:
        self.server = server
        self.pages = pages
        self.domain = domain
        self.phone_origin = f"http://{domain}:{server.port}"
        self.crm_origin = f"http://127.0.0.1:{crm_port}"
        self.crm_port = crm_port
        self.browser = browser

    def token(self, user: str, ttl_seconds: int = 300) -> str:
        return self.server.token(self.domain, user, ttl_seconds)

    def account(self, domain: str, wss_urls: Sequence[str], **options: Any) -> RealWorld:
        """The same browser and server, another customer."""
        self.server.add(domain, wss_urls, **options)
        return RealWorld(self.server, domain, self.crm_port, self.browser, self.pages)


@contextmanager
def open_real_world(playwright: Playwright, kamailio: Kamailio) -> Iterator[RealWorld]:
    """The account `localhost` shares its secret with Kamailio."""
    pages = {"/": PARENT_PAGE}
    crm = _crm_server(pages)
    threading.Thread(target=crm.serve_forever, daemon=True).start()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, UNMUTED])
    server = Server()
    server.add("localhost", [kamailio.url], sip_secret=SECRET)
    try:
        yield RealWorld(server, "localhost", crm.server_address[1], browser, pages)
    finally:
        browser.close()
        server.close()
        crm.shutdown()
        crm.server_close()
