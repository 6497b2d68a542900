"""Every state of the screen worth looking at, as a `Phone`. Used by the tests and by the gallery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core.call.selection import rings_here
from embed_app.core.call.values import Call, CallState, Direction, Reason, TransferQuestion, TransferState
from embed_app.core.history.values import CallHistory, Loaded, PastCall
from embed_app.core.link.values import Link, LinkState, SipConfig, Transport
from embed_app.core.media.values import Counts, Lost, MediaWatch, Quality
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone, Settings
from embed_app.core.screen.values import Fold, Page, Panel
from embed_app.core.sound.values import Device, DeviceKind, Permission, Preferences, Sounds, Trial

START = 1_782_030_000.0
NUMBER = "0912345678"
NAME = "Nguyễn Thị Ngọc Quỳnh"
LONG_NAME = "Công ty TNHH Một thành viên Thương mại và Dịch vụ Kỹ thuật Ứng dụng Phường Ỷ La Ế ẵ ợ ự " * 3
STACKED_NAME = "A" + "\u0301\u0323\u0302" * 40 + "n 👩\u200d👩\u200d👧 🇻🇳"
MIXED_NAME = "مرحبا <b>Khách hàng</b> שלום & Co."

CONFIG = SipConfig(
    extension="1001",
    display_name="Demo 1001",
    sip_uri="sip:1001@demo.example",
    auth_username="1001",
    auth_password="not-a-secret",
    credentials_expire_in=None,
    wss_urls=("wss://pbx.example/sip",),
    ice_servers=(),
    token_expires_in=300.0,
    history_ticket="ticket",
    keeps_history=True,
)
READY = Phone(
    link=Link(state=LinkState.REGISTERED, transport=Transport.UP, config=CONFIG),
    started=True,
    now=START,
)
OUTBOUND = Call(
    uuid="11111111-1111-4111-8111-111111111111",
    direction=Direction.OUTBOUND,
    number=NUMBER,
    state=CallState.INVITING,
    started_at=START,
)
ANSWERED = replace(OUTBOUND, state=CallState.ANSWERED, answered_at=START, display_name=NAME)
INBOUND = Call(
    uuid="22222222-2222-4222-8222-222222222222",
    direction=Direction.INBOUND,
    number=NUMBER,
    display_name="Khách hàng thử",
    state=CallState.RINGING,
    started_at=START,
)

HELD = replace(ANSWERED, held=True)
QUESTION = TransferQuestion(new_call_uuid="44444444-4444-4444-8444-444444444444", number="0982001002")
SECOND = Call(
    uuid="33333333-3333-4333-8333-333333333333",
    direction=Direction.OUTBOUND,
    number="1002",
    display_name="",
    state=CallState.ANSWERED,
    started_at=START,
    answered_at=START + 60,
)

_DAY = 86_400


def past(number: str, ago: int, reason: Reason, **changes: Any) -> PastCall:
    """A call that came `ago` seconds before now."""
    began = int(START) - ago
    fresh = PastCall(
        uuid=f"past-{ago}",
        inbound=True,
        number=number,
        started_at=began,
        answered_at=None,
        ended_at=began + 20,
        reason=reason,
    )
    return replace(fresh, **changes)


def talked(ago: int, seconds: int) -> dict[str, Any]:
    began = int(START) - ago
    return {"answered_at": began + 5, "ended_at": began + 5 + seconds}


CALLS = (
    past(NUMBER, 300, Reason.NO_ANSWER, name=NAME),
    past("02838221234", 1800, Reason.LOCAL_HANGUP, inbound=False, **talked(1800, 252)),
    past("1002", 4000, Reason.BUSY, inbound=False, name="Trần Bình"),
    past(NUMBER, _DAY, Reason.REMOTE_HANGUP, name=NAME, **talked(_DAY, 3900)),
    past("", _DAY + 60, Reason.CANCELLED),
    past("+842838221234", _DAY + 900, Reason.REJECTED, name=LONG_NAME),
    past("0389123456", 3 * _DAY, Reason.ANSWERED_ELSEWHERE, name=MIXED_NAME),
    past("0389123457", 400 * _DAY, Reason.NO_ANSWER, inbound=False),
)
LOADED = CallHistory(calls=CALLS, loaded=Loaded.YES)


HEADSET = Device("5f1c", "Tai nghe Jabra Evolve2 65 (0b0e:0e90) qua Bluetooth của phòng chăm sóc khách hàng")
DEVICES = Sounds(
    wanted=Preferences(microphone=HEADSET, volume=60),
    microphones=(HEADSET, Device("77aa", "Micrô tích hợp")),
    speakers=(HEADSET, Device("90bc", "Loa máy tính")),
    can_choose_speaker=True,
    can_vibrate=True,
    permission=Permission.ASKABLE,
)
ABSENT = Preferences(speaker=Device("gone", "Loa hội nghị"), notifications=False, waiting_beep=False)


def on_link(state: LinkState, *, attempt: int = 0, refusal: str = "", phone: Phone = READY) -> Phone:
    return replace(phone, link=replace(phone.link, state=state, attempt=attempt, refusal=refusal))


def with_calls(*calls: Call, panel: Panel = Panel.NONE, phone: Phone = READY) -> Phone:
    """The agent is with the last one that does not ring here."""
    focus = [call.uuid for call in calls if not rings_here(call)][-1:]
    return replace(phone, calls=calls, panel=panel, focus="".join(focus))


def after(call: Call, reason: Reason, seconds: float = 0.0) -> Phone:
    answered = START if seconds else None
    ended = replace(
        call, state=CallState.ENDED, release=reason, answered_at=answered, ended_at=START + seconds
    )
    return replace(READY, last_ended=ended)


def account(accent: str, phone: Phone = READY) -> Phone:
    named = replace(CONFIG, account_name="Công ty Cổ phần Dịch vụ Viễn thông Ánh Dương", accent=accent)
    return replace(phone, link=replace(phone.link, config=named))


def in_layout(phone: Phone, layout: str, **fields: Any) -> Phone:
    return replace(phone, settings=Settings(layout=layout), **fields)


STATES: dict[str, Phone] = {
    "starting": Phone(),
    "idle": on_link(LinkState.IDLE),
    "connecting": on_link(LinkState.CONNECTING),
    "ready": READY,
    "settings": replace(READY, page=Page.SETTINGS, sounds=DEVICES),
    "settings_unnamed": replace(READY, page=Page.SETTINGS),
    "settings_absent": replace(READY, page=Page.SETTINGS, sounds=replace(DEVICES, wanted=ABSENT)),
    "settings_testing": replace(
        READY, page=Page.SETTINGS, sounds=replace(DEVICES, trial=Trial.LEVEL, heard=True)
    ),
    "device_replaced": replace(READY, sounds=replace(DEVICES, replaced=DeviceKind.MICROPHONE)),
    "missed": replace(READY, history=LOADED),
    "do_not_disturb": replace(READY, do_not_disturb=True),
    "history": replace(READY, page=Page.HISTORY, history=LOADED),
    "history_loading": replace(READY, page=Page.HISTORY),
    "history_empty": replace(READY, page=Page.HISTORY, history=CallHistory(loaded=Loaded.YES)),
    "history_failed": replace(READY, page=Page.HISTORY, history=CallHistory(loaded=Loaded.FAILED)),
    "history_not_saved": replace(
        READY, page=Page.HISTORY, history=replace(LOADED, unsaved=CALLS[:1], failures=1)
    ),
    "history_not_kept": replace(
        READY,
        page=Page.HISTORY,
        history=replace(LOADED, calls=CALLS[:2]),
        link=replace(READY.link, config=replace(CONFIG, keeps_history=False)),
    ),
    "settings_do_not_disturb": replace(READY, page=Page.SETTINGS, do_not_disturb=True),
    "incoming_campaign": replace(
        READY, calls=(replace(INBOUND, campaign_id="Hè 2026", external_id="KH-00912"),)
    ),
    "incoming_silenced": replace(READY, calls=(replace(INBOUND, silenced=True),)),
    "leaving": on_link(LinkState.LEAVING),
    "reconnecting": on_link(LinkState.WAITING, attempt=3),
    "flash": replace(READY, notices=(Problem(code="invalid_number"),)),
    "mic_denied": replace(READY, banner="mic_denied"),
    "mic_blocked": replace(READY, banner="mic_blocked"),
    "problem_expired": on_link(LinkState.REFUSED, refusal="token_expired"),
    "problem_elsewhere": on_link(LinkState.REFUSED, refusal="in_use_elsewhere"),
    "problem_rejected": on_link(LinkState.REFUSED, refusal="registration_refused"),
    "incoming": with_calls(INBOUND),
    "incoming_long": with_calls(replace(INBOUND, display_name=LONG_NAME)),
    "incoming_mixed": with_calls(replace(INBOUND, display_name=MIXED_NAME)),
    "incoming_stacked": with_calls(replace(INBOUND, display_name=STACKED_NAME)),
    "incoming_number": with_calls(replace(INBOUND, display_name="")),
    "incoming_blocked": with_calls(replace(INBOUND, audio_blocked=True)),
    "incoming_two": with_calls(
        INBOUND,
        replace(INBOUND, uuid="other", display_name=NAME, number="+842439998888"),
    ),
    "incoming_over_call": with_calls(ANSWERED, INBOUND),
    "incoming_over_held": with_calls(replace(ANSWERED, held=True), INBOUND),
    "incoming_over_long": with_calls(ANSWERED, replace(INBOUND, display_name=LONG_NAME)),
    "add_call": with_calls(ANSWERED, panel=Panel.ADD_CALL),
    "two_calls": with_calls(HELD, SECOND),
    "two_calls_long": with_calls(
        replace(HELD, display_name=LONG_NAME), replace(SECOND, display_name=LONG_NAME)
    ),
    "two_calls_keypad": with_calls(HELD, SECOND, panel=Panel.KEYPAD),
    "two_calls_both_held": with_calls(HELD, replace(SECOND, held=True)),
    "two_calls_dialling": with_calls(HELD, replace(SECOND, state=CallState.RINGING, answered_at=None)),
    "two_calls_asking": with_calls(HELD, replace(SECOND, consult_for=HELD.uuid)),
    "two_calls_joining": with_calls(
        replace(HELD, transfer=TransferState.TRYING, transfer_to=SECOND.uuid, transfer_target="1002"),
        replace(SECOND, transfer=TransferState.TARGET),
    ),
    "two_calls_transfer": with_calls(HELD, SECOND, panel=Panel.TRANSFER),
    "queued": with_calls(replace(OUTBOUND, state=CallState.QUEUED), phone=on_link(LinkState.CONNECTING)),
    "inviting": with_calls(OUTBOUND),
    "ringing": with_calls(replace(OUTBOUND, state=CallState.RINGING)),
    "answering": with_calls(replace(INBOUND, state=CallState.ANSWERING)),
    "answered": with_calls(ANSWERED),
    "answered_long": with_calls(replace(ANSWERED, display_name=LONG_NAME)),
    "answered_stacked": with_calls(replace(ANSWERED, display_name=STACKED_NAME)),
    "muted": with_calls(replace(ANSWERED, muted=True)),
    "held": with_calls(replace(ANSWERED, held=True)),
    "keypad": with_calls(ANSWERED, panel=Panel.KEYPAD),
    "keypad_long": with_calls(replace(ANSWERED, display_name=LONG_NAME), panel=Panel.KEYPAD),
    "transfer": with_calls(ANSWERED, panel=Panel.TRANSFER),
    "transfer_request": with_calls(replace(ANSWERED, question=QUESTION)),
    "transfer_request_long": with_calls(
        replace(
            ANSWERED, display_name=LONG_NAME, question=replace(QUESTION, number="+" + "8" * 31, attended=True)
        ),
        panel=Panel.KEYPAD,
    ),
    "transfer_request_of_waiting": with_calls(replace(HELD, question=QUESTION), SECOND),
    "transfer_request_and_incoming": with_calls(replace(ANSWERED, question=QUESTION), INBOUND),
    "devices": replace(with_calls(ANSWERED, panel=Panel.DEVICES), sounds=DEVICES),
    "devices_unnamed": with_calls(replace(OUTBOUND, state=CallState.RINGING), panel=Panel.DEVICES),
    "two_calls_devices": replace(with_calls(HELD, SECOND, panel=Panel.DEVICES), sounds=DEVICES),
    "transfer_failed": replace(with_calls(ANSWERED), banner="transfer_failed"),
    "transferring": with_calls(replace(ANSWERED, transfer=TransferState.TRYING, transfer_target="1002")),
    "audio_blocked": with_calls(replace(ANSWERED, audio_blocked=True)),
    "media_lost_in_call": with_calls(replace(ANSWERED, media=MediaWatch(state=Lost(since=START)))),
    "poor_in_call": with_calls(replace(ANSWERED, media=MediaWatch(counts=Counts(quality=Quality.POOR)))),
    "offline": replace(READY, link=replace(READY.link, offline=True)),
    "mic_lost_in_call": replace(with_calls(ANSWERED), banner="mic_lost"),
    "reconnecting_in_call": with_calls(ANSWERED, phone=on_link(LinkState.WAITING, attempt=2)),
    "refused_in_call": with_calls(ANSWERED, phone=on_link(LinkState.REFUSED, refusal="token_expired")),
    "overlay_folded": in_layout(READY, "overlay"),
    "overlay_folded_ringing": in_layout(with_calls(INBOUND), "overlay"),
    "overlay_folded_call": in_layout(with_calls(HELD, SECOND), "overlay"),
    "overlay_folded_problem": in_layout(on_link(LinkState.WAITING, attempt=3), "overlay"),
    "overlay_ready": in_layout(READY, "overlay", fold=Fold.OPEN),
    "overlay_incoming": in_layout(with_calls(INBOUND), "overlay", fold=Fold.FOR_NOW),
    "overlay_answered": in_layout(with_calls(ANSWERED), "overlay", fold=Fold.FOR_NOW),
    "account": account("#f5c518"),
    "account_in_call": account("#7a0019", with_calls(replace(ANSWERED, muted=True))),
    "account_dark": account("#101010", replace(READY, page=Page.HISTORY)),
    "fullscreen_ready": in_layout(READY, "fullscreen", wide=True),
    "fullscreen_history": in_layout(replace(READY, history=LOADED), "fullscreen", wide=True),
    "settings_beside": in_layout(READY, "fullscreen", wide=True, page=Page.SETTINGS),
    "fullscreen_flash": in_layout(replace(READY, banner="mic_denied"), "fullscreen", wide=True),
    "fullscreen_incoming": in_layout(with_calls(INBOUND), "fullscreen", wide=True),
    "fullscreen_over_call": in_layout(with_calls(ANSWERED, INBOUND), "fullscreen", wide=True),
    "fullscreen_answered": in_layout(with_calls(ANSWERED), "fullscreen", wide=True),
    "ended": after(replace(OUTBOUND, display_name=NAME), Reason.REMOTE_HANGUP, 83),
    "ended_busy": after(OUTBOUND, Reason.BUSY),
    "ended_missed": after(replace(INBOUND, display_name=LONG_NAME), Reason.CANCELLED),
}


OWN_SIZES = {state: (900, 640) for state, phone in STATES.items() if phone.wide}
"""Width and height of the frame, for what shows only at another one than the others."""


def in_settings(phone: Phone, locale: str, theme: str = "auto", layout: str = "") -> Phone:
    """In its own layout, if none is given."""
    layout = layout or phone.settings.layout
    return replace(phone, settings=replace(phone.settings, locale=locale, theme=theme, layout=layout))


EVERY_DAY = (
    *("ready", "missed", "history", "settings", "mic_denied", "ended", "suggestions", "load_failed"),
    *("incoming", "incoming_over_call", "answered", "keypad", "transfer", "devices", "two_calls"),
    *("reconnecting_in_call", "overlay_folded_call", "fullscreen_over_call"),
)
"""What is looked at in each run; the slow one looks at all."""
