"""`layout=overlay`: what opens it, what folds it, and what the parent is told of its size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core import messages as msg
from embed_app.core.folding import is_folded
from embed_app.core.line_messages import LineFollowed
from embed_app.core.model import Page, Phone
from embed_app.core.places import Line
from embed_app.core.screens import Fold
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
    driver.send(msg.Started(token=GOOD))
    assert resized(driver) == [FOLDED]
    docked = Driver()
    docked.send(msg.Started(token=GOOD))
    docked.send(msg.FoldChosen(folded=False))
    docked.send(invite())
    assert resized(docked) == []


def test_the_agent_opens_and_folds_it() -> None:
    driver = overlay()
    driver.send(msg.FoldChosen(folded=False))
    driver.send(msg.FoldChosen(folded=False))
    driver.send(msg.FoldChosen(folded=True))
    assert resized(driver) == [OPEN, FOLDED]


@pytest.mark.parametrize("message", [invite(), dial()], ids=["a caller", "a call of the parent"])
def test_a_call_opens_it_and_it_folds_again_when_all_is_said(message: msg.Message) -> None:
    driver = overlay()
    driver.send(message)
    assert resized(driver) == [OPEN]
    driver.send(msg.CallAccepted(call_uuid=CALL))
    driver.send(bye())
    assert not is_folded(driver.phone), "how it ended is still shown"
    driver.fire("ended")
    assert resized(driver) == [OPEN, FOLDED]


def test_a_call_folded_away_stays_away_and_another_one_opens_it() -> None:
    driver = overlay()
    driver.send(invite())
    driver.send(msg.FoldChosen(folded=True))
    driver.send(msg.PlaybackBlocked(call_uuid=CALL))
    assert is_folded(driver.phone)
    driver.send(invite(OTHER))
    assert not is_folded(driver.phone)


def test_who_opened_it_or_works_in_it_folds_it() -> None:
    for work in (msg.FoldChosen(folded=False), msg.PageChosen(page=Page.HISTORY)):
        driver = overlay()
        driver.send(invite())
        driver.send(work)
        driver.send(msg.HangupRequested())
        driver.fire("ended")
        assert driver.phone.fold is Fold.OPEN


def test_turning_a_page_opens_nothing() -> None:
    """The parent cannot, and the agent sees no page there; but a late click may come."""
    driver = overlay()
    driver.send(msg.PageChosen(page=Page.SETTINGS))
    assert is_folded(driver.phone)


def test_a_refusal_opens_it_until_it_is_mended() -> None:
    driver = overlay(Driver())
    driver.send(msg.Started(token=None))
    assert resized(driver) == [OPEN], "the panel that says what to do must be read"
    driver.send(msg.FoldChosen(folded=True))
    driver.send(msg.WokeUp())
    assert is_folded(driver.phone)
    driver.send(msg.FoldChosen(folded=False))
    driver.send(msg.TokenOffered(token=GOOD))
    assert not is_folded(driver.phone)


def test_a_refusal_that_is_mended_folds_by_itself() -> None:
    driver = overlay(Driver())
    driver.send(msg.Started(token=None))
    driver.send(msg.TokenOffered(token=GOOD))
    assert resized(driver) == [OPEN, FOLDED]


def test_a_call_in_another_tab_opens_it_here_too() -> None:
    phone = Phone()
    driver = overlay(Driver(replace(phone, link=replace(phone.link, line=Line.NONE))))
    driver.send(msg.Started(token=GOOD))
    driver.send(msg.ConfigReceived(config=registered().phone.link.config))  # type: ignore[arg-type]
    assert driver.state.value == "standby"
    driver.send(LineFollowed(calls=frozenset({CALL})))
    assert not is_folded(driver.phone)
    driver.send(msg.WokeUp())
    assert not is_folded(driver.phone)
    driver.send(LineFollowed(calls=frozenset()))
    assert is_folded(driver.phone)
