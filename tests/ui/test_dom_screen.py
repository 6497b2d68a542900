"""`DomScreen` and `AudioRinger` on the real page, in real Chromium (see conftest)."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import press_keys, run, wishes
from tests.ui.states import INBOUND


def test_every_state_can_be_shown_after_every_other(page: Page) -> None:
    run(page, "for name in (*STATES, *reversed(STATES)): show(name)")
    run(page, "show('starting')")
    expect(page.locator('[data-action="key"][data-value="1"]')).to_be_disabled()
    expect(page.locator("#call")).to_be_hidden()


def test_keys_type_a_number_and_call_dials_it(page: Page) -> None:
    press_keys(page, "0912#")
    page.click('[data-action="backspace"]')
    page.click("#dial")
    assert wishes(page) == [("DialRequested", DIALLED | {"number": "0912"})]


DIALLED = {
    "at": "0.0",
    "chance": "0.5",
    "call_uuid": "new-uuid",
    "campaign_id": "None",
    "lead_id": "None",
    "second": "False",
    "by_hand": "True",
    "headers": "()",
}


def test_enter_dials_what_was_typed_or_pasted(page: Page) -> None:
    page.fill("#dial-number", "0912 345 678")
    page.press("#dial-number", "Enter")
    assert wishes(page)[0][1]["number"] == "0912 345 678"


def test_keys_write_at_the_caret_and_over_the_selection(page: Page) -> None:
    page.fill("#dial-number", "0945")
    page.evaluate("document.getElementById('dial-number').setSelectionRange(2, 3)")
    page.click('[data-action="key"][data-value="1"]')
    expect(page.locator("#dial-number")).to_have_value("0915")


def test_a_keyboard_types_without_a_click_into_the_field(page: Page) -> None:
    page.keyboard.type("a+10*")
    expect(page.locator("#dial-number")).to_have_value("+10*")


def test_a_long_press_on_zero_is_a_plus(page: Page) -> None:
    page.hover('[data-action="key"][data-value="0"]')
    page.mouse.down()
    expect(page.locator("#dial-number")).to_have_value("+")
    page.mouse.up()
    page.click('[data-action="key"][data-value="8"]')
    expect(page.locator("#dial-number")).to_have_value("+8")


def test_call_on_an_empty_field_brings_the_last_number_back(page: Page) -> None:
    page.fill("#dial-number", "1002")
    page.click("#dial")
    run(page, "show('inviting'); show('ended_busy')")
    expect(page.locator("#dial-number")).to_have_value("")
    page.click("#dial")
    expect(page.locator("#dial-number")).to_have_value("1002")
    assert len(wishes(page)) == 1


def test_a_refused_number_stays_to_be_mended(page: Page) -> None:
    page.fill("#dial-number", "abc")
    page.click("#dial")
    run(page, "show('flash')")
    expect(page.locator("#alert")).to_contain_text("Số không đúng")
    expect(page.locator("#dial-number")).to_have_value("abc")


def test_a_flash_outlives_its_step_and_goes_when_the_agent_goes_on(page: Page) -> None:
    run(page, "show('flash'); show('ready')")
    expect(page.locator("#alert")).to_be_visible()
    page.fill("#dial-number", "1002")
    page.click("#dial")
    expect(page.locator("#alert")).to_be_hidden()


@pytest.mark.parametrize(
    ("state", "control", "wish"),
    [
        ("answered", "#mute", "MuteRequested"),
        ("muted", "#mute", "UnmuteRequested"),
        ("answered", "#hold", "HoldRequested"),
        ("held", "#hold", "UnholdRequested"),
        ("answered", "#hangup", "HangupRequested"),
        ("inviting", "#hangup", "HangupRequested"),
        ("answered", "#keypad", "PanelChosen"),
        ("answered", "#transfer", "PanelChosen"),
        ("audio_blocked", "#audio-unlock", "AudioUnlockRequested"),
        ("incoming", '[data-part="answer"]', "AnswerRequested"),
        ("incoming", '[data-part="decline"]', "HangupRequested"),
        ("incoming_over_call", '[data-part="answer-end"]', "AnswerRequested"),
        ("answered", "#add-call", "PanelChosen"),
        ("two_calls", "#join", "JoinRequested"),
        ("two_calls", '[data-part="swap"]', "UnholdRequested"),
        ("two_calls_dialling", '[data-part="return"]', "ReturnRequested"),
        ("answered", "#devices", "PanelChosen"),
        ("settings", "#test-microphone", "TrialRequested"),
        ("settings", "#test-echo", "TrialRequested"),
        ("settings", "#test-ring", "TrialRequested"),
        ("settings", "#switch-waiting_beep", "SwitchFlipped"),
        ("settings", "#switch-vibration", "SwitchFlipped"),
        ("settings", "#switch-notifications", "SwitchFlipped"),
        ("settings", "#notifications-ask", "NotificationsAsked"),
        ("idle", "#status-connect", "ConnectRequested"),
        ("problem_rejected", "#problem-retry", "ConnectRequested"),
        ("ended", "#redial", "DialRequested"),
        ("ready", "#page-history", "PageChosen"),
        ("overlay_ready", "#fold", "FoldChosen"),
        ("overlay_folded", "#unfold", "FoldChosen"),
    ],
)
def test_each_control_asks_for_its_thing(page: Page, state: str, control: str, wish: str) -> None:
    run(page, f"show({state!r})")
    page.click(control)
    assert [name for name, _ in wishes(page)] == [wish]


def test_escape_folds_and_the_focus_stays_with_the_phone(page: Page) -> None:
    run(page, "show('overlay_ready'); then['FoldChosen'] = 'overlay_folded'")
    page.focus("#dial-number")
    page.keyboard.press("Escape")
    expect(page.locator("#unfold")).to_be_focused()
    expect(page.locator("#dialer")).to_be_hidden()
    run(page, "then['FoldChosen'] = 'overlay_ready'")
    page.keyboard.press("Enter")
    expect(page.locator("#dialer")).to_be_focused()
    assert [fields["folded"] for _, fields in wishes(page)] == ["True", "False"]


def test_escape_closes_the_panel_first(page: Page) -> None:
    run(page, "show('overlay_answered', panel=Panel.KEYPAD)")
    page.keyboard.press("Escape")
    assert [name for name, _ in wishes(page)] == ["PanelChosen"]


def test_an_overlay_that_opened_for_a_call_stays_while_the_agent_types(page: Page) -> None:
    run(page, "show('overlay_ready', fold=Fold.FOR_NOW)")
    page.click('#dial-keys [data-value="1"]')
    assert [(name, fields["folded"]) for name, fields in wishes(page)] == [("FoldChosen", "False")]


def test_a_call_unfolds_it_without_taking_the_keyboard(page: Page) -> None:
    run(page, "show('overlay_folded')")
    page.evaluate("document.activeElement.blur()")
    run(page, "show('overlay_incoming')")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert page.evaluate("document.activeElement === document.body")


def test_a_double_click_on_call_does_not_hang_up(page: Page) -> None:
    """Hang up stands where Call was."""
    run(page, "then['DialRequested'] = 'inviting'")
    page.fill("#dial-number", "1002")
    page.locator("#dial").dblclick()
    expect(page.locator("#hangup")).to_be_visible()
    assert [name for name, _ in wishes(page)] == ["DialRequested"]
    page.click("#hangup")
    assert [name for name, _ in wishes(page)] == ["DialRequested", "HangupRequested"]


def test_tones_by_click_and_by_keyboard_are_sent_and_shown(page: Page) -> None:
    run(page, "show('keypad')")
    page.click('[data-action="tone"][data-value="5"]')
    page.keyboard.press("#")
    assert [(name, fields["digits"]) for name, fields in wishes(page)] == [
        ("DtmfRequested", "5"),
        ("DtmfRequested", "#"),
    ]
    expect(page.locator("#tones-sent")).to_have_text("5#")
    run(page, "show('answered'); show('keypad')")
    expect(page.locator("#tones-sent")).to_have_text("")


def use_panel(page: Page, button: str, state: str, field: str) -> None:
    """Opens a panel of the call, types a number there, sends it off and closes the panel."""
    run(page, "show('answered')")
    page.click(button)
    run(page, f"show({state!r})")
    expect(page.locator(field)).to_be_focused()
    page.keyboard.type("1002")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def test_transfer_takes_the_focus_the_target_and_escape(page: Page) -> None:
    use_panel(page, "#transfer", "transfer", "#transfer-target")
    assert [(name, fields.get("target", fields.get("panel"))) for name, fields in wishes(page)] == [
        ("PanelChosen", "transfer"),
        ("TransferRequested", "1002"),
        ("PanelChosen", "none"),
    ]


def test_who_asks_first_takes_the_number_from_the_same_field(page: Page) -> None:
    run(page, "show('transfer')")
    page.fill("#transfer-target", "1002")
    page.click("#transfer-ask")
    assert [(n, f["target"], f["attended"]) for n, f in wishes(page)] == [
        ("TransferRequested", "1002", "True")
    ]


def test_adding_a_call_takes_the_focus_the_number_and_escape(page: Page) -> None:
    use_panel(page, "#add-call", "add_call", "#add-number")
    assert [(name, fields.get("second", fields.get("panel"))) for name, fields in wishes(page)] == [
        ("PanelChosen", "add_call"),
        ("DialRequested", "True"),
        ("PanelChosen", "none"),
    ]
    run(page, "show('two_calls'); show('add_call')")
    expect(page.locator("#add-number")).to_have_value("")


def test_an_incoming_call_takes_no_focus_but_what_would_be_lost(page: Page) -> None:
    page.focus("#dial-number")
    run(page, "show('incoming')")
    expect(page.locator("#incoming")).to_be_focused()  # the dialog, never a button a held key would press
    run(page, "show('ready')")
    page.evaluate("document.activeElement.blur(); document.hasFocus = () => false")
    run(page, "show('incoming')")
    assert page.evaluate("document.activeElement === document.body")
    page.evaluate("delete document.hasFocus")


def test_two_callers_keep_their_own_nodes_and_buttons(page: Page) -> None:
    run(page, "show('incoming')")
    page.evaluate("document.querySelector('.card').dataset.mark = 'first'")
    run(page, "show('incoming_two')")
    assert page.locator(".card").count() == 2
    page.locator(".card", has_text="Nguyễn").locator('[data-part="answer"]').click()
    page.locator(".card[data-mark=first]").locator('[data-part="decline"]').click()
    assert [(name, fields["call_uuid"]) for name, fields in wishes(page)] == [
        ("AnswerRequested", "other"),
        ("HangupRequested", INBOUND.uuid),
    ]
    run(page, "show('ready')")
    assert page.locator(".card").count() == 0


def test_devices_are_chosen_from_lists_that_keep_what_the_phone_says(page: Page) -> None:
    run(page, "show('settings')")
    expect(page.locator("#microphone")).to_have_value("5f1c")
    page.select_option("#microphone", "77aa")
    page.select_option("#ringtone", "bell")
    assert [(n, f.get("device_id", f.get("ringtone"))) for n, f in wishes(page)] == [
        ("DeviceChosen", "77aa"),
        ("RingtoneChosen", "bell"),
    ]
    run(page, "show('settings')")
    expect(page.locator("#microphone")).to_have_value("5f1c")
    run(page, "show('settings_absent')")
    expect(page.locator("#speaker")).to_have_value("gone")
    expect(page.locator("#switch-notifications")).to_have_attribute("aria-checked", "false")


def test_the_volume_is_chosen_by_keyboard(page: Page) -> None:
    run(page, "show('settings')")
    page.focus("#volume")
    page.keyboard.press("ArrowRight")
    assert [(name, fields["percent"]) for name, fields in wishes(page)] == [("VolumeChosen", "65")]


def test_digits_typed_into_a_list_of_devices_are_no_number(page: Page) -> None:
    run(page, "show('devices')")
    page.focus("#call-microphone")
    page.keyboard.press("5")
    assert [name for name, _ in wishes(page) if name != "DeviceChosen"] == []
    page.keyboard.press("Escape")
    assert wishes(page)[-1][1]["panel"] == "none"


def test_keys_make_their_tones(page: Page) -> None:
    run(page, "pressed.clear()")
    page.click('[data-action="key"][data-value="7"]')
    run(page, "show('keypad')")
    page.click('[data-action="tone"][data-value="#"]')
    assert run(page, "list(pressed)") == ["7", "#"]


def test_the_ring_is_tuned(page: Page) -> None:
    run(page, "ringer.tune(Ringtone.SHORT, 30, '', '')")
    run(page, "ringer.play(Sound.RING)")
    assert page.evaluate(PLAYING.replace("ID", "sound-ring")) == pytest.approx(1.8, abs=0.05)
    assert page.evaluate("document.getElementById('sound-ring').volume") == pytest.approx(0.3)
    run(page, "ringer.tune(Ringtone.SOFT, 100, '', '')")


def test_names_are_text(page: Page) -> None:
    run(page, "show('incoming_mixed')")
    assert "<b>Khách hàng</b>" in page.locator('#incoming [data-part="name"]').inner_text()
    assert page.locator("#incoming b").count() == 0


def test_the_clock_runs_outside_the_live_region(page: Page) -> None:
    run(page, f"show('answered', at={time.time() - 75})")
    timer, spoken = page.locator("#call-timer"), page.locator("#live").inner_text()
    first = timer.inner_text()
    assert first in ("01:15", "01:16", "01:17")
    expect(timer).not_to_have_text(first)
    assert page.locator("#live").inner_text() == spoken
    run(page, "show('ready')")
    expect(timer).to_have_text("")


def test_english_page(page: Page) -> None:
    run(page, "show('answered', 'en')")
    expect(page.locator("#hangup")).to_have_text("Hang up", use_inner_text=True)
    run(page, "show('ready')")
    expect(page.locator("#dial")).to_have_text("Gọi", use_inner_text=True)


PLAYING = """() => new Promise(done => {
  const player = document.getElementById("ID");
  const look = () => player.currentTime > 0 ? done(player.duration) : setTimeout(look, 20);
  look();
})"""


NOISES = """wanted => new Promise(done => {
  const look = () => globalThis.python.runPython("len(noises)") >= wanted ? done() : setTimeout(look, 20);
  look();
})"""


SOUNDS = [("RING", "ring", 2.8), ("RINGBACK", "ringback", 5.0), ("WAITING", "waiting", 4.0)]


@pytest.mark.parametrize(("sound", "id_", "seconds"), SOUNDS)
def test_the_ringer_plays_and_stops(page: Page, sound: str, id_: str, seconds: float) -> None:
    run(page, f"ringer.play(Sound.{sound})")
    assert page.evaluate(PLAYING.replace("ID", f"sound-{id_}")) == pytest.approx(seconds, abs=0.05)
    run(page, "ringer.play(Sound.NONE)")
    assert page.evaluate(f"document.getElementById('sound-{id_}').paused")


def test_a_blocked_ring_is_told_and_starts_at_the_first_touch(page: Page) -> None:
    page.evaluate(
        """() => {
          globalThis.realPlay = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException("", "NotAllowedError"));
        }"""
    )
    run(page, "ringer.play(Sound.RING)")
    page.evaluate(NOISES, 1)
    assert run(page, "list(noises)") == ["blocked"]
    page.evaluate("() => { HTMLMediaElement.prototype.play = globalThis.realPlay }")
    page.mouse.click(5, 5)
    page.evaluate(NOISES, 2)
    assert run(page, "list(noises)") == ["blocked", "heard"]
    page.evaluate(PLAYING.replace("ID", "sound-ring"))
    assert not page.evaluate("document.getElementById('sound-ring').paused")


def test_nothing_was_refused_by_the_content_security_policy(page: Page) -> None:
    assert page.evaluate("globalThis.violations") == []


def test_of_views_that_follow_each_other_closely_the_last_is_shown_a_moment_later(page: Page) -> None:
    """`PatientScreen`: the first at once, and one with a flash, which no later view has."""
    script = """
from embed_app.browser.patient_screen import PatientScreen
from embed_app.ui.view import Banner, Tone

class Shown(list):
    show = list.append

shown = Shown()
patient = PatientScreen(shown)
calm = [present(STATES[name], Translator("en")) for name in ("starting", "ready", "answered", "ready")]
flash = replace(calm[1], flash=Banner(code="internal", title="", text="", tone=Tone.BAD))
for view in calm: patient.show(view)
at_once = list(shown)
"""
    run(page, script)
    assert run(page, "json.dumps([calm.index(view) for view in at_once])") == "[0]"
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert run(page, "json.dumps([calm.index(view) for view in shown])") == "[0, 1]"
    run(page, "patient.show(calm[2]); patient.show(flash); seen = len(shown)")
    assert run(page, "seen") == 3
    assert run(page, "shown[-1] is flash") is True
