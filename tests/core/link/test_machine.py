"""Every state of the link x every message, against a table written from contract section 3 and RFC 3261."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from embed_app.core.effect import Effect
from embed_app.core.link.effects import (
    CloseTransport,
    Configure,
    FetchConfig,
    OpenTransport,
    Register,
    Unregister,
)
from embed_app.core.link.values import LinkState as S
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import phone_in
from tests.core.every_message import EVERY

LINK_EFFECTS = (FetchConfig, Configure, OpenTransport, CloseTransport, Register, Unregister)
FETCH, CONFIGURE, OPEN, CLOSE, REGISTER, UNREGISTER = LINK_EFFECTS
Step = tuple[S, tuple[type[Effect], ...]]

AUTH = ("RegisterFailed 401", "RegisterFailed 403")
UNWELL = ("RegisterFailed 0", "RegisterFailed 408", "RegisterFailed 503")
NO_ANSWER = ("ConfigFailed 0", "ConfigFailed 429", "ConfigFailed 500", "ConfigFailed 503")
TOKEN_BAD = ("ConfigFailed 401", "ConfigFailed 403", "ConfigFailed 404", "ConfigFailed 422")


def each(labels: tuple[str, ...], step: Step) -> dict[str, Step]:
    return dict.fromkeys(labels, step)


def refreshed(state: S) -> dict[str, Step]:
    """While the phone is up or coming up a new token is exchanged at once; the user agent learns of it."""
    return {
        "Token good": (state, (FETCH,)),
        "Config same": (state, (CONFIGURE,)),
        "Config new credentials": (state, (CONFIGURE,)),
    }


UNUSABLE = {"ConfigureFailed": (S.REFUSED, ())}
"""A setting that the user agent cannot use."""

TABLE: Mapping[S, Mapping[str, Step]] = {
    S.IDLE: {
        "Connect": (S.CONFIGURING, (FETCH,)),
        "Record": (S.CONFIGURING, (FETCH,)),
        "Disconnect": (S.IDLE, (CLOSE,)),
        "Up": (S.IDLE, (CLOSE,)),
    },
    S.CONFIGURING: {
        **UNUSABLE,
        "Disconnect": (S.IDLE, (CLOSE,)),
        "Token good": (S.CONFIGURING, (FETCH,)),
        "Config same": (S.CONNECTING, (CONFIGURE, OPEN)),
        "Config new credentials": (S.CONNECTING, (CONFIGURE, OPEN)),
        **each(NO_ANSWER, (S.WAITING, ())),
        **each(TOKEN_BAD, (S.REFUSED, ())),
    },
    S.STANDBY: {
        **UNUSABLE,
        **refreshed(S.STANDBY),
        "Disconnect": (S.IDLE, (CLOSE,)),
        "OwnershipGranted": (S.CONNECTING, (OPEN,)),
        "PageFrozen": (S.WAITING, ()),
    },
    S.CONNECTING: {
        **UNUSABLE,
        **refreshed(S.CONNECTING),
        "PageFrozen": (S.WAITING, (CLOSE,)),
        "Disconnect": (S.IDLE, (CLOSE,)),
        "Up": (S.REGISTERING, (REGISTER,)),
        "Down": (S.WAITING, ()),
    },
    S.REGISTERING: {
        **UNUSABLE,
        **refreshed(S.REGISTERING),
        "PageFrozen": (S.WAITING, (CLOSE,)),
        "Disconnect": (S.IDLE, (CLOSE,)),
        "Down": (S.WAITING, ()),
        "RegisterAccepted": (S.REGISTERED, ()),
        "RegisterAccepted realm": (S.REGISTERED, (CONFIGURE,)),
        "RegisterFailed realm": (S.REGISTERING, (CONFIGURE, REGISTER)),
        **each(AUTH, (S.REFUSED, ())),
        **each(UNWELL, (S.WAITING, ())),
    },
    S.REGISTERED: {
        "ConfigureFailed": (S.REFUSED, (UNREGISTER,)),
        **refreshed(S.REGISTERED),
        "PageFrozen": (S.WAITING, (CLOSE,)),
        "Config new credentials": (S.REGISTERED, (CONFIGURE, REGISTER)),
        "RegisterAccepted realm": (S.REGISTERED, (CONFIGURE,)),
        "RegisterFailed realm": (S.REGISTERED, (CONFIGURE, REGISTER)),
        "Disconnect": (S.LEAVING, (UNREGISTER,)),
        "Down": (S.WAITING, ()),
        **each(AUTH, (S.REFUSED, ())),
        **each(UNWELL, (S.WAITING, ())),
    },
    S.WAITING: {
        **UNUSABLE,
        "PageFrozen": (S.WAITING, ()),
        "Config same": (S.WAITING, (CONFIGURE,)),
        "Config new credentials": (S.WAITING, (CONFIGURE,)),
        "Connect": (S.CONNECTING, (OPEN,)),
        "Online": (S.CONNECTING, (OPEN,)),
        "WokeUp": (S.CONNECTING, (OPEN,)),
        "timer reconnect": (S.CONNECTING, (OPEN,)),
        "Disconnect": (S.IDLE, (CLOSE,)),
    },
    S.LEAVING: {
        "Unregistered": (S.IDLE, (CLOSE,)),
        "Down": (S.IDLE, (CLOSE,)),
        "timer leave": (S.IDLE, (CLOSE,)),
        **each((*AUTH, *UNWELL, "RegisterFailed realm"), (S.IDLE, (CLOSE,))),
        # A parent may send `disconnect` and `connect` in one breath: the second one counts.
        "Connect": (S.CONFIGURING, (CLOSE, FETCH)),
    },
    S.REFUSED: {
        "Connect": (S.CONFIGURING, (FETCH,)),
        "Token good": (S.CONFIGURING, (FETCH,)),
        "Disconnect": (S.IDLE, (CLOSE,)),
    },
}


def what_went_wrong(state: S, label: str) -> str | None:
    driver = phone_in(state)
    timers = set(driver.phone.timers)
    driver.send(EVERY[label](driver.phone))
    expected, effects = TABLE[state].get(label, (state, ()))
    if driver.state is not expected:
        return f"{driver.state} instead of {expected}"
    asked = tuple(type(e) for e in driver.last() if isinstance(e, LINK_EFFECTS))
    if asked != effects:
        return f"asked for {asked} instead of {effects}"
    stopped = (
        timers - set(driver.phone.timers) - {Timer(TimerKind.PING), Timer(TimerKind.PONG)}
    )  # test_keep_alive.py is about those
    idle = label not in TABLE[state] and not label.startswith(("timer", "Disconnect"))
    return f"stopped {stopped}" if idle and stopped else None


@pytest.mark.parametrize("state", list(S))
def test_the_link_moves_by_the_table_and_by_nothing_else(state: S) -> None:
    wrong = {label: found for label in EVERY if (found := what_went_wrong(state, label)) is not None}
    assert wrong == {}
