"""The demo: one customer, four phones, a CRM page and a PBX, all in one process and on this machine only.

The phone is at http://localhost:<port> and the CRM at http://127.0.0.1:<port>/demo/, so they are two origins.
Everything is made afresh at every start: the database, the signing key, the secret shared with the PBX.
"""

from __future__ import annotations

import asyncio
import atexit
import secrets
import shutil
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.api.frame_page import Files
from server.api.missed_calls import MissedCallBody, note_missed_call
from server.api.services import Services, host_of
from server.app import create_app
from server.customers.accounts import account_of_host, add_account
from server.customers.leases import FEATURE
from server.customers.passwords import hash_password
from server.customers.users import add_user
from server.customers.values import host_name
from server.errors import ApiError, NotFound, Unauthenticated
from server.settings import PROJECT, Settings

if TYPE_CHECKING:
    from server.pbx import Pbx

PHONE_HOST = "localhost"
CRM_HOST = "127.0.0.1"
PEOPLE = {
    "1001": "Nguyễn Văn An",
    "1002": "Trần Thị Bình",
    "1003": "Lê Minh Châu",
    "1004": "Phạm Quốc Dũng",
}
TOKEN_USES = 50
"""Of one embed token. More than elsewhere: in a demo people press Connect and reload without end."""

_PAGE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Demo:
    """The demo's parts, for whoever runs or tests it."""

    app: Starlette
    pbx: Pbx
    settings: Settings


def demo_password(extension: str) -> str:
    """The login password of a demo user, and the static SIP password for other SIP programs."""
    return f"demo-{extension}"


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
        dist=dist or PROJECT / "dist",
        token_uses=TOKEN_USES,
    )
    sip_secret = secrets.token_hex(32)
    pbx = Pbx(
        PHONE_HOST,
        {extension: PbxUser(demo_password(extension), name) for extension, name in PEOPLE.items()},
        secret=sip_secret.encode(),
    )
    crm = _DemoCrm(port, pages or PROJECT / "public" / "demo")

    async def sip(websocket: WebSocket) -> None:
        await pbx.endpoint(websocket)

    async def close() -> None:
        await pbx.aclose()
        shutil.rmtree(folder, ignore_errors=True)

    app = create_app(settings, routes=[*crm.routes(), WebSocketRoute("/sip", sip)], on_close=close)
    crm.app = app
    app.state.services.database.write_now(_fill, port, sip_secret, one_place)
    pbx.tell_missed(_MissedCalls(app.state.services).report)
    return Demo(app, pbx, settings)


def _fill(connection: Connection, port: int, sip_secret: str, one_place: bool) -> None:
    account_id = add_account(
        connection,
        domain=PHONE_HOST,
        name="Zorio demo",
        sip_domain=PHONE_HOST,
        wss_urls=[f"ws://{PHONE_HOST}:{port}/sip"],
        allowed_origins=["http://localhost:*", "http://127.0.0.1:*"],
        sip_secret=sip_secret,
        features={FEATURE: one_place},
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


class _MissedCalls:
    """What a PBX elsewhere tells by HTTP (`missed_calls.py`)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._writing: set[asyncio.Task[None]] = set()

    def report(self, extension: str, number: str, name: str, call_id: str) -> None:
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


class _DemoCrm:
    """The CRM: its pages, and the one backend route every integrator must write.

    It talks to the phone's server through the public API, as a stranger would, but without a network.
    """

    def __init__(self, port: int, pages: Path) -> None:
        self.app: Starlette | None = None
        self._phone = f"http://{PHONE_HOST}:{port}"
        self._bearers: dict[str, str] = {}
        self._logins: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._files = Files(pages, _PAGE_HEADERS, html=True)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/demo", self._to_page, methods=["GET"]),
            Route("/demo/embed-token", self._embed_token, methods=["GET"]),
            Route("/demo/{path:path}", self._page, methods=["GET"]),
        ]

    async def _to_page(self, request: Request) -> Response:
        _only_here(request)
        return RedirectResponse("/demo/" + (f"?{request.url.query}" if request.url.query else ""))

    async def _page(self, request: Request) -> Response:
        _only_here(request)
        return await self._files.endpoint(request)

    async def _embed_token(self, request: Request) -> Response:
        """`?user=1001` -> `{token}`. A real CRM takes the user from its session, never from the address."""
        _only_here(request)
        user = request.query_params.get("user", "")
        if user not in PEOPLE:
            raise NotFound
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=self._phone) as phone:
            try:
                token = await self._mint(phone, user)
            except Unauthenticated:
                self._bearers.pop(user, None)  # it was logged out or ran out: log in once more
                token = await self._mint(phone, user)
        return JSONResponse({"token": token})

    async def _mint(self, phone: httpx.AsyncClient, user: str) -> str:
        headers = {"Authorization": f"Bearer {await self._bearer(phone, user)}"}
        answer = await phone.post("/api/webphone/embed-token", headers=headers, json={})
        return str(_good(answer)["embed_token"])

    async def _bearer(self, phone: httpx.AsyncClient, user: str) -> str:
        async with self._logins[user]:
            if user not in self._bearers:
                login = {"username": user, "password": demo_password(user), "device_name": "demo CRM"}
                answer = await phone.post("/api/auth/login", json=login)
                self._bearers[user] = str(_good(answer)["token"])
            return self._bearers[user]


def _only_here(request: Request) -> None:
    if host_name(host_of(request)) != CRM_HOST:
        raise NotFound


def _good(answer: httpx.Response) -> dict[str, object]:
    body: dict[str, object] = answer.json()
    if answer.status_code == 401:
        raise Unauthenticated
    if answer.status_code != 200:
        error = ApiError(str(body.get("message")))
        error.status = answer.status_code
        retry_after = answer.headers.get("retry-after")
        error.headers = {"Retry-After": retry_after} if retry_after else {}
        raise error
    return body
