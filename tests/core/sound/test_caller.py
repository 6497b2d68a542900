"""How a caller is told of beside the screen."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import CallEnded
from embed_app.core.screen.messages import VisibilityChanged
from embed_app.core.sound.effects import (
    AnnounceCaller,
)
from embed_app.core.sound.messages import (
    SwitchFlipped,
)
from embed_app.core.sound.values import (
    Permission,
    Switch,
)
from tests.core.driver import CALL, Driver, invite
from tests.core.sound.headset import hidden, of


def announced(driver: Driver) -> list[tuple[str, bool]]:
    found = [effect for effect in driver.effects if isinstance(effect, AnnounceCaller)]
    return [(effect.call_uuid, effect.notify) for effect in found]


def test_a_caller_is_announced_to_an_agent_who_looks_elsewhere_until_the_ringing_stops() -> None:
    driver = hidden()
    driver.send(invite())
    (told,) = of(AnnounceCaller, driver)
    assert told == AnnounceCaller(CALL, "0987654321", "Bình", notify=True, vibrate=True)
    driver.send(CallEnded(call_uuid=CALL, by_remote=True, kind="cancel"))
    assert announced(driver) == [(CALL, True), ("", False)]


def test_a_notification_comes_and_goes_with_the_page_s_visibility() -> None:
    driver = hidden()
    driver.send(VisibilityChanged(hidden=False))
    driver.send(invite())
    driver.send(VisibilityChanged(hidden=True))
    driver.send(VisibilityChanged(hidden=False))
    assert announced(driver) == [(CALL, False), (CALL, True), (CALL, False)]


@pytest.mark.parametrize("permission", [p for p in Permission if p is not Permission.GRANTED])
def test_no_notification_without_permission(permission: Permission) -> None:
    driver = hidden(permission)
    driver.send(invite())
    assert announced(driver) == [(CALL, False)]


def test_no_notification_and_no_vibration_for_who_wants_none() -> None:
    driver = hidden()
    driver.send(SwitchFlipped(switch=Switch.NOTIFICATIONS, on=False))
    driver.send(SwitchFlipped(switch=Switch.VIBRATION, on=False))
    driver.send(invite())
    (told,) = of(AnnounceCaller, driver)
    assert isinstance(told, AnnounceCaller)
    assert (told.notify, told.vibrate) == (False, False)
