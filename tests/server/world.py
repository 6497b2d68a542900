"""Two customers with users, and a blocking client that speaks to the app as either host."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal
from sqlalchemy import Connection
from starlette.applications import Starlette

from server.api.services import Services
from server.app import create_app
from server.customers.accounts import add_account
from server.customers.passwords import hash_password
from server.customers.users import add_user
from server.settings import Settings
from server.storage.key_ring import KeyRing, new_key

ALPHA, BETA = "phone.alpha.example", "phone.beta.example"
PASSWORD = "correct horse 1"
PASSWORD_HASH = hash_password(PASSWORD)
DATA_KEYS = {"d1": new_key()}
KEYS = {"new": "n3w-7fQ0zYl2mB9xKcV5tRw8uJ1hG4dS6aEp", "old": "0ld-Xy3Tq8Lm5Nb2Vc9Zk7Wr4Hj1Gf6Ds0AQ"}
SIP_SECRET = "pbx shared with alpha"
PAGE = (
    '<!doctype html><html lang="vi"><head><meta name="zorio-parent-origins" content="">'
    '<script src="/webphone-assets/b1/boot.js"></script></head><body></body></html>'
)


class FakeClock:
    """Epoch seconds that a test moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """An app with its data. `ids`: database ids of users by name."""

    app: Starlette
    portal: BlockingPortal
    clock: FakeClock
    folder: Path
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        services = self.app.state.services
        assert isinstance(services, Services)
        return services

    def ask(
        self,
        method: str,
        path: str,
        *,
        host: str = ALPHA,
        bearer: str | None = None,
        client: str = "192.0.2.1",
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> httpx.Response:
        """One request over ASGI; body: json= or content=."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(
                self.app,
                client=(client, 40_000),
                raise_app_exceptions=False,
            )
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
                given = dict(headers or {})
                if bearer is not None:
                    given["Authorization"] = f"Bearer {bearer}"
                return await http.request(method, path, headers=given, **body)

        return self.portal.call(send)

    def login(self, username: str = "an", host: str = ALPHA) -> str:
        answer = self.ask(
            "POST", "/api/auth/login", host=host, json={"username": username, "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def embed_token(self, bearer: str, host: str = ALPHA, **body: Any) -> str:
        answer = self.ask("POST", "/api/webphone/embed-token", host=host, bearer=bearer, json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["embed_token"])

    def sip_config(self, token: str, host: str = ALPHA) -> httpx.Response:
        return self.ask("GET", "/api/webphone/sip-config", host=host, bearer=token)


def build_dist(folder: Path) -> Path:
    """A built frame, as small as it can be."""
    assets = folder / "frame" / "assets" / "b1"
    assets.mkdir(parents=True)
    (folder / "frame" / "webphone-embed.html").write_text(PAGE, encoding="utf-8")
    (assets / "boot.js").write_text("//", encoding="utf-8")
    (assets / "core.mjs").write_text("//", encoding="utf-8")
    (assets / "pyodide.asm.wasm").write_bytes(b"\0asm")
    (assets / "phone.css").write_text(":root{}", encoding="utf-8")
    (assets / "app.pyc").write_bytes(b"\0")
    (folder / "secret.txt").write_text("outside the assets", encoding="utf-8")
    return folder


def build_world(folder: Path, portal: BlockingPortal, now: float, url: str = "", wait_ms: int = 50) -> World:
    """Alpha has time-limited SIP credentials, Beta static ones; both have a user `an` at 1001."""
    settings = Settings(
        database_url=url or f"sqlite:///{folder / 'zorio.db'}",
        signing_keys=KEYS,
        data_keys=DATA_KEYS,
        dist=build_dist(folder / "dist"),
        database_wait_ms=wait_ms,
    )
    clock = FakeClock(now)
    world = World(create_app(settings, clock=clock), portal, clock, folder)
    world.services.database.write_now(_fill, world.ids, world.services.ring)
    return world


def _fill(connection: Connection, ids: dict[str, int], ring: KeyRing) -> None:
    alpha = add_account(
        connection,
        domain=ALPHA,
        name="Alpha",
        sip_domain="sip.alpha.example",
        wss_urls=["wss://pbx1.alpha.example:7443/ws", "wss://pbx2.alpha.example/ws"],
        allowed_origins=["https://crm.alpha.example", "http://localhost:*"],
        ice_servers=[{"urls": ["turn:turn.alpha.example"], "username": "u", "credential": "c"}],
        features={"transfer": True},
        sip_secret=SIP_SECRET,
        ring=ring,
    )
    beta = add_account(
        connection,
        domain=BETA,
        name="Beta",
        sip_domain="sip.beta.example",
        wss_urls=["wss://pbx.beta.example/ws"],
        allowed_origins=["https://crm.beta.example"],
    )
    people: list[dict[str, Any]] = [
        {"account_id": alpha, "username": "an", "extension": "1001", "display_name": "Nguyễn Văn An"},
        {"account_id": alpha, "username": "reader", "role": "read_only", "extension": "1002"},
        {"account_id": alpha, "username": "desk", "role": "admin"},
        {"account_id": beta, "username": "an", "extension": "1001", "sip_password": "static sip"},
        {"account_id": beta, "username": "nosip", "extension": "1003"},
    ]
    for person in people:
        email = f"{person['username']}@example.com"
        user_id = add_user(connection, password_hash=PASSWORD_HASH, email=email, ring=ring, **person)
        ids.setdefault(person["username"], user_id)
