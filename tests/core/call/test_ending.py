"""What ends with a call."""

from __future__ import annotations

from embed_app.core.call.messages import (
    CallAccepted,
    TransferRequested,
)
from tests.core.driver import (
    CALL,
    bye,
    dial,
    registered,
)


def test_the_timers_of_a_call_end_with_it() -> None:
    driver = registered()
    for step in (dial(), CallAccepted(call_uuid=CALL), TransferRequested(target="1002"), bye()):
        driver.send(step)
    assert [timer for timer in driver.phone.timers if timer.call_uuid == CALL] == []
