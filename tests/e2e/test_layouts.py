"""The overlay in its page: what it tells a parent that lets it be as small as it likes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.phone import Phone

OpenPhone = Callable[..., Phone]

LISTEN = """() => {
  const frame = document.querySelector("iframe");
  addEventListener("message", (e) => {
    if (e.data?.type !== "resize") return;
    frame.style.width = e.data.payload.width + "px";
    frame.style.height = e.data.payload.height + "px";
  });
  const note = document.createElement("input");
  note.id = "note";
  document.body.prepend(note);
}"""


@pytest.mark.slow
def test_an_overlay_unfolds_for_a_caller_and_folds_again(alice: Phone, open_phone: OpenPhone) -> None:
    phone = open_phone("1003", layout="overlay")
    assert phone.wait_event("resize") == {"width": 72, "height": 72}
    assert phone.state()["size"] == {"width": 72, "height": 72}
    phone.page.evaluate(LISTEN)
    phone.page.focus("#note")
    phone.mark()

    alice.send("call", {"number": "1003"})
    assert phone.wait_event("resize") == {"width": 380, "height": 560}
    expect(phone.frame.get_by_role("alertdialog")).to_be_visible()
    assert phone.page.evaluate("document.activeElement.id") == "note"
    assert phone.frame.evaluate("[innerWidth, innerHeight]") == [380, 560]

    phone.mark()
    alice.send("hangup")
    assert phone.wait_event("resize") == {"width": 72, "height": 72}
    expect(phone.frame.locator("#unfold")).to_be_in_viewport(ratio=1)
    assert phone.frame.evaluate("[innerWidth, innerHeight]") == [72, 72]


def test_a_parent_that_does_not_listen_has_a_button_and_a_phone(open_phone: OpenPhone) -> None:
    phone = open_phone("1003", layout="overlay", locale="en")
    phone.frame.get_by_role("button", name="Open the phone").click()
    expect(phone.frame.locator("#dialer")).to_be_in_viewport()
    phone.frame.get_by_role("button", name="Minimise").click()
    expect(phone.frame.locator("#dialer")).to_be_hidden()


def test_recent_calls_stand_beside_the_phone_where_there_is_room(open_phone: OpenPhone) -> None:
    phone = open_phone("1003", layout="fullscreen")
    expect(phone.frame.locator("#history")).to_be_hidden()
    phone.page.evaluate("document.querySelector('iframe').style.width = '900px'")
    expect(phone.frame.locator("#history")).to_be_visible()
    expect(phone.frame.locator("#dialer")).to_be_visible()
    phone.page.evaluate("document.querySelector('iframe').style.width = '380px'")
    expect(phone.frame.locator("#history")).to_be_hidden()
