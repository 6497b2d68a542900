"""Requests that come in the same moment: on each database one of them wins, and none is answered 500."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from tests.server.world import World, build_world

MANY = 8
RESUME, MEMORY = "/api/webphone/resume", "/api/webphone/memory"


def at_once(*asks: Callable[[], httpx.Response]) -> list[int]:
    """Their statuses, in the order of their numbers."""
    with ThreadPoolExecutor(len(asks)) as threads:
        return sorted(answer.result().status_code for answer in [threads.submit(ask) for ask in asks])


@pytest.fixture
def world(tmp_path: Path, portal: BlockingPortal, url: str) -> Iterator[World]:
    """One that waits for a locked file as long as it does in the product."""
    world = build_world(tmp_path, portal, float(int(time.time())), url, wait_ms=5000)
    yield world
    world.services.database.close()


@pytest.fixture
def token(world: World) -> str:
    return world.embed_token(world.login())


@pytest.mark.parametrize("_round", range(3))
def test_one_of_many_pages_has_the_call_that_is_taken_back(world: World, token: str, _round: int) -> None:
    save, ticket = {"record": "a call"}, world.sip_config(token).json()["data"]["resume"]["ticket"]
    assert at_once(*[lambda: world.ask("POST", RESUME, bearer=ticket, json=save)] * MANY) == [204] * MANY
    taken = at_once(*[lambda: world.ask("GET", RESUME, bearer=token)] * MANY)
    assert taken == [200] + [204] * (MANY - 1)


def test_a_token_is_used_as_often_as_it_may_be(world: World, token: str) -> None:
    uses = world.services.settings.token_uses
    statuses = at_once(*[lambda: world.sip_config(token)] * 2 * uses)
    assert statuses == [200] * uses + [401] * uses


def test_one_of_many_browsers_gets_the_lease(world: World) -> None:
    tokens = [world.embed_token(world.login()) for _ in range(4)]
    held: list[bool] = []

    def ask(holder: str, token: str) -> httpx.Response:
        headers = {"X-Zorio-Holder": holder}
        answer = world.ask("GET", "/api/webphone/sip-config", bearer=token, headers=headers)
        held.append(answer.json()["data"]["lease"]["held"])
        return answer

    asks = [lambda holder=f"browser-{n}", token=token: ask(holder, token) for n, token in enumerate(tokens)]
    assert at_once(*asks) == [200] * len(tokens)
    assert sorted(held) == [False] * (len(tokens) - 1) + [True]


def test_what_many_pages_remember_is_all_there(world: World, token: str) -> None:
    ticket = world.sip_config(token).json()["data"]["memory"]["ticket"]
    now = int(world.clock.now)
    times = {"started_at": now - 9, "answered_at": None, "ended_at": now}
    call = {"direction": "inbound", "number": "1002", "name": "", "reason": "no_answer"} | times

    def remember(numbers: range) -> httpx.Response:
        calls: list[dict[str, Any]] = [call | {"uuid": f"{number:036}"} for number in numbers]
        body = {"calls": calls, "do_not_disturb": True, "seen_at": now}
        return world.ask("POST", MEMORY, bearer=ticket, json=body)

    asks = [lambda first=first: remember(range(first, first + 3)) for first in range(MANY)]
    assert at_once(*asks) == [204] * MANY
    known = world.ask("GET", MEMORY, bearer=ticket).json()["data"]
    assert sorted(int(each["uuid"]) for each in known["calls"]) == list(range(MANY + 2))
