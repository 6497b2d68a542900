"""The frame in its page: tokens, origins, policies, storage, parameters (contract sections 1 and 3)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.phone import Phone
from tests.e2e.world import CHROMIUM, FLAGS, UNMUTED, World, until

OpenPhone = Callable[..., Phone]


def _altered(token: str, **claims: object) -> str:
    """The token with other claims and therefore a wrong signature."""
    head, body, signature = token.split(".")
    data = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | claims
    forged = base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()
    return f"{head}.{forged}.{signature}"


def test_a_good_start_says_ready_connected_registered_and_nothing_else(open_phone: OpenPhone) -> None:
    phone = open_phone("1003")
    assert [e["type"] for e in phone.events] == ["ready", "connected", "registered"]
    ready = phone.events[0]["payload"]
    assert ready["extension"] == "1003"
    assert phone.events[2]["payload"] == {}
    assert {e["origin"] for e in phone.events} == {phone.world.phone_origin}
    assert phone.console == []


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda world: None, "token_missing"),
        (lambda world: "no-token-at-all", "token_malformed"),
        (lambda world: _altered(world.token("1003"), exp=1), "token_expired"),
        (lambda world: _altered(world.token("1003"), jti="x"), "token_rejected"),
    ],
    ids=["missing", "malformed", "expired", "forged"],
)
def test_a_bad_token_shows_a_panel_and_a_good_one_repairs_it_without_reload(
    open_phone: OpenPhone, world: World, make: Callable[[World], str | None], code: str
) -> None:
    phone = open_phone("1003", token=make(world), wait="error", locale="en")
    error = phone.wait_event("error")
    assert (error["code"], error["fatal"]) == (code, True)
    panel = phone.frame.locator("#problem")
    panel.wait_for()
    assert error["message"]
    phone.frame.evaluate("window.notReloaded = true")
    phone.send("refresh_token", {"token": world.token("1003")})
    phone.wait_event("registered")
    panel.wait_for(state="hidden")
    assert phone.frame.evaluate("window.notReloaded") is True


def test_the_token_leaves_no_trace_in_address_history_or_requests(open_phone: OpenPhone) -> None:
    phone = open_phone("1003")
    assert "token" not in phone.frame.url
    assert phone.frame.evaluate("location.search + location.hash") == ""
    entries = phone.frame.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    assert entries
    assert not [name for name in entries if "token" in name]


def test_a_token_in_the_fragment_works_too(open_phone: OpenPhone, world: World) -> None:
    context = world.browser.new_context()
    page = context.new_page()
    phone = Phone(world, page, context, "1003")
    page.goto(f"{world.crm_origin}/")
    page.evaluate(
        "(src) => embed(src, 'microphone')",
        f"{world.phone_origin}/webphone-embed?locale=en#token={world.token('1003')}",
    )
    phone.wait_event("registered", seconds=40)
    context.close()


def test_unknown_parameters_fall_back_and_are_told_once_each(open_phone: OpenPhone) -> None:
    phone = open_phone("1003", layout="sideways", theme="pink", locale="en", auto_register="1")
    errors = [e["payload"] for e in phone.events if e["type"] == "error"]
    assert sorted((e["code"], e["detail"]["field"], e["fatal"]) for e in errors) == [
        ("invalid_parameter", "layout", False),
        ("invalid_parameter", "theme", False),
    ]
    assert phone.frame.evaluate("document.documentElement.dataset.layout") == "docked"


def test_auto_register_0_waits_for_connect(open_phone: OpenPhone) -> None:
    phone = open_phone("1003", auto_register="0", wait="ready")
    assert phone.ask("get_state")["payload"]["state"] == "idle"
    refused = phone.ask("call", {"number": "*43"})
    assert (refused["ok"], refused["error"]["code"]) == (False, "not_registered")
    assert [e["type"] for e in phone.events if e["type"] != "response"] == ["ready"]
    phone.send("connect")
    phone.wait_event("registered")


def test_a_parent_that_is_not_on_the_list_gets_no_frame_and_no_event(world: World) -> None:
    context = world.browser.new_context()
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda m: blocked.append(m.text))
    page.goto(f"{world.foreign_origin}/")
    src = f"{world.phone_origin}/webphone-embed?token={world.token('1003')}"
    page.evaluate("(src) => embed(src, 'microphone')", src)
    until(lambda: page.evaluate("true") and any("frame-ancestors" in text for text in blocked), "the refusal")
    assert page.evaluate("events") == []
    context.close()


def test_commands_of_another_window_do_not_count(open_phone: OpenPhone) -> None:
    """A sibling frame of an allowed origin is still not our parent."""
    phone = open_phone("1003")
    phone.mark()
    phone.page.evaluate(
        """() => new Promise((done) => {
            const other = document.createElement("iframe");
            other.src = "/"; document.body.append(other);
            other.onload = () => { other.contentWindow.eval(
                `parent.document.getElementById("phone").contentWindow.postMessage(
                    {source: "zorio-webphone", type: "call", payload: {number: "*43"}, id: "evil"}, "*")`);
                done(); };
        })"""
    )
    assert phone.state()["calls"] == []
    assert phone.since("call_ringing", "call_answered", "error") == []


STORAGE = "(() => { try { return localStorage.length >= 0 } catch { return 'denied' } })()"


def test_it_calls_where_storage_is_denied(alice: Phone) -> None:
    """Playwright's own flags switch partitioning off, and third-party storage then throws."""
    assert alice.frame.evaluate(STORAGE) == "denied"
    alice.send("call", {"number": "*43"})
    alice.wait_audio(alice.wait_event("call_answered")["call"]["uuid"])


@pytest.mark.slow
def test_it_calls_where_storage_works(world: World, tmp_path: Path) -> None:
    """Chromium as users have it: third-party storage is partitioned and works."""
    args = [*FLAGS, UNMUTED, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={tmp_path}"]
    launch = world.browser.browser_type.launch
    with launch(executable_path=CHROMIUM, ignore_default_args=True, args=[*args, "about:blank"]) as plain:
        phone = Phone.open(world, "1003", context=plain.new_context())
        assert phone.frame.evaluate(STORAGE) is True
        phone.send("call", {"number": "*43"})
        phone.wait_audio(phone.wait_event("call_answered")["call"]["uuid"])
        assert phone.console == []


def test_the_page_never_speaks_to_another_host(open_phone: OpenPhone, world: World) -> None:
    context = world.browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    phone = open_phone("1003", context=context)
    hosts = {url.split("/")[2] for url in asked if "://" in url}
    assert hosts == {f"localhost:{world.port}", world.crm_origin.split("//")[1]}
    phone.send("call", {"number": "*44"})
    phone.wait_event("call_answered")
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == hosts
