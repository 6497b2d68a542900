"""A browser with a headset, for the tests of sound."""

from __future__ import annotations

from embed_app.core.effect import Effect
from embed_app.core.screen.messages import VisibilityChanged
from embed_app.core.sound.messages import (
    DeviceChosen,
    DevicesListed,
    PermissionAnswered,
)
from embed_app.core.sound.values import (
    Device,
    DeviceKind,
    Permission,
)
from tests.core.driver import Driver, registered

JABRA, BUILT_IN, LOUD = Device("jabra", "Jabra"), Device("in", "Built-in"), Device("loud", "Loudspeaker")


DEFAULT = Device("default", "Default - Jabra")


LISTED = DevicesListed(
    microphones=(DEFAULT, JABRA, BUILT_IN),
    speakers=(DEFAULT, JABRA, LOUD),
    can_choose_speaker=True,
    can_vibrate=False,
    permission=Permission.ASKABLE,
)


def choose(kind: DeviceKind, device_id: str) -> DeviceChosen:
    return DeviceChosen(kind=kind, device_id=device_id)


def with_devices(driver: Driver) -> Driver:
    driver.send(LISTED)
    return driver.forget()


def of(kind: type[Effect], driver: Driver) -> list[Effect]:
    return [effect for effect in driver.effects if isinstance(effect, kind)]


def hidden(permission: Permission = Permission.GRANTED) -> Driver:
    driver = registered()
    driver.send(PermissionAnswered(permission=permission))
    driver.send(VisibilityChanged(hidden=True))
    return driver.forget()
