"""The demo's CRM: its pages, and the one backend route that every integrator must write."""

import asyncio
from collections import defaultdict
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from server.api.files import Files
from server.api.services import host_of
from server.customers.origins import host_name
from server.demo.people import CRM_HOST, PEOPLE, PHONE_HOST, demo_password
from server.errors import ApiError, NotFound, Unauthenticated

_PAGE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class DemoCrm:
    """It talks to the phone's server through the public API, as a stranger would, but without a network."""

    def __init__(self, port: int, pages: Path) -> None:
        self.app: Starlette | None = None
        self._phone = f"http://{PHONE_HOST}:{port}"
        self._bearers: dict[str, str] = {}
        self._logins: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._files = Files(pages, _PAGE_HEADERS, html=True)

    def routes(self) -> list[BaseRoute]:
        """/demo, its pages, and /demo/embed-token."""
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
