"""A call with counters of packets, as the browser would give them, second by second."""

from __future__ import annotations

from embed_app.core.media.effects import RestartIce, SampleMedia
from embed_app.core.media.messages import MediaChanged, MediaSampled
from embed_app.core.media.values import NoSound, Sample
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, Driver, answered_outbound


def media(driver: Driver, state: str) -> list[ev.Event]:
    return driver.send(MediaChanged(call_uuid=CALL, state=state))


class Wire:
    """The counters of one call as the browser would give them."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.sample = Sample()

    def second(
        self,
        *,
        received: int = 50,
        sent: int = 50,
        lost: int = 0,
        direction: str = "sendrecv",
        report: bool = False,
    ) -> list[ev.Event]:
        """One second passes and is sampled. `report`: the far end has told by RTCP what it heard of us."""
        self.driver.fire(Timer(TimerKind.SAMPLE, CALL))
        assert SampleMedia(CALL) in self.driver.last()
        self.sample = Sample(
            packets_received=self.sample.packets_received + received,
            packets_sent=self.sample.packets_sent + sent,
            packets_lost=self.sample.packets_lost + lost,
            direction=direction,
            reported_at=self.driver.now if report else self.sample.reported_at,
        )
        return self.driver.send(MediaSampled(call_uuid=CALL, sample=self.sample))

    def quiet(self, seconds: int) -> list[ev.Event]:
        """So many seconds in which we send and nothing comes."""
        return [event for _ in range(seconds) for event in self.second(received=0)]


def talking() -> tuple[Driver, Wire]:
    """An answered call that is heard both ways."""
    driver = answered_outbound()
    media(driver, "connected")
    wire = Wire(driver)
    for _ in range(3):
        wire.second()
    return driver.forget(), wire


def restarts(driver: Driver) -> int:
    return driver.asked(RestartIce)


def without_sound(driver: Driver) -> bool:
    """Whether the call's sound is gone and looked for."""
    return isinstance(driver.call.media.state, NoSound)
