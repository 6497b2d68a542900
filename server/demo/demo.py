"""The demo: one customer, four phones, a CRM page and a PBX, all in one process and on this machine only.

The phone is at http://localhost:<port> and the CRM at http://127.0.0.1:<port>/demo/, so they are two origins.
Everything is made afresh at every start: the database, the keys, the secret shared with the PBX.
"""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from server.app import create_app
from server.customers.accounts import add_account
from server.customers.leases import FEATURE
from server.customers.passwords import hash_password
from server.customers.users import add_user
from server.demo.crm import DemoCrm
from server.demo.missed_calls import MissedCalls
from server.demo.people import PEOPLE, PHONE_HOST, demo_password
from server.settings import PROJECT, Settings
from server.storage.key_ring import KeyRing, new_key

if TYPE_CHECKING:
    from server.pbx import Pbx

TOKEN_USES = 50
"""Of one embed token. More than elsewhere: in a demo people press Connect and reload without end."""
RULES = {"open_codes": ["*4X"], "calls_per_minute": 60}
"""Call rules of the demo's account: its CRM page calls the services of the PBX, one after the other."""


@dataclass(frozen=True)
class Demo:
    """The demo's parts, for whoever runs or tests it."""

    app: Starlette
    pbx: Pbx
    settings: Settings


def create_demo(
    port: int, *, dist: Path | None = None, pages: Path | None = None, one_place: bool = False
) -> Demo:
    """The demo for a server that will listen on this port of 127.0.0.1 and ::1.

    `one_place`: an extension is used in one browser at a time, as in the product; else in several at once.
    `dist`: the built frame, `pages`: the CRM's, if not the project's. Raises SettingsError when
    the frame is not built and ImportError when the optional extra `demo` is not installed.
    """
    from server.pbx import Pbx, PbxUser  # heavy (aiortc), and optional for everybody but the demo

    folder = Path(tempfile.mkdtemp(prefix="zorio-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = Settings(
        database_url=f"sqlite:///{folder / 'demo.db'}",
        signing_keys={"demo": secrets.token_hex(32)},
        data_keys={"demo": new_key()},
        dist=dist or PROJECT / "dist",
        token_uses=TOKEN_USES,
    )
    sip_secret = secrets.token_hex(32)
    pbx = Pbx(
        PHONE_HOST,
        {extension: PbxUser(demo_password(extension), name) for extension, name in PEOPLE.items()},
        secret=sip_secret.encode(),
    )
    crm = DemoCrm(port, pages or PROJECT / "public" / "demo")

    async def sip(websocket: WebSocket) -> None:
        await pbx.endpoint(websocket)

    async def close() -> None:
        await pbx.aclose()
        shutil.rmtree(folder, ignore_errors=True)

    app = create_app(settings, routes=[*crm.routes(), WebSocketRoute("/sip", sip)], on_close=close)
    crm.app = app
    app.state.services.database.write_now(_fill, port, sip_secret, one_place, app.state.services.ring)
    pbx.tell_missed(MissedCalls(app.state.services).report)
    return Demo(app, pbx, settings)


def _fill(connection: Connection, port: int, sip_secret: str, one_place: bool, ring: KeyRing) -> None:
    account_id = add_account(
        connection,
        domain=PHONE_HOST,
        name="Zorio demo",
        sip_domain=PHONE_HOST,
        wss_urls=[f"ws://{PHONE_HOST}:{port}/sip"],
        allowed_origins=["http://localhost:*", "http://127.0.0.1:*"],
        sip_secret=sip_secret,
        features={FEATURE: one_place},
        ring=ring,
        rules=RULES,
    )
    for extension, name in PEOPLE.items():
        add_user(
            connection,
            account_id=account_id,
            username=extension,
            password_hash=hash_password(demo_password(extension)),
            email=f"{extension}@demo.example",
            extension=extension,
            display_name=name,
        )
