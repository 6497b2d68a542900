"""A CRM whose pages come and go: each one embeds the phone by itself, and what it heard outlives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, BrowserContext

from tests.e2e.phone import Phone
from tests.e2e.world import CHROMIUM, FLAGS, UNMUTED, World, until

OpenCrm = Callable[..., Phone]
"""(extension, browser, **options of open_crm)."""
_numbers = count(1)

PAGE = """<!doctype html><meta charset="utf-8"><title>CRM</title><link rel="icon" href="data:,"><body><script>
window.events = JSON.parse(sessionStorage.events ?? "[]");
addEventListener("message", (e) => {{
  if (e.data?.source !== "zorio-webphone") return;
  events.push({{...e.data, origin: e.origin, page: performance.timeOrigin}});
  sessionStorage.events = JSON.stringify(events);
}});
window.tell = (message) => document.getElementById("phone").contentWindow.postMessage(message, "*");
window.take_out = () => document.getElementById("phone").remove();
window.put_in = () => {{
  const frame = document.createElement("iframe");
  frame.id = "phone"; frame.allow = "microphone"; frame.style = "border:0;width:380px;height:560px";
  frame.src = "{src}";
  document.body.append(frame);
}};
put_in();
</script>"""


@contextmanager
def plain_browser(world: World, profile: Path) -> Iterator[Browser]:
    """Chromium as users have it: a frame of another site has a storage of its own. Playwright's flags take
    that away, which is what a user does who blocks all site data."""
    args = [*FLAGS, UNMUTED, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    launch = world.browser.browser_type.launch
    with launch(executable_path=CHROMIUM, ignore_default_args=True, args=[*args, "about:blank"]) as plain:
        yield plain


def open_crm(
    world: World,
    extension: str,
    browser: Browser,
    *,
    context: BrowserContext | None = None,
    init_script: str = "",
    wait: str | None = "registered",
    **params: str,
) -> Phone:
    """A registered phone in a CRM page that may be reloaded. Events of all its pages are in `events`."""
    path = f"/crm-{next(_numbers)}"
    world.pages[path] = _page(world, extension, **params)
    context = context or browser.new_context()
    page = context.new_page()
    if init_script:
        page.add_init_script(init_script)
    phone = Phone(world, page, context, extension, keeps_calls=params.get("resume") != "0")
    page.goto(world.crm_origin + path)
    if wait:
        phone.wait_event(wait, seconds=40)
    return phone


def _page(world: World, extension: str, **params: str) -> str:
    query = urlencode({"token": world.token(extension, 900)} | params)
    return PAGE.format(src=f"{world.phone_origin}/webphone-embed?{query}")


def renew_token(world: World, phone: Phone) -> None:
    """For the pages that are loaded next: a token is good for a number of them."""
    world.pages[urlsplit(phone.page.url).path] = _page(world, phone.extension)


def forget_token(world: World, phone: Phone) -> None:
    """For the pages that are loaded next: they send it by message."""
    world.pages[urlsplit(phone.page.url).path] = PAGE.format(src=f"{world.phone_origin}/webphone-embed")


def reload_parent(phone: Phone) -> None:
    phone.page.reload(wait_until="commit")


def navigate_parent(phone: Phone) -> None:
    """To another page of the CRM, which embeds the phone too."""
    url = phone.page.url.partition("?")[0]
    phone.page.goto(f"{url}?record={next(_numbers)}", wait_until="commit")


def reload_frame(phone: Phone) -> None:
    phone.frame.evaluate("location.reload()")


def wait_resumed(phone: Phone, uuid: str, seconds: float = 20) -> dict[str, Any]:
    """The one `call_updated` that says so; nothing else has been told of the call since the mark."""
    updated = phone.wait_event("call_updated", seconds=seconds, resumed=True)
    told = [
        event["type"]
        for event in phone.since()
        if (event.get("payload") or {}).get("call", {}).get("uuid") == uuid
        and not (event["type"] == "call_updated" and "resumed" not in event["payload"])
    ]
    assert told == ["call_updated"], told
    assert updated["call"]["uuid"] == uuid
    return dict(updated["call"])


def reload_in_call(one: Phone, ours: str, two: Phone, theirs: str) -> None:
    """The page of `one` reloads; the two hear each other again, and `two` was told of no end."""
    one.mark()
    two.mark()
    reload_parent(one)
    wait_resumed(one, ours)
    one.wait_audio(ours)
    two.wait_audio(theirs)
    assert set(two.types()) <= {"call_updated"}


class Gap:
    """The longest time without a packet that a frame measured itself, every 20 ms."""

    def __init__(self, phone: Phone, uuid: str) -> None:
        self._phone = phone
        phone.frame.evaluate(
            """(id) => {
                const gap = (window.zorioGap = { worst: 0, since: performance.now(), packets: -1 });
                const look = async () => {
                    const { packets_received: packets } = JSON.parse(await zorioSip.stats(id));
                    const now = performance.now();
                    if (packets > 0 && packets !== gap.packets) {
                        gap.worst = Math.max(gap.worst, now - gap.since);
                        gap.since = now;
                        gap.packets = packets;
                    }
                };
                clearInterval(window.zorioGapTimer);
                window.zorioGapTimer = setInterval(look, 20);
            }""",
            uuid,
        )
        until(lambda: phone.frame.evaluate("zorioGap.packets") > 0, "the first packet of a measurement")
        self.reset()

    def reset(self) -> None:
        self._phone.frame.evaluate("zorioGap.worst = 0")

    def read_ms(self) -> float:
        return float(self._phone.frame.evaluate("zorioGap.worst"))
