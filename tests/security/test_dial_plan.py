"""A compromised CRM page dials what costs money: the account's rules stop it, in the real frame."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.crm import open_crm, plain_browser, reload_parent
from tests.e2e.gate import use_settings, use_urls
from tests.e2e.phone import Phone
from tests.e2e.world import World, until
from tests.security.conftest import OpenVictim
from tests.security.hostile_peer import HostilePeer

SPELLINGS = (
    "+8821699123", "008821699123", "0008821699123", "+008821699123", "++8821699123", "00+8821699123",
    "+84+8821699123", "*31#008821699123", "#31#+8821699123", "*67008821699123", "**21*008821699123#",
    "00 88 21 69 91 23", "+882.1699-123", "0000000000000000000008821699123", "8821699123456",
    "19001234", "1900 1234", "1900123456", "+8419001234", "008419001234", "+84019001234", "8419001234",
    "019001234", "0019001234", "+19001234", "00000000000000000000000019001234", "*31#19001234", "19001234#",
    "*43", "*21*0912345678#", "**101", "#1#", "+65 1234 5678", "0065 1234 5678",
    "٠٠٨٨٢١٦٩٩", "００８８２１６９９", "19001234@localhost", "19001234;phone-context=x",
)  # fmt: skip
BATCHES = count(1)
REFUSED = {"number_not_allowed", "invalid_number"}


def answers(phone: Phone, numbers: tuple[str, ...], kind: str = "call", **more: Any) -> list[dict[str, Any]]:
    """All at once, as a script does it."""
    batch = f"batch-{next(BATCHES)}-"
    name = "target" if kind == "transfer" else "number"
    messages = [
        {"source": "zorio-webphone", "type": kind, "id": f"{batch}{index}", "payload": {name: number} | more}
        for index, number in enumerate(numbers)
    ]
    phone.page.evaluate("(messages) => messages.forEach((message) => tell(message))", messages)
    found: list[dict[str, Any]] = phone.page.wait_for_function(
        """([batch, count]) => {
            const all = events.filter((e) => e.type === 'response' && e.id.startsWith(batch));
            return all.length === count && all;
        }""",
        arg=[batch, len(messages)],
        timeout=20_000,
    ).json_value()
    return found


def test_a_page_that_was_broken_into_makes_no_expensive_call(
    peer: HostilePeer, open_victim: OpenVictim
) -> None:
    phone = open_victim(columns={"rules": None})
    told = answers(phone, tuple(f"1900{number:04d}" for number in range(101)))
    assert {(each["error"]["code"], each["error"]["detail"]["rule"]) for each in told} == {
        ("number_not_allowed", "1900X.")
    }
    told = answers(phone, SPELLINGS)
    assert {each["error"]["code"] for each in told} == REFUSED
    assert phone.state()["calls"] == []
    # Nor by giving a call away that is allowed.
    phone.send("call", {"number": "1003"})
    call = peer.take_invite()
    call.answer()
    phone.wait_event("call_answered")
    for more in ({}, {"mode": "attended"}):
        told = answers(phone, SPELLINGS, "transfer", **more)
        assert {each["error"]["code"] for each in told} == REFUSED
    assert [each.call_id for each in peer.invites()] == [call.call_id]
    assert list(peer.requests("REFER")) == []
    # The agent's own hand may dial a code that the page may not, and sees why another number is refused.
    phone.send("hangup")
    phone.wait_event("call_hangup")
    dial_by_hand(phone, "19001234")
    until(lambda: "Không được gọi số này" in phone.frame.inner_text("body"), "the refusal on the screen")
    assert len(peer.invites()) == 1
    dial_by_hand(phone, "*97")
    until(lambda: len(peer.invites()) == 2, "the code that the agent dialled")


def dial_by_hand(phone: Phone, number: str) -> None:
    phone.frame.wait_for_selector("#dial-number", state="visible", timeout=10_000)
    phone.frame.fill("#dial-number", number)
    phone.frame.press("#dial-number", "Enter")


def test_only_so_many_calls_in_a_minute_and_none_for_ever(peer: HostilePeer, open_victim: OpenVictim) -> None:
    phone = open_victim(columns={"rules": {"calls_per_minute": 3, "longest_call_s": 1}})
    for _ in range(2):
        phone.mark()
        phone.send("call", {"number": "0912345678"})
        peer.take_invite()
        phone.send("hangup")
        phone.wait_event("call_hangup")
    phone.mark()
    phone.send("call", {"number": "0912345678"})
    peer.take_invite().answer()
    phone.wait_event("call_answered")
    assert phone.wait_event("call_hangup")["reason"] == "time_limit"
    told = answers(phone, ("0912345678",) * 20)
    assert {each["error"]["detail"]["rule"] for each in told} == {"calls_per_minute"}
    assert len(peer.invites()) == 3


def test_loading_the_frame_again_gives_no_new_minute(world: World, peer: HostilePeer, tmp_path: Path) -> None:
    """The parent may do that as often as it likes. The browser is one that lets a frame store something."""
    rules = {"rules": {"calls_per_minute": 2}}
    peer.user = "1003"
    with use_urls(world, peer.url), use_settings(world, **rules), plain_browser(world, tmp_path) as browser:
        phone = open_crm(world, "1003", browser)
        for _ in range(2):
            phone.mark()
            phone.send("call", {"number": "0912345678"})
            peer.take_invite()
            phone.send("hangup")
            phone.wait_event("call_hangup")
        phone.mark()
        reload_parent(phone)
        phone.wait_event("registered", seconds=40)
        told = answers(phone, ("0912345678",) * 3)
        assert {each["error"]["detail"]["rule"] for each in told} == {"calls_per_minute"}
        assert len(peer.invites()) == 2
        phone.close()
