"""An advertisement in the parent page posts to the phone: it is not heard, and takes no place of the parent.

The real frame, the parent's page, and beside the frame one of another origin (an advertisement) with a frame
of its own in it. Any of them may post to the phone's window, at any rate and of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Frame

from tests.build.frame_site import Gate
from tests.e2e.phone import Phone
from tests.e2e.world import PARENT_PAGE, World

ANSWERED_WITHIN_MS = 200
ASKED = 20
"""Questions of the parent during a flood."""

AD = """<!doctype html><meta charset="utf-8"><title>Advertisement</title><body><script>
const phone = () => top.frames[0];
const command = (type, payload = {}, id) => ({source: "zorio-webphone", type, payload, id});
const post = (data, ports) => phone().postMessage(data, "*", ports);
const FLOODS = {
  early: () => { for (let n = 0; n < 600; n++) post(command("call", {number: "*43"}, "a" + n)); },
  rubbish: () => {
    for (let n = 0; n < 600; n++) post({source: "zorio-webphone", type: n});
    [null, 10n, undefined, "zorio-webphone", new Map([[1, 2]])].forEach((data) => post(data));
  },
  ports: () => {
    for (let n = 0; n < 600; n++) {
      const {port1, port2} = new MessageChannel();
      post(command("hangup"), [port2]);
      port1.postMessage(command("call", {number: "*43"}));
    }
  },
  giants: () => {
    const megabyte = "zorio-webphone".padEnd(2 ** 20, "x");
    for (let n = 0; n < 300; n++) post(command("call", {number: megabyte + n}));
  },
};
</script>"""

PARENT = (
    PARENT_PAGE
    + """
<script>
window.put_ad = (src) => new Promise((loaded) => {
  const ad = document.createElement("iframe");
  ad.onload = loaded; ad.src = src;
  document.body.append(ad);
});
let asked = 0;
window.ask = () => new Promise((answered) => {
  const id = "q" + ++asked, begun = performance.now();
  const heard = ({data}) => {
    if (data?.type !== "response" || data.id !== id) return;
    removeEventListener("message", heard);
    answered(performance.now() - begun);
  };
  addEventListener("message", heard);
  tell({source: "zorio-webphone", type: "get_state", payload: {}, id});
});
</script>"""
)

COUNTS_READS = """if (location.pathname === "/webphone-embed") {
  const isStranger = ({source}) => source !== null && source !== parent && source !== window;
  const read = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;
  window.readOfStrangers = 0;
  window.heardOfStrangers = 0;
  addEventListener("message", (event) => {
    if (isStranger(event)) heardOfStrangers += 1;
  }, true);
  Object.defineProperty(MessageEvent.prototype, "data", {
    get() {
      if (isStranger(this)) readOfStrangers += 1;
      return read.call(this);
    },
  });
}"""
"""Before any script of the frame: whether anything in it reads what strangers have posted.

The browser decodes `data` when it is first read; 300 messages of 1 MB took 1.3 s then."""


@pytest.fixture
def page_with_ad(world: World) -> Iterator[Phone]:
    """A CRM's page without the phone yet: `Phone.frame` is there when the test has put it in."""
    world.pages["/with-ad"] = PARENT
    world.pages["/ad"] = AD
    context = world.browser.new_context()
    page = context.new_page()
    page.add_init_script(COUNTS_READS)
    phone = Phone(world, page, context, "1003")
    page.goto(f"{world.crm_origin}/with-ad")
    yield phone
    phone.assert_unharmed()
    phone.close()


def put_phone(phone: Phone, world: World) -> None:
    source = f"{world.phone_origin}/webphone-embed?token={world.token('1003')}"
    with phone.page.expect_event("framenavigated", lambda frame: "/webphone-embed" in frame.url):
        phone.page.evaluate("(src) => embed(src, 'microphone')", source)
    phone.frame.wait_for_function("() => window.zorioBoot")


def put_ad(phone: Phone, world: World) -> Frame:
    phone.page.evaluate("(src) => put_ad(src)", f"{world.foreign_origin}/ad")
    return next(frame for frame in phone.page.frames if frame.url.endswith("/ad"))


def put_ad_in(ad: Frame, origin: str) -> Frame:
    """A frame in the frame of the advertisement."""
    ad.evaluate(
        """(src) => new Promise((loaded) => {
          const inner = document.createElement("iframe");
          inner.onload = loaded; inner.src = src;
          document.body.append(inner);
        })""",
        f"{origin}/ad",
    )
    return ad.child_frames[0]


def heard_of_strangers(phone: Phone, number: int) -> None:
    phone.frame.wait_for_function("(number) => heardOfStrangers >= number", arg=number, timeout=30_000)


