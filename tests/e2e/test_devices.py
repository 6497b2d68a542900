"""Microphones, loudspeakers and ringers over real SIP, with Chromium's fake devices: three of each.

Each fake microphone beeps like the others, so that the right one is used is read off the track that is sent,
and that it is heard is measured at the far end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.crm import open_crm, plain_browser, reload_in_call
from tests.e2e.phone import Phone
from tests.e2e.talk import documented, hangup_of, requests, ring, talk
from tests.e2e.world import World, until

OpenPhone = Callable[..., Phone]
ALLOW = "microphone; autoplay; speaker-selection"
SECOND = "Fake Audio Input 2"
LOUD = "Fake Audio Output 2"

WATCH = """
window.connections = []; window.players = new Set(); window.gone = ""; window.notified = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) { super(configuration); connections.push(this); }
};
const { play } = HTMLMediaElement.prototype;
HTMLMediaElement.prototype.play = function () { players.add(this); return play.call(this); };
const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
navigator.mediaDevices.enumerateDevices = async () =>
  (await list()).filter(({ label }) => label !== window.gone);
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const id = wanted.audio?.deviceId?.exact;
  const there = await navigator.mediaDevices.enumerateDevices();
  const gone = id && !there.some(({ deviceId }) => deviceId === id);
  if (gone) throw new DOMException("", "OverconstrainedError");
  return open(wanted);
};
window.sent = () => connections.filter(({ connectionState }) => connectionState === "connected")
  .flatMap((connection) => connection.getSenders()).map(({ track }) => track).find((track) => track);
