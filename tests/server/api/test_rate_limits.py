"""How often: contract section 2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from server.api import rate_limits
from server.api.rate_limits import WINDOW, Limit, RateLimits, address_of
from tests.server.world import BETA, PASSWORD, FakeClock, World

LOGIN = "/api/auth/login"
WRONG = {"username": "an", "password": "wrong"}


def test_the_sixth_login_in_a_minute_is_429_and_says_when(world: World) -> None:
    start = world.clock.now
    for count in range(5):
        answer = world.ask("POST", LOGIN, json=WRONG)
        assert answer.status_code == 401
        assert answer.headers["x-ratelimit-limit"] == "5"
        assert answer.headers["x-ratelimit-remaining"] == str(4 - count)
        assert answer.headers["x-ratelimit-reset"] == str(int(start) + 60)
        world.clock.now += 7
    answer = world.ask("POST", LOGIN, json={"username": "an", "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.json() == {"message": "Too many requests. Retry after 25 seconds."}
    assert answer.headers["retry-after"] == "25"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["x-ratelimit-reset"] == str(int(start) + 60)
    world.clock.now += 25
    assert world.ask("POST", LOGIN, json={"username": "an", "password": PASSWORD}).status_code == 200


def test_one_persons_mistakes_lock_nobody_else_out(world: World) -> None:
    for _ in range(6):
        world.ask("POST", LOGIN, json=WRONG)
    assert world.ask("POST", LOGIN, json=WRONG | {"username": "desk"}).status_code == 401
    assert world.ask("POST", LOGIN, json=WRONG, host=BETA).status_code == 401
    assert world.ask("POST", LOGIN, json=WRONG, client="192.0.2.9").status_code == 401
    assert world.ask("POST", LOGIN, json=WRONG).status_code == 429


def test_one_address_may_not_try_one_password_on_everybody(world: World) -> None:
    statuses = [
        world.ask("POST", LOGIN, json={"username": f"user{number}"}).status_code for number in range(61)
    ]
    assert statuses == [422] * 60 + [429]


def test_logout_is_limited_to_30_a_minute(world: World) -> None:
    answers = [world.ask("POST", "/api/auth/logout") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "30"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/webphone/embed-token"), ("GET", "/api/webphone/sip-config")]
)
def test_the_phone_is_limited_to_60_a_minute_per_token(world: World, method: str, path: str) -> None:
    answers = [world.ask(method, path, bearer="1|one") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [401] * 60 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "60"
    disguised = {"Authorization": "bEARER  1|one"}
    assert world.ask(method, path, headers=disguised).status_code == 429
    assert world.ask(method, path, bearer="1|two").headers["x-ratelimit-remaining"] == "59"


def test_pages_are_not_limited(world: World) -> None:
    answer = world.ask("GET", "/webphone-embed")
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


# Quarters of a second are exact in binary: the rule is tested here, not the rounding.
@given(st.lists(st.integers(0, 160).map(lambda quarters: quarters / 4), max_size=60), st.integers(1, 6))
def test_no_window_ever_holds_more_than_the_limit(gaps: list[float], most: int) -> None:
    clock = FakeClock(1000.0)
    limits, limit = RateLimits(clock), Limit("x", most)
    allowed: list[float] = []
    for gap in gaps:
        clock.now += gap
        allowance = limits.take(limit, "k")
        if allowance.retry_after == 0:
            allowed.append(clock.now)
        else:
            # Whoever waits as long as they were told gets in; a second earlier is too early.
            assert sum(time > clock.now + allowance.retry_after - WINDOW for time in allowed) < most
            assert 1 <= allowance.retry_after <= 60
        assert sum(time > clock.now - WINDOW for time in allowed) <= most
        assert allowance.remaining == most - sum(time > clock.now - WINDOW for time in allowed)


def test_a_clock_set_back_shuts_nobody_out() -> None:
    clock = FakeClock(10_000.0)
    limits, limit = RateLimits(clock), Limit("x", 1)
    limits.take(limit, "k")
    clock.now = 1000.0
    assert limits.take(limit, "k").retry_after == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MOST_KEYS", 3)
    limits, limit = RateLimits(FakeClock(0.0)), Limit("x", 1)
    for key in "abacad":
        limits.take(limit, key)
    assert len(limits._calls["x"]) == 3
    assert limits.take(limit, "a").retry_after, "the busy key was forgotten"
    assert limits.take(limit, "b").retry_after == 0


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("socket", "socket"),
    ],
)
def test_addresses(host: str, key: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == key
