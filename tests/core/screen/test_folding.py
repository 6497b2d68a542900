"""`layout=overlay`: what opens it, what folds it, and what the parent is told of its size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.messages import CallAccepted, HangupRequested, PlaybackBlocked
from embed_app.core.link.messages import ConfigReceived, OwnerShown, Started, TokenOffered, WokeUp
from embed_app.core.link.values import Ownership
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.folding import is_folded
from embed_app.core.screen.messages import FoldChosen, PageChosen
from embed_app.core.screen.values import Fold, Page
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, GOOD, OTHER, Driver, bye, dial, invite, registered

FOLDED, OPEN = ev.Resize(width=72, height=72), ev.Resize(width=380, height=560)


def overlay(driver: Driver | None = None) -> Driver:
    driver = driver or registered()
    driver.phone = replace(driver.phone, settings=replace(driver.phone.settings, layout="overlay"))
    return driver


def resized(driver: Driver) -> list[ev.Resize]:
    return driver.told(ev.Resize)


def test_the_size_is_told_at_the_start_and_by_the_overlay_alone() -> None:
    driver = overlay(Driver())
    driver.send(Started(token=GOOD))
    assert resized(driver) == [FOLDED]
    docked = Driver()
    docked.send(Started(token=GOOD))
    docked.send(FoldChosen(folded=False))
    docked.send(invite())
    assert resized(docked) == []


def test_the_agent_opens_and_folds_it() -> None:
    driver = overlay()
    driver.send(FoldChosen(folded=False))
    driver.send(FoldChosen(folded=False))
    driver.send(FoldChosen(folded=True))
    assert resized(driver) == [OPEN, FOLDED]


@pytest.mark.parametrize("message", [invite(), dial()], ids=["a caller", "a call of the parent"])
def test_a_call_opens_it_and_it_folds_again_when_all_is_said(message: Message) -> None:
    driver = overlay()
    driver.send(message)
    assert resized(driver) == [OPEN]
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(bye())
    assert not is_folded(driver.phone), "how it ended is still shown"
    driver.fire(Timer(TimerKind.ENDED_SHOWN))
    assert resized(driver) == [OPEN, FOLDED]


def test_a_call_folded_away_stays_away_and_another_one_opens_it() -> None:
    driver = overlay()
    driver.send(invite())
    driver.send(FoldChosen(folded=True))
    driver.send(PlaybackBlocked(call_uuid=CALL))
    assert is_folded(driver.phone)
    driver.send(invite(OTHER))
    assert not is_folded(driver.phone)


def test_who_opened_it_or_works_in_it_folds_it() -> None:
    for work in (FoldChosen(folded=False), PageChosen(page=Page.HISTORY)):
        driver = overlay()
        driver.send(invite())
        driver.send(work)
        driver.send(HangupRequested())
        driver.fire(Timer(TimerKind.ENDED_SHOWN))
        assert driver.phone.fold is Fold.OPEN


def test_turning_a_page_opens_nothing() -> None:
    """The parent cannot, and the agent sees no page there; but a late click may come."""
    driver = overlay()
    driver.send(PageChosen(page=Page.SETTINGS))
    assert is_folded(driver.phone)


def test_a_refusal_opens_it_until_it_is_mended() -> None:
    driver = overlay(Driver())
    driver.send(Started(token=None))
    assert resized(driver) == [OPEN], "the panel that says what to do must be read"
    driver.send(FoldChosen(folded=True))
    driver.send(WokeUp())
    assert is_folded(driver.phone)
    driver.send(FoldChosen(folded=False))
    driver.send(TokenOffered(token=GOOD))
    assert not is_folded(driver.phone)


def test_a_refusal_that_is_mended_folds_by_itself() -> None:
    driver = overlay(Driver())
    driver.send(Started(token=None))
    driver.send(TokenOffered(token=GOOD))
    assert resized(driver) == [OPEN, FOLDED]


def test_a_call_in_another_tab_opens_it_here_too() -> None:
    phone = Phone()
    driver = overlay(Driver(replace(phone, link=replace(phone.link, ownership=Ownership.NOT_ASKED))))
    driver.send(Started(token=GOOD))
    driver.send(ConfigReceived(config=registered().phone.link.config))  # type: ignore[arg-type]
    assert driver.state.value == "standby"
    driver.send(OwnerShown(calls=frozenset({CALL})))
    assert not is_folded(driver.phone)
    driver.send(WokeUp())
    assert not is_folded(driver.phone)
    driver.send(OwnerShown(calls=frozenset()))
    assert is_folded(driver.phone)
