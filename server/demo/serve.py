"""Runs the demo in the foreground, and says so only when every part of it answers."""

import asyncio
import http.client
import re
from pathlib import Path

import websockets
from click import echo

from server.api.serving import ServingError, open_loopback, serve
from server.demo.demo import create_demo
from server.demo.people import CRM_HOST, PHONE_HOST


def serve_demo(port: int, dist: Path, pages: Path | None = None) -> None:
    """Serves until SIGINT or SIGTERM. Raises ServingError, SettingsError, ImportError."""
    sockets = open_loopback(port)
    try:
        port = sockets[0].getsockname()[1]
        demo = create_demo(port, dist=dist, pages=pages, one_place=True)

        async def ready() -> None:
            await probe(port)
            echo(f"ready http://{CRM_HOST}:{port}/demo/")

        serve(demo.app, sockets, on_ready=ready)
    finally:
        for each in sockets:
            each.close()


async def probe(port: int) -> None:
    """Asks for everything a visitor will: health, the page and one of its assets, the CRM, the PBX.

    Raises ServingError naming the first part that does not answer.
    """
    await asyncio.to_thread(_get, port, CRM_HOST, "/healthz")
    page = await asyncio.to_thread(_get, port, PHONE_HOST, "/webphone-embed")
    for asset in re.findall(r'(?:src|href)="(/webphone-assets/[^"]+)"', page):
        await asyncio.to_thread(_get, port, PHONE_HOST, asset)
    await asyncio.to_thread(_get, port, CRM_HOST, "/demo/")
    try:
        async with websockets.connect(
            f"ws://{CRM_HOST}:{port}/sip", subprotocols=[websockets.Subprotocol("sip")]
        ):
            pass
    except (OSError, websockets.WebSocketException) as error:
        raise ServingError(f"the demo PBX does not answer at /sip: {error}") from error


def _get(port: int, host: str, path: str) -> str:
    connection = http.client.HTTPConnection(CRM_HOST, port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ServingError(f"{path} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise ServingError(f"{path} answers {answer.status}")
    return body.decode(errors="replace")
