"""An answered call outlives its page (faults 31, 32, 35): reloads of the frame and of the CRM around it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from embed_app.i18n.translator import load_texts
from server.pbx.sip.flow import Flow
from server.pbx.sip.message import Request, Response
from tests.e2e.crm import (
    Gap,
    OpenCrm,
    forget_token,
    navigate_parent,
    open_crm,
    reload_frame,
    reload_in_call,
    reload_parent,
    wait_resumed,
)
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import (
    call,
    hangup_of,
    header,
    hold_and_unhold,
    let_pass,
    requests,
    talk,
    wait_no_packets,
    wait_silent,
)
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

Leave = Callable[[Phone], None]
LONGEST_GAP_MS = 2000
"""What the far end may miss while a page comes back, on a machine that is not busy with anything else."""
STORED = "(() => { try { return sessionStorage.getItem('zorio-call') } catch { return 'denied' } })()"


def busy() -> str:
    """For the table: a gap is longer on a machine that has other things to do."""
    return f"load {os.getloadavg()[0]:.1f}"


def having(record: str) -> str:
    """A script that puts a record into the storage of a frame before anything in it runs, as duplicating
    its tab does."""
    return f"""if (location.pathname === "/webphone-embed" && !window.zorioCopied) {{
        window.zorioCopied = true;
        sessionStorage.setItem("zorio-call", {json.dumps(record)});
    }}"""


@pytest.mark.parametrize("leave", [reload_parent, navigate_parent, reload_frame])
@pytest.mark.parametrize("storage", ["allowed", "denied"])
def test_a_call_outlives_its_page(
    crm: OpenCrm, world: World, plain: Browser, leave: Leave, storage: str
) -> None:
    phone = crm(browser=plain if storage == "allowed" else world.browser)
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    answered_at = phone.state()["calls"][0]["answered_at"]
    assert (phone.frame.evaluate(STORED) == "denied") is (storage == "denied")
    for _ in range(2):  # the second time it is the resumed call that is resumed
        phone.mark()
        leave(phone)
        resumed = wait_resumed(phone, uuid)
        assert (resumed["state"], resumed["muted"], resumed["held"]) == ("answered", False, False)
        assert resumed["answered_at"] == answered_at
        phone.wait_audio(uuid)
    assert world.pbx.bindings["1003"] == 1
    phone.send("hangup")
    ended = hangup_of(phone)
    assert (ended["reason"], ended["call"]["uuid"]) == ("local_hangup", uuid)
    assert phone.frame.evaluate(STORED) in (None, "denied")


@pytest.mark.parametrize("storage", ["allowed", "denied"])
def test_a_page_whose_token_comes_by_message_takes_its_call_back(
    crm: OpenCrm, world: World, plain: Browser, storage: str
) -> None:
    phone = crm(browser=plain if storage == "allowed" else world.browser)
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    forget_token(world, phone)
    phone.mark()
    reload_parent(phone)
    assert phone.wait_event("error", seconds=40)["code"] == "token_missing"
    assert phone.state()["calls"] == []
    phone.mark()
    phone.send("refresh_token", {"token": world.token("1003")})
    wait_resumed(phone, uuid)
    phone.wait_audio(uuid)
    phone.send("hangup")
    hangup_of(phone)


def test_a_server_that_is_just_restarted_costs_no_call(crm: OpenCrm, world: World) -> None:
    """Where storage is denied the record is on the server, and a page asks when it is there."""
    phone = crm(browser=world.browser)
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    refused: list[int] = []

    def refuse(route: Route) -> None:
        if route.request.method != "GET" or len(refused) == 2:
            return route.fallback()
        refused.append(len(refused))
        return route.abort() if len(refused) == 1 else route.fulfill(status=503)

    phone.context.route("**/api/webphone/resume", refuse)
    phone.mark()
    reload_parent(phone)
    wait_resumed(phone, uuid, seconds=40)
    assert refused == [0, 1]
    phone.wait_audio(uuid)
    phone.send("hangup")
    hangup_of(phone)


def test_a_frame_that_is_reloaded_twice_in_half_a_second_still_knows_who_it_is(crm: OpenCrm) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two)
    one.wait_audio(ours)
    for _ in range(2):
        one.mark()
        reload_frame(one)
        wait_resumed(one, ours)
    one.wait_event("registered", seconds=40)
    assert not one.since("error", "call_hangup") + two.since("call_hangup")
    two.wait_audio(theirs)
    two.send("hangup")
    assert hangup_of(one)["reason"] == "remote_hangup"


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_fault_31_two_phones_go_on_when_one_page_is_reloaded(crm: OpenCrm, who: str) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two) if who == "caller" else talk(two, one)[::-1]
    one.wait_audio(ours)
    two.wait_audio(theirs)
    gap = Gap(two, theirs)
    with fault(31, f"the {who}'s CRM page reloads in a call", "resumed, gap under 2 s") as row:
        reload_in_call(one, ours, two, theirs)
        row.gap_ms = gap.read_ms()
        assert [c["uuid"] for c in two.state()["calls"]] == [theirs]
        assert row.gap_ms < LONGEST_GAP_MS
        row.seen(f"same uuid, heard again both ways ({busy()})")
    two.send("hangup")
    assert hangup_of(one)["reason"] == "remote_hangup"
    assert hangup_of(two)["reason"] == "local_hangup"


def test_the_far_end_may_hold_and_dial_tones_after_it(crm: OpenCrm) -> None:
    one, two = crm("1003"), crm("1004")
    ours, _ = talk(one, two)
    one.mark()
    reload_parent(one)
    wait_resumed(one, ours)
    one.wait_audio(ours)
    two.send("hold")
    until(lambda: two.state()["calls"][0]["held"], "the far end's hold")
    one.mark()
    two.send("unhold")
    until(lambda: not two.state()["calls"][0]["held"], "the far end's unhold")
    two.send("send_dtmf", {"digits": "5"})
    assert one.wait_event("dtmf")["digit"] == "5"
    one.send("transfer", {"target": "*44"})
    assert hangup_of(one)["reason"] == "transferred"
    two.send("hangup")


def test_mute_and_hold_are_kept(crm: OpenCrm) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two)
    two.wait_audio(theirs)
    one.send("mute")
    wait_silent(two, theirs)
    one.mark()
    reload_parent(one)
    assert wait_resumed(one, ours)["muted"] is True
    one.wait_audio(ours)
    wait_silent(two, theirs)
    one.send("unmute")
    two.wait_audio(theirs)
    one.send("hold")
    until(lambda: one.state()["calls"][0]["held"], "the hold")
    wait_no_packets(one, ours)
    one.mark()
    reload_parent(one)
    resumed = wait_resumed(one, ours)
    assert (resumed["state"], resumed["held"], resumed["muted"]) == ("held", True, False)
    wait_no_packets(one, ours)
    one.send("unhold")
    until(lambda: not one.state()["calls"][0]["held"], "the unhold")
    two.wait_audio(theirs)
    one.wait_audio(ours)
    one.send("hangup")
    assert hangup_of(two)["reason"] == "remote_hangup"


@pytest.mark.parametrize("leave", [reload_parent, reload_frame])
@pytest.mark.parametrize("storage", ["allowed", "denied"])
def test_two_calls_outlive_their_page(
    crm: OpenCrm, world: World, plain: Browser, leave: Leave, storage: str
) -> None:
    """Both are taken back: the one that is talked to, and the one that waits, on hold."""
    phone = crm(browser=plain if storage == "allowed" else world.browser)
    other = crm("1004")
    waiting, theirs = talk(phone, other)
    phone.send("hold")
    phone.mark()
    talking = call(phone, "*43")
    until(lambda: states(phone) == {waiting: "held", talking: "answered"}, "two calls")
    phone.mark()
    leave(phone)
    for uuid, state in ((talking, "answered"), (waiting, "held")):
        until(lambda: uuid in resumed(phone), f"{state} call is back", 20)  # noqa: B023
        assert resumed(phone)[uuid] == state
    phone.wait_audio(talking)
    wait_silent(other, theirs)
    assert phone.since("call_hangup") == []
    phone.send("unhold", {"call_uuid": waiting})
    until(lambda: states(phone) == {waiting: "answered", talking: "held"}, "swapped")
    phone.wait_audio(waiting)
    other.wait_audio(theirs)


def states(phone: Phone) -> dict[str, str]:
    return {call["uuid"]: call["state"] for call in phone.state()["calls"]}


def resumed(phone: Phone) -> dict[str, str]:
    told = [e["payload"] for e in phone.since("call_updated")]
    return {update["call"]["uuid"]: update["call"]["state"] for update in told if update.get("resumed")}


def test_a_far_end_on_hold_stays_on_hold(crm: OpenCrm) -> None:
    """The one that holds has not reloaded: it must not be heard because the other one has."""
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two)
    one.wait_audio(ours)
    two.send("hold")
    until(lambda: two.state()["calls"][0]["held"], "the hold")
    one.mark()
    reload_parent(one)
    wait_resumed(one, ours)
    wait_no_packets(two, theirs)
    assert two.state()["calls"][0]["held"] is True
    two.send("unhold")
    until(lambda: not two.state()["calls"][0]["held"], "the unhold")
    one.wait_audio(ours)
    two.wait_audio(theirs)
    two.send("hangup")
    hangup_of(one)


def test_a_call_to_a_group_is_taken_back_by_the_phone_that_answered_it(crm: OpenCrm, world: World) -> None:
    """The caller has dialled another number than that of the page that comes back."""
    groups: Any = world.pbx._proxy._groups
    groups["6000"] = ("1003",)
    one, two = crm("1003"), crm("1004")
    two.send("call", {"number": "6000"})
    ours = one.wait_event("incoming_call")["call"]["uuid"]
    one.send("answer")
    theirs = two.wait_event("call_answered")["call"]["uuid"]
    one.wait_audio(ours)
    reload_in_call(one, ours, two, theirs)
    two.send("hangup")
    assert hangup_of(one)["reason"] == "remote_hangup"


@contextmanager
def nobody_knows_replaces(world: World) -> Iterator[None]:
    """The PBX answers as a far end without RFC 3891 does."""
    proxy: Any = world.pbx._proxy
    refusal = proxy._refusal

    def refuses(flow: Flow, request: Request) -> Response | None:
        if request.method == "INVITE" and request.get("Replaces"):
            return request.reply(420, [("Unsupported", "replaces")])
        found: Response | None = refusal(flow, request)
        return found

    proxy._refusal = refuses
    try:
        yield
    finally:
        proxy._refusal = refusal


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_fault_31_a_far_end_without_replaces_gets_an_offer_in_the_old_dialog(
    crm: OpenCrm, world: World, who: str
) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two) if who == "caller" else talk(two, one)[::-1]
    one.wait_audio(ours)
    gap = Gap(two, theirs)
    injected = fault(31, f"the {who} reloads, the far end knows no Replaces", "resumed, gap under 2 s")
    with injected as row, nobody_knows_replaces(world):
        mark = len(world.wire)
        for _ in range(2):  # the second time it is the resumed call that is resumed
            reload_in_call(one, ours, two, theirs)
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < LONGEST_GAP_MS
        sent = requests(world, "INVITE", mark)
        # The far end may restart ICE meanwhile, by offers of its own.
        offers = [text for text in sent if not header(text, "Replaces")]
        ours_again = [text for text in offers if "1003@" in (header(text, "From") or "")]
        assert len(ours_again) == 2
        row.seen(f"twice by re-INVITE in the old dialog, same uuid ({busy()})")
    hold_and_unhold(two)
    one.send("hold")
    until(lambda: one.state()["calls"][0]["held"], "the hold")
    one.send("hangup")
    assert hangup_of(one)["reason"] == "local_hangup"
    assert hangup_of(two)["reason"] == "remote_hangup"


def test_a_duplicated_tab_does_not_steal_the_call(crm: OpenCrm, world: World, plain: Browser) -> None:
    """Duplicating a tab copies its session storage, the record in it included."""
    phone = crm()
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    record = phone.frame.evaluate(STORED)
    assert uuid in record
    phone.mark()
    sent = len(world.wire)
    twin = open_crm(world, "1003", plain, context=phone.context, init_script=having(record), wait="ready")
    assert twin.frame.evaluate(STORED) is None, "the copy could still be used later"
    phone.wait_audio(uuid)
    # The tabs share one phone, so the twin may show the call; it must not have its line or its sound.
    assert requests(world, "INVITE", sent) == []
    assert twin.stats(uuid) == {}
    assert [c["uuid"] for c in phone.state()["calls"]] == [uuid]
    assert "call_hangup" not in phone.types()
    twin.page.close()
    phone.send("hangup")
    hangup_of(phone)


def test_a_record_of_somebody_else_is_not_used(crm: OpenCrm, world: World, plain: Browser) -> None:
    phone = crm()
    call(phone, "*43")
    record = phone.frame.evaluate(STORED).replace('"released": false', '"released": true')
    other = open_crm(world, "1004", plain, context=phone.context, init_script=having(record))
    assert other.state()["calls"] == []
    assert other.frame.evaluate(STORED) is None
    assert other.since("call_updated", "call_hangup") == []
    other.page.close()
    phone.send("hangup")
    hangup_of(phone)


def test_resume_0_keeps_nothing(crm: OpenCrm) -> None:
    phone = crm(resume="0")
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    assert phone.frame.evaluate(STORED) is None
    phone.mark()
    reload_parent(phone)
    phone.wait_event("registered")
    assert phone.state()["calls"] == []


def test_hanging_up_while_it_comes_back_ends_it_at_both_ends(crm: OpenCrm) -> None:
    one, two = crm("1003"), crm("1004")
    talk(one, two)
    one.mark()
    two.mark()
    reload_parent(one)
    # The command is kept by the page until the phone has started; then the call is still on its way back.
    one.page.wait_for_function("document.getElementById('phone')?.contentWindow.length === 0")
    one.send("hangup")
    assert hangup_of(one)["reason"] == "local_hangup"
    assert hangup_of(two)["reason"] == "remote_hangup"


def test_when_both_ends_reload_at_once_each_ends_once(crm: OpenCrm) -> None:
    one, two = crm("1003"), crm("1004")
    talk(one, two)
    one.mark()
    two.mark()
    reload_parent(one)
    reload_parent(two)
    assert hangup_of(one, seconds=40)["reason"] == "signaling_lost"
    assert hangup_of(two, seconds=40)["reason"] == "signaling_lost"


def test_fault_35_a_frame_taken_out_and_put_in_again_is_the_same_phone(crm: OpenCrm, world: World) -> None:
    phone = crm()
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    phone.mark()
    with fault(35, "frame removed and added in a call", "one binding, the call goes on") as row:
        phone.page.evaluate("take_out()")
        phone.page.evaluate("put_in()")
        removed = time.monotonic()
        wait_resumed(phone, uuid)
        took = time.monotonic() - removed
        phone.wait_audio(uuid)
        phone.wait_event("registered")
        assert world.pbx.bindings["1003"] == 1
        row.seen(f"{world.pbx.bindings['1003']} binding; resumed after {took:.1f} s, same uuid")
        phone.send("hangup")
        hangup_of(phone)
    phone.mark()
    phone.page.evaluate("take_out()")
    phone.page.evaluate("put_in()")
    phone.wait_event("registered")
    until(lambda: world.pbx.bindings["1003"] == 1, "one binding")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fault_31_twenty_reloads_in_one_call(crm: OpenCrm) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two)
    two.wait_audio(theirs)
    gap = Gap(two, theirs)
    gaps = []
    expected = "20 resumes, 0 hangups; gap median < 1.2 s, worst < 2 s"
    with fault(31, "20 reloads of the CRM page in one call", expected) as row:
        for _ in range(20):
            one.mark()
            two.mark()
            gap.reset()
            reload_parent(one)
            wait_resumed(one, ours)
            one.wait_audio(ours)
            two.wait_audio(theirs)
            gaps.append(gap.read_ms())
            assert set(two.types()) <= {"call_updated"}
        told = [e["type"] for e in one.events if "resumed" in (e.get("payload") or {})]
        assert told == ["call_updated"] * 20
        assert "call_hangup" not in [e["type"] for e in one.events + two.events]
        print(f"\ngaps in ms, {busy()}: {sorted(round(each) for each in gaps)}")
        middle, row.gap_ms = median(gaps), max(gaps)
        assert row.gap_ms < LONGEST_GAP_MS
        assert middle < 1200
        row.seen(f"{len(told)} resumes, no hangup; gap median {middle:.0f} ms ({busy()})")
    one.send("hangup")
    assert hangup_of(one)["call"]["uuid"] == ours
    assert hangup_of(two)["reason"] == "remote_hangup"


@pytest.mark.slow
@pytest.mark.parametrize("who", ["caller", "callee"])
def test_fault_32_a_closed_tab_releases_the_far_end(crm: OpenCrm, who: str) -> None:
    one, two = crm("1003"), crm("1004")
    _, theirs = talk(one, two) if who == "caller" else talk(two, one)[::-1]
    two.wait_audio(theirs)
    two.mark()
    with fault(32, f"the {who}'s tab is closed in a call", "the far end is released within 30 s") as row:
        closed_at = time.monotonic()
        one.page.close(run_before_unload=False)
        # At once where the dying page could still say goodbye on DTLS, else when ICE misses its answers.
        two.frame.get_by_text(load_texts("vi")["banner.media.title"]).first.wait_for(timeout=15_000)
        noticed = time.monotonic() - closed_at
        ended = hangup_of(two, seconds=45)
        took = time.monotonic() - closed_at
        assert ended["reason"] == "media_lost"
        assert took < 30
        row.seen(f"{ended['reason']}: shown after {noticed:.1f} s, released after {took:.1f} s")


@pytest.mark.slow
def test_a_closed_tab_releases_a_service_too(crm: OpenCrm, world: World) -> None:
    phone = crm()
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    assert services_calls(world) == 1
    phone.page.close(run_before_unload=False)
    until(lambda: services_calls(world) == 0, "the release", 30)


@pytest.mark.slow
def test_a_service_does_not_take_a_hold_for_a_closed_tab(crm: OpenCrm, world: World) -> None:
    """Longer than the silence it would take for a loss: Chromium's consent checks go on."""
    phone = crm()
    uuid = call(phone, "*43")
    phone.wait_audio(uuid)
    phone.send("hold")
    until(lambda: phone.state()["calls"][0]["held"], "the hold")
    (theirs,) = world.pbx._service_phone._calls.values()
    assert theirs._media is not None
    silent = [0]
    start = time.monotonic()
    while time.monotonic() < start + 15:
        silent.append(theirs._media.silent_for)
        let_pass(0.5, time.monotonic())
    assert max(silent) < 8, silent
    assert theirs._waiting is None


def services_calls(world: World) -> int:
    return len(world.pbx._service_phone._calls)
