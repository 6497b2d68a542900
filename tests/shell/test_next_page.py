"""What a page leaves for the next one of its tab."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import CallAccepted, InviteSent
from embed_app.core.link.messages import ConfigReceived, RegisterAccepted, TransportUp
from tests.core.driver import CALL, GOOD, T0, config, invite, token
from tests.fakes import FakeRecords, World


@pytest.mark.parametrize("ends", ["hangup", "answer"])
def test_a_frame_reloaded_alone_finds_its_token_while_there_is_a_call(world: World, ends: str) -> None:
    """And only then: the address is nowhere else on purpose."""
    world.register()
    assert world.records.left == ""
    world.user_agent.dispatch(invite())
    assert world.records.left == GOOD
    renewed = token(expires_at=T0 + 900)
    world.window.send("refresh_token", {"token": renewed})
    assert world.records.left == renewed
    world.window.send(ends)
    if ends == "answer":
        world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
        assert world.records.left == renewed
        world.window.send("hangup")
    assert world.records.soon == ""


def test_leaving_the_address_holds_no_invite_up(world: World) -> None:
    world.register()
    world.window.send("call", {"number": "0912345678"})
    assert (world.records.soon, world.records.left) == (GOOD, "")
    [call] = world.phone.calls
    world.user_agent.dispatch(InviteSent(call_uuid=call.uuid, sip_call_id="of-the-invite"))
    assert world.records.left == GOOD


def test_the_record_is_kept_when_it_has_changed_and_dropped_with_its_call(world: World) -> None:
    world.register()
    assert world.records.kept == []
    world.user_agent.dispatch(invite())
    [(record, ticket)] = [kept for kept in world.records.kept if kept is not None]
    assert (record.call.uuid, ticket) == (CALL, "resume-ticket")
    world.window.send("get_state", id="s")
    world.clock.advance(1)
    assert len(world.records.kept) == 1
    world.window.send("hangup")
    assert world.records.kept[1:] == [None]


def test_the_next_page_knows_which_calls_its_parent_was_told_of(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    assert world.records.announced() == frozenset()
    world.window.send("answer")
    world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    assert world.records.announced() == {CALL}
    world.window.send("hangup")
    assert world.records.announced() == frozenset()


def test_what_the_former_page_had_announced_is_kept_until_the_phone_is_registered() -> None:
    """Before that it is not known what has become of those calls."""
    records = FakeRecords()
    records.note_announced(frozenset({CALL}))
    world = World(records=records).start()
    assert records.announced() == {CALL}
    world.backend.answer(ConfigReceived(config=config()))
    world.user_agent.dispatch(TransportUp())
    assert records.announced() == {CALL}
    world.user_agent.dispatch(RegisterAccepted())
    assert records.announced() == frozenset()


def test_every_page_of_the_browser_knows_when_it_has_dialled(world: World) -> None:
    world.register()
    assert not world.records.dialled
    world.window.send("call", {"number": "0912345678"})
    assert [*world.records.dialled] == [world.clock.now()]
