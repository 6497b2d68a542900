"""A relay that does not answer makes one call late, and no other until it answers again."""

from __future__ import annotations

from embed_app.core.media.effects import AwaitRelay
from embed_app.core.media.messages import RelayReported
from tests.core.driver import registered


def test_it_is_waited_for_as_long_as_it_answers() -> None:
    driver = registered()
    for answers in (False, True, False):
        driver.send(RelayReported(answers=answers))
        assert driver.last() == (AwaitRelay(answers),)
