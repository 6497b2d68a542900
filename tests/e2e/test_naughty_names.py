"""Callers with names nobody should have, over real SIP: the call rings, the name is text, and nothing it says
becomes a header, an element or a script."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.sync_api import expect
from starlette.websockets import WebSocket

from embed_app.core.text import clean_name
from server.pbx.sip.address import quote
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, hangup_of, header, requests, take_call
from tests.e2e.test_strange_callers import calls_come_from
from tests.e2e.world import World, until
from tests.naughty import OF_OURS

INJECTED = "X-Injected"
ADDRESS = "<sip:0987654321@sbc.example>"
SAYABLE = {key: name for key, name in OF_OURS.items() if key != "surrogate"}
"""Half a character cannot be written in UTF-8."""


def no_harm(phone: Phone, world: World, since: int) -> None:
    """Nothing of the name was taken for a header, in what the phone sent or told."""
    sent = [text for way, text in world.wire[since:] if way == "in"]
    assert sent
    assert [text for text in sent if header(text, INJECTED) is not None] == []
    assert phone.frame.evaluate("typeof hacked") == "undefined"
    assert phone.frame.locator("img, #incoming script, #call script").count() == 0


FIRST = ("long", "right_to_left", "markup", "lines", "invisible")
"""The others take part in `make test-all`; the page itself bears all of them in tests/ui."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=id, marks=() if id in FIRST else pytest.mark.slow)
        for id, name in SAYABLE.items()
    ],
)
def test_a_caller_of_any_name_rings_and_is_shown_as_text(alice: Phone, world: World, name: str) -> None:
    before = len(world.wire)
    with calls_come_from((f"{quote(name)} {ADDRESS}").replace("\\", "\\\\")):  # a template of re.sub
        customer = Stranger(world, "1001")
        told = alice.wait_event("incoming_call")
    shown = clean_name(name.replace("\r", "").replace("\n", ""))
    assert told["call"]["display_name"] == shown
    expect(alice.frame.locator("#incoming [data-part=name]")).to_have_text(shown or "0987 654 321")
    alice.send("answer")
    alice.wait_event("call_answered")
    expect(alice.frame.locator("#call-name")).to_have_text(shown or "0987 654 321")
    customer.do("bye")
    assert hangup_of(alice)["reason"] == "remote_hangup"
    no_harm(alice, world, before)


def test_a_number_of_markup_is_text_too(alice: Phone, world: World) -> None:
    with calls_come_from("<sip:%3Cimg%20src%3Dx%20onerror%3Dhacked()%3E%0D%0A@sbc.example>"):
        customer = Stranger(world, "1001")
        told = alice.wait_event("incoming_call")
    assert told["call"]["number"] == "<img src=x onerror=hacked()>"
    expect(alice.frame.locator("#incoming [data-part=name]")).to_have_text("<img src=x onerror=hacked()>")
    assert alice.frame.locator("img").count() == 0
    customer.do("cancel")
    assert hangup_of(alice)["reason"] == "cancelled"


def test_bytes_that_are_no_text_are_a_caller_all_the_same(
    alice: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7118 section 5 allows binary frames, and in those nobody looks whether it is UTF-8."""

    async def as_bytes(socket: WebSocket, data: str) -> None:
        if data.startswith("INVITE "):
            await socket.send_bytes(data.encode().replace(b"BYTES", b"\xff\xfe\xc3("))
        else:
            await socket.send({"type": "websocket.send", "text": data})

    monkeypatch.setattr(WebSocket, "send_text", as_bytes)
    with calls_come_from(f'"An BYTES" {ADDRESS}'):
        customer = Stranger(world, "1001")
        told = alice.wait_event("incoming_call")
    assert told["call"]["display_name"] == "An \ufffd\ufffd\ufffd("
    alice.send("answer")
    alice.wait_audio(told["call"]["uuid"])
    customer.do("bye")
    assert hangup_of(alice)["reason"] == "remote_hangup"


@pytest.mark.parametrize("name", ["quotes", "lines", "percent", "markup"])
def test_a_name_that_we_hand_on_stays_a_name(alice: Phone, world: World, name: str) -> None:
    """The one who is transferred is told by Refer-To whom it will talk to."""
    _, waiting = take_call(alice, world)
    alice.mark()
    with calls_come_from((f"{quote(OF_OURS[name])} <sip:0911111111@sbc.example>").replace("\\", "\\\\")):
        Stranger(world, "1001", "0911111111")
        second = alice.wait_event("incoming_call")["call"]["uuid"]
        alice.send("answer", {"call_uuid": second})
        until(
            lambda: (
                {c["uuid"]: c["state"] for c in alice.state()["calls"]}
                == {waiting: "held", second: "answered"}
            ),
            "the first waits",
        )
        before = len(world.wire)
        alice.ask("transfer", {"call_uuid": waiting, "target": "0911111111", "mode": "attended"})
        until(lambda: requests(world, "REFER", before), "the REFER")
    refer = requests(world, "REFER", before)[0]
    refer_to = header(refer, "Refer-To") or ""
    assert refer_to.count('"') in (0, 2), refer_to
    assert "\r" not in unquote(refer_to)
    no_harm(alice, world, before)