def test_a_flood_before_the_start_takes_no_command_of_the_parent(page_with_ad: Phone, world: World) -> None:
    phone = page_with_ad
    gate = Gate(phone.page, "**/pyodide.asm.wasm")
    put_phone(phone, world)
    ad = put_ad(phone, world)
    for source in (ad, put_ad_in(ad, world.crm_origin)):  # an allowed origin does not make it the parent
        source.evaluate("() => { FLOODS.early(); FLOODS.rubbish(); FLOODS.ports(); }")
    heard_of_strangers(phone, 2 * 1805)
    for number in range(5):
        phone.send("get_state", id=f"early {number}")
    phone.frame.wait_for_function("() => zorioBoot.messages.length === 5")
    assert phone.frame.evaluate("[zorioBoot.dropped, readOfStrangers]") == [0, 0]
    gate.open()
    phone.wait_event("registered", seconds=40)
    answers = [event for event in phone.events if event["type"] == "response"]
    assert [(a["id"], a["ok"]) for a in answers] == [(f"early {number}", True) for number in range(5)]
    assert phone.state()["calls"] == []
    assert not [event for event in phone.events if event["type"] in ("error", "call_started")]


def test_a_frame_of_the_parent_s_own_origin_is_not_the_parent(registered: tuple[Phone, Frame]) -> None:
    phone, ad = registered
    before, heard = len(phone.events), phone.frame.evaluate("heardOfStrangers")
    ad.child_frames[0].evaluate("() => { FLOODS.early(); FLOODS.rubbish(); }")
    heard_of_strangers(phone, heard + 1205)
    assert phone.state()["calls"] == []
    assert [e["type"] for e in phone.events[before:] if e["type"] != "response"] == []
    assert phone.frame.evaluate("readOfStrangers") == 0


@pytest.mark.parametrize("kind", ["early", "rubbish", "ports", "giants"])
def test_a_flood_after_the_start_costs_the_parent_nothing(registered: tuple[Phone, Frame], kind: str) -> None:
    phone, ad = registered
    before = len(phone.events)
    answered_ms = [_longest_answer_ms(phone, ad, kind)]
    while answered_ms[-1] >= ANSWERED_WITHIN_MS and len(answered_ms) < 3:  # the machine may have other work
        answered_ms.append(_longest_answer_ms(phone, ad, kind))
    assert phone.frame.evaluate("readOfStrangers") == 0
    assert min(answered_ms) < ANSWERED_WITHIN_MS, answered_ms
    assert [e["type"] for e in phone.events[before:] if e["type"] != "response"] == []
    assert phone.state()["calls"] == []


def _longest_answer_ms(phone: Phone, ad: Frame, kind: str) -> float:
    """The parent asks one question after the other while the advertisement floods the phone."""
    heard = phone.frame.evaluate("heardOfStrangers")
    ad.evaluate("(kind) => setTimeout(FLOODS[kind])", kind)
    answered_ms: list[float] = [phone.page.evaluate("ask()") for _ in range(ASKED)]
    heard_of_strangers(phone, heard + (300 if kind == "giants" else 600))
    answered_ms.append(phone.page.evaluate("ask()"))
    return max(answered_ms)


@pytest.fixture(scope="module")
def registered(world: World) -> Iterator[tuple[Phone, Frame]]:
    """A registered phone and the advertisement beside it."""
    world.pages["/with-ad"] = PARENT
    world.pages["/ad"] = AD
    context = world.browser.new_context()
    page = context.new_page()
    page.add_init_script(COUNTS_READS)
    phone = Phone(world, page, context, "1004")
    page.goto(f"{world.crm_origin}/with-ad")
    source = f"{world.phone_origin}/webphone-embed?token={world.token('1004')}"
    page.evaluate("([src]) => embed(src, 'microphone')", [source])
    phone.wait_event("registered", seconds=40)
    ad = put_ad(phone, world)
    put_ad_in(ad, world.crm_origin)
    yield phone, ad
    phone.assert_unharmed()
    phone.close()


def test_a_parent_of_a_foreign_origin_is_not_kept(page_with_ad: Phone, world: World) -> None:
    """The browser does not even load the frame there (frame-ancestors); should it do so, nobody listens."""
    phone = page_with_ad
    Gate(phone.page, "**/pyodide.asm.wasm")
    phone.page.route("**/webphone-embed?*", lambda route: _without_policy(route))
    phone.page.goto(f"{world.foreign_origin}/with-ad")
    put_phone(phone, world)
    phone.page.evaluate(
        """() => {
          for (let n = 0; n < 600; n++) tell({source: "zorio-webphone", type: "get_state", id: "x" + n});
        }"""
    )
    phone.frame.evaluate("() => new Promise((passed) => setTimeout(passed))")
    assert phone.frame.evaluate("[zorioBoot.messages.length, zorioBoot.dropped]") == [0, 0]


def _without_policy(route: Any) -> None:
    response = route.fetch()
    headers = {k: v for k, v in response.headers.items() if k != "content-security-policy"}
    route.fulfill(response=response, headers=headers)