window.unplug = (label) => {
  const track = sent();
  window.gone = label;
  track.stop();
  track.dispatchEvent(new Event("ended"));
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
};
window.plug = () => {
  window.gone = "";
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
};
window.shaken = [];
navigator.vibrate = (pattern) => shaken.push(pattern);
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.hide = (on) => {
  hidden = on;
  document.dispatchEvent(new Event("visibilitychange"));
};
window.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, options) {
    super();
    Object.assign(this, { title, ...options, open: true });
    notified.push(this);
  }
  close() { this.open = false; }
};
"""


@pytest.fixture
def phone(open_phone: OpenPhone, world: World) -> Phone:
    context = world.browser.new_context()
    context.add_init_script(WATCH)
    opened = open_phone("1004", context=context, allow=ALLOW)
    opened.mark()
    return opened


@pytest.fixture
def called(phone: Phone, alice: Phone) -> Iterator[tuple[str, str]]:
    """`phone` and `alice` talk and hear each other."""
    ours, theirs = talk(phone, alice)
    phone.wait_audio(ours)
    alice.wait_audio(theirs)
    phone.mark()
    yield ours, theirs
    phone.send("hangup")
    hangup_of(alice)


def sent(phone: Phone) -> str:
    return str(phone.frame.evaluate("sent()?.label ?? ''"))


def choose(phone: Phone, select: str, label: str) -> None:
    phone.frame.locator(f"#{select} option", has_text=label).wait_for(state="attached")
    phone.frame.locator(f"#{select}").select_option(label=label)


def open_page(phone: Phone, page: str = "settings") -> None:
    phone.frame.locator(f"#page-{page}").click()


def id_of(phone: Phone, label: str) -> str:
    found = """async (label) =>
      (await navigator.mediaDevices.enumerateDevices()).find((device) => device.label === label).deviceId"""
    return str(phone.frame.evaluate(found, label))


def test_another_microphone_in_mid_call_is_heard(
    phone: Phone, alice: Phone, called: tuple[str, str], world: World
) -> None:
    ours, theirs = called
    mark = len(world.wire)
    phone.frame.locator("#devices").click()
    choose(phone, "call-microphone", SECOND)
    until(lambda: sent(phone) == SECOND, "the other microphone")
    alice.wait_audio(theirs)
    phone.wait_audio(ours)
    assert requests(world, "INVITE", mark) == []
    assert documented(phone) == []
    assert phone.frame.evaluate("document.querySelectorAll('#notice:not([hidden])').length") == 0
    choose(phone, "call-microphone", "Mặc định của máy")
    until(lambda: sent(phone) != SECOND, "the default microphone")
    alice.wait_audio(theirs)


def test_another_speaker_in_mid_call_plays_the_call(phone: Phone, called: tuple[str, str]) -> None:
    phone.frame.locator("#devices").click()
    choose(phone, "call-speaker", LOUD)
    playing = (
        "[...players].filter((player) => player.srcObject && !player.paused).map((player) => player.sinkId)"
    )
    until(lambda: phone.frame.evaluate(playing) == [id_of(phone, LOUD)], "the call on the other speaker")
    phone.wait_audio(called[0])


@pytest.mark.slow
def test_a_muted_call_stays_muted_with_another_microphone(
    phone: Phone, alice: Phone, called: tuple[str, str]
) -> None:
    phone.send("mute")
    until(lambda: phone.state()["calls"][0]["muted"], "mute")
    phone.frame.locator("#devices").click()
    choose(phone, "call-microphone", SECOND)
    until(lambda: sent(phone) == SECOND, "the other microphone")
    assert phone.frame.evaluate("sent().enabled") is False
    phone.send("unmute")
    alice.wait_audio(called[1])


def test_an_unplugged_microphone_is_replaced_in_mid_call_and_taken_again(
    phone: Phone, alice: Phone, called: tuple[str, str]
) -> None:
    """No device can be unplugged from a browser under test. The nearest thing to be had: the track really
    stops and says so, the device is on no list any more and cannot be opened, and the browser tells of it."""
    phone.frame.locator("#devices").click()
    choose(phone, "call-microphone", SECOND)
    until(lambda: sent(phone) == SECOND, "the other microphone")
    phone.frame.evaluate("(label) => unplug(label)", SECOND)
    until(lambda: sent(phone) not in ("", SECOND), "the default microphone")
    expect(phone.frame.locator("#notice-title")).to_have_text("Đã đổi micrô")
    alice.wait_audio(called[1])
    assert documented(phone) == []
    phone.frame.evaluate("plug()")
    until(lambda: sent(phone) == SECOND, "the chosen microphone again")
    alice.wait_audio(called[1])


@pytest.mark.slow
def test_what_was_chosen_is_known_to_other_tabs_and_to_the_next_page(
    world: World, alice: Phone, tmp_path: Path
) -> None:
    """In a browser as users have it: the one of the other tests denies storage to frames of another site."""
    with plain_browser(world, tmp_path) as browser:
        context = browser.new_context()
        context.add_init_script(WATCH)
        first = Phone.open(world, "1004", context=context, allow=ALLOW)
        other = Phone.open(world, "1004", context=context, allow=ALLOW)
        open_page(first)
        open_page(other)
        choose(first, "microphone", SECOND)
        choose(first, "ringtone", "Bíp ngắn")
        expect(other.frame.locator("#ringtone")).to_have_value("short")
        other.page.close()
        first.page.close()
        next_one = Phone.open(world, "1004", context=context, allow=ALLOW)
        next_one.mark()
        _, theirs = talk(next_one, alice)
        alice.wait_audio(theirs)
        assert sent(next_one) == SECOND
        next_one.close()


@pytest.mark.slow
def test_a_call_that_outlives_its_page_goes_on_with_the_chosen_microphone(
    world: World, alice: Phone, tmp_path: Path
) -> None:
    """It is opened before Python is up; and here its id is another in every page, only its name stays."""
    with plain_browser(world, tmp_path) as browser:
        phone = open_crm(world, "1004", browser, init_script=WATCH)
        ours, theirs = talk(phone, alice)
        phone.frame.locator("#devices").click()
        choose(phone, "call-microphone", SECOND)
        until(lambda: sent(phone) == SECOND, "the other microphone")
        reload_in_call(phone, ours, alice, theirs)
        until(lambda: sent(phone) == SECOND, "the chosen microphone")
        alice.wait_audio(theirs)
        phone.close()
        hangup_of(alice)


def test_where_storage_is_denied_the_choice_lasts_as_long_as_the_page(phone: Phone) -> None:
    denied = "() => { try { return !localStorage; } catch { return true; } }"
    assert phone.frame.evaluate(denied)
    open_page(phone)
    choose(phone, "ringtone", "Bíp ngắn")
    open_page(phone, "dialer")
    open_page(phone)
    expect(phone.frame.locator("#ringtone")).to_have_value("short")


def test_it_rings_on_the_chosen_ringer_with_the_chosen_tone(phone: Phone, alice: Phone) -> None:
    open_page(phone)
    choose(phone, "ringer", LOUD)
    choose(phone, "ringtone", "Chuông cổ điển")
    ring(alice, phone)
    player = "document.getElementById('sound-ring')"
    until(lambda: phone.frame.evaluate(f"!{player}.paused && {player}.currentTime > 0"), "the ring")
    assert phone.frame.evaluate(f"{player}.src").endswith("/bell.wav")
    assert phone.frame.evaluate(f"{player}.sinkId") == id_of(phone, LOUD)
    phone.send("hangup")
    hangup_of(alice)


# ---- before a call


def test_the_microphone_is_tried_out_without_a_call(phone: Phone) -> None:
    open_page(phone)
    phone.frame.get_by_role("button", name="Thử micrô").click()
    expect(phone.frame.locator("#trial-text")).to_have_text("Micrô nghe rõ bạn nói.")
    moved = "getComputedStyle(document.getElementById('microphone-level')).getPropertyValue('--level') > 0"
    until(lambda: phone.frame.evaluate(moved), "the meter")
    open_page(phone, "dialer")
    until(lambda: not phone.frame.evaluate(moved), "the microphone let go")


@pytest.mark.slow
def test_the_echo_plays_back_what_was_said(phone: Phone) -> None:
    open_page(phone)
    phone.frame.get_by_role("button", name="Nghe lại").click()
    text = phone.frame.locator("#trial-text")
    expect(text).to_have_text("Đang ghi 3 giây, hãy nói…")
    expect(text).to_have_text("Đang phát lại giọng của bạn…")
    heard = "[...players].some((player) => player.src.startsWith('blob:') && player.currentTime > 0.2)"
    until(lambda: phone.frame.evaluate(heard), "the echo")
    expect(text).to_have_text("Nên thử trước cuộc gọi đầu tiên.")


def test_no_sound_is_fetched_before_the_phone_is_up(phone: Phone) -> None:
    def fetched() -> list[Any]:
        entries = "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wav'))"
        found: list[Any] = phone.frame.evaluate(
            f"{entries}.map(({{ name, startTime }}) => [name.split('/').at(-1), startTime])"
        )
        return found

    until(fetched, "the ring")
    assert [name for name, _ in fetched()] == ["soft.wav"]
    assert min(start for _, start in fetched()) > 3000


# ---- a caller, and nobody looks


def test_a_caller_is_announced_by_a_notification_while_the_page_is_hidden(phone: Phone, alice: Phone) -> None:
    """Headless pages are never hidden and show no notifications: both are put in their place by what the
    browser would tell the page. That Chromium itself shows one is not tested here."""
    phone.frame.evaluate("hide(true)")
    calm = phone.frame.evaluate("document.title")
    ring(alice, phone)
    until(lambda: phone.frame.evaluate("notified.length"), "a notification")
    told = phone.frame.evaluate("notified.map(({ title, body, open }) => [title, body, open])")
    assert told == [["Cuộc gọi đến", "Nguyễn Văn An\n1001", True]]
    assert phone.frame.evaluate("shaken[0]") == [400, 200, 400]
    assert "Nguyễn Văn An" in phone.frame.evaluate("document.title")
    alice.send("hangup")
    hangup_of(phone)
    until(lambda: phone.frame.evaluate("notified.every(({ open }) => !open)"), "it to close")
    assert phone.frame.evaluate("document.title") == calm
    assert phone.frame.evaluate("shaken.at(-1)") == 0


@pytest.mark.slow
def test_who_looks_at_the_page_gets_no_notification(phone: Phone, alice: Phone) -> None:
    ring(alice, phone)
    assert phone.frame.evaluate("notified.length") == 0
    phone.frame.evaluate("hide(true)")
    until(lambda: phone.frame.evaluate("notified.filter(({ open }) => open).length") == 1, "a notification")
    phone.frame.evaluate("hide(false)")
    until(lambda: phone.frame.evaluate("notified.every(({ open }) => !open)"), "it to close")
    alice.send("hangup")
    hangup_of(phone)


# ---- keys


@pytest.mark.slow
def test_a_key_is_heard_on_the_dialer_and_in_a_call(phone: Phone, alice: Phone) -> None:
    phone.frame.evaluate(
        """() => {
          window.tones = [];
          const make = AudioContext.prototype.createOscillator;
          AudioContext.prototype.createOscillator = function () {
            const tone = make.call(this);
            const start = tone.start.bind(tone);
            tone.start = (when) => { tones.push(tone.frequency.value); start(when); };
            return tone;
          };
        }"""
    )
    phone.frame.locator('#dial-keys [data-value="5"]').click()
    assert phone.frame.evaluate("tones") == [770, 1336]
    phone.frame.locator("#backspace").click()
    talk(phone, alice)
    phone.frame.locator("#keypad").click()
    phone.frame.locator('#keypad-panel [data-value="#"]').click()
    until(lambda: phone.frame.evaluate("tones") == [770, 1336, 941, 1477], "the tone of #")
    assert alice.wait_event("dtmf")["digit"] == "#"
    phone.send("hangup")
    hangup_of(alice)
