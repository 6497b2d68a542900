"""The tables of `routes.py`: complete, without doubles, and each handler takes what it is registered for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import pytest

from embed_app.core import routes
from embed_app.core.call.messages import CallReport, CallWish
from embed_app.core.call.values import Call
from embed_app.core.link.messages import WokeUp
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import TimerFired, TimerKind
from tests.core.every_message import kinds_of_message

SPREAD_BY_UPDATE = (TimerFired, WokeUp)


def handlers_of_messages() -> Iterator[tuple[type[Message], tuple[type, ...], Callable[..., None]]]:
    """(message, what stands before it, handler)."""
    for message, handlers in routes.MESSAGES.items():
        yield from ((message, (Step,), handle) for handle in handlers)
    for table in (routes.WISHES, routes.WISHES_IN_CALL):
        yield from ((wish, (Step, Call), handle) for wish, handle in table.items())
    for report, handlers_of_report in routes.REPORTS.items():
        yield from ((report, (Step, Call), handle) for handle in handlers_of_report)


def parameters(handle: Callable[..., None]) -> list[Any]:
    hints = get_type_hints(handle)
    assert hints.pop("return") is type(None), "a handler returns nothing"
    required = [p for p in inspect.signature(handle).parameters.values() if p.default is p.empty]
    return [hints[parameter.name] for parameter in required]


def named(handle: Callable[..., None]) -> str:
    return f"{handle.__module__.removeprefix('embed_app.core.')}.{handle.__name__}"


@pytest.mark.parametrize(
    ("message", "before", "handle"),
    [
        pytest.param(message, before, handle, id=f"{message.__name__}-{named(handle)}")
        for message, before, handle in handlers_of_messages()
    ],
)
def test_each_handler_takes_what_it_is_registered_for(
    message: type[Message], before: tuple[type, ...], handle: Callable[..., None]
) -> None:
    *first, last = parameters(handle)
    assert tuple(first) == before
    assert issubclass(message, last)


@pytest.mark.parametrize("kind", list(TimerKind))
def test_each_timer_has_one_handler_that_takes_what_it_is_given(kind: TimerKind) -> None:
    given = []
    if kind in routes.PHONE_TIMERS:
        given.append((parameters(routes.PHONE_TIMERS[kind]), [Step, float]))
    if kind in routes.CALL_TIMERS:
        given.append((parameters(routes.CALL_TIMERS[kind]), [Step, Call]))
    ((takes, needed),) = given
    assert takes == needed


@pytest.mark.parametrize("follow", routes.FOLLOWERS, ids=[named(f) for f in routes.FOLLOWERS])
def test_each_follower_takes_the_phone_before_and_the_message(follow: Callable[..., None]) -> None:
    assert parameters(follow) == [Step, Phone, Message]


@pytest.mark.parametrize("message", sorted(kinds_of_message(), key=str))
def test_each_message_is_in_one_table(message: type[Message]) -> None:
    tables = (routes.MESSAGES, routes.WISHES, routes.WISHES_IN_CALL, routes.REPORTS)
    assert sum(message in table for table in tables) == (message not in SPREAD_BY_UPDATE)


def test_what_is_about_a_call_is_in_the_tables_of_calls() -> None:
    """`update` looks in MESSAGES first: what stands there gets no call."""
    wishes = {*routes.WISHES, *routes.WISHES_IN_CALL}
    assert all(issubclass(wish, CallWish) for wish in wishes)
    assert all(issubclass(report, CallReport) for report in routes.REPORTS)
    assert not [message for message in routes.MESSAGES if issubclass(message, CallWish)]


def test_nothing_is_registered_twice() -> None:
    for handlers in (*routes.MESSAGES.values(), *routes.REPORTS.values()):
        assert len(set(handlers)) == len(handlers) > 0
    assert len(set(routes.FOLLOWERS)) == len(routes.FOLLOWERS)
