"""`present(phone, translator)`: the screen follows from the model and from nothing else. Pure."""

from __future__ import annotations

from embed_app.core.call.selection import active_call, rings_here
from embed_app.core.call.two_calls import MAX_CALLS, other_calls
from embed_app.core.link.values import IN_USE, LinkState
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.values import Trial
from embed_app.i18n.translator import Translator
from embed_app.ui.accent import accent_of
from embed_app.ui.alerts import banner, flash, problem_panel
from embed_app.ui.call_presenter import (
    choice_beside,
    ended,
    in_call,
    incoming_card,
    other_call,
    transfer_card,
)
from embed_app.ui.fold_presenter import folding
from embed_app.ui.history_presenter import history, missed
from embed_app.ui.people import last_dialled, people
from embed_app.ui.sound_presenter import devices, sound_settings, trial_text
from embed_app.ui.view import Dialer, Screen, StatusLine, Tone, View

_COMING_UP = (
    LinkState.CONFIGURING,
    LinkState.STANDBY,
    LinkState.CONNECTING,
    LinkState.REGISTERING,
    LinkState.WAITING,
)


def present(phone: Phone, translator: Translator) -> View:
    ringing = tuple(call for call in phone.live_calls if rings_here(call))
    active = active_call(phone)
    current = None if active is None or rings_here(active) else active
    others = other_calls(phone, current) if current is not None else ()
    closing = phone.last_ended if not phone.live_calls else None
    screen = _screen(phone, ringing=bool(ringing), current=current is not None, closing=closing is not None)
    status = _status(phone, translator)
    view_ended = ended(closing, translator) if closing is not None else None
    problem = problem_panel(phone, translator) if screen is Screen.PROBLEM else None
    cards = tuple(incoming_card(call, choice_beside(current), translator) for call in ringing)
    asking = next((call for call in phone.live_calls if call.question is not None), None)
    card = (
        None
        if asking is None or asking.question is None
        else (transfer_card(asking, asking.question, translator))
    )
    view_call = None
    if current is not None:
        full = len(phone.live_calls) >= MAX_CALLS
        panel = Panel.NONE if card is not None else phone.panel
        view_call = in_call(current, others, panel, full=full, translator=translator)
    in_settings = phone.page is Page.SETTINGS and screen in (Screen.DIALER, Screen.ENDED)
    if cards:
        spoken = cards[-1].spoken
    elif card is not None:
        spoken = card.spoken
    elif phone.sounds.replaced is not None:
        spoken = translator.text(f"banner.replaced.{phone.sounds.replaced}")
    elif in_settings and phone.sounds.trial is not Trial.NONE:
        spoken = trial_text(phone.sounds, translator)
    elif view_call is not None:
        spoken = translator.text("call.spoken", state=view_call.state, name=view_call.name)
    elif view_ended is not None and screen is Screen.ENDED:
        spoken = view_ended.text
    else:
        spoken = problem.title if problem is not None else status.text
    in_devices = view_call is not None and view_call.devices_open
    config = phone.link.config
    missed_calls = missed(phone, translator)
    beside = phone.wide and phone.settings.layout == "fullscreen"
    return View(
        lang=translator.locale,
        theme=phone.settings.theme,
        layout=phone.settings.layout,
        screen=screen,
        status=status,
        dialer=_dialer(phone, translator),
        people=people(phone.history),
        last_dialled=last_dialled(phone.history),
        missed=missed_calls,
        do_not_disturb=phone.do_not_disturb,
        history=history(phone, translator, beside=beside),
        page=Page.DIALER if beside and phone.page is Page.HISTORY else phone.page,
        beside=beside,
        account_name=config.account_name if config else "",
        accent=accent_of(config.accent) if config else None,
        spoken=spoken,
        banner=banner(phone, translator),
        flash=flash(phone, translator),
        incoming=cards,
        in_call=view_call,
        transfer=card,
        others=tuple(other_call(call, current, translator) for call in others) if current else (),
        ended=view_ended,
        problem=problem,
        audio_blocked=any(call.audio_blocked for call in phone.live_calls),
        devices=devices(phone.sounds, translator, in_call=in_devices) if in_settings or in_devices else None,
        sound_settings=sound_settings(phone.sounds, translator) if in_settings else None,
        folding=folding(phone, status, missed_calls, translator),
    )


def _screen(phone: Phone, *, ringing: bool, current: bool, closing: bool) -> Screen:
    """A live call is never hidden, whatever happens to the registration."""
    if current:
        return Screen.IN_CALL
    if ringing:
        return Screen.INCOMING
    if not phone.started:
        return Screen.STARTING
    if phone.link.state is LinkState.REFUSED:
        return Screen.PROBLEM
    return Screen.ENDED if closing else Screen.DIALER


def _status(phone: Phone, translator: Translator) -> StatusLine:
    link = phone.link
    if not phone.started:
        return StatusLine(text=translator.text("status.starting"), tone=Tone.BUSY)
    match link.state:
        case LinkState.IDLE:
            return StatusLine(text=translator.text("status.idle"), tone=Tone.OFF, can_connect=True)
        case LinkState.REGISTERED:
            if link.offline:  # the socket may not know yet
                return StatusLine(text=translator.text("banner.offline.title"), tone=Tone.WARN)
            extension = link.config.extension if link.config else ""
            if phone.do_not_disturb:
                text = translator.text("status.do_not_disturb", extension=extension)
                return StatusLine(text=text, tone=Tone.WARN)
            return StatusLine(text=translator.text("status.ready", extension=extension), tone=Tone.OK)
        case LinkState.LEAVING:
            return StatusLine(text=translator.text("status.leaving"), tone=Tone.BUSY)
        case LinkState.REFUSED:
            if link.refusal == IN_USE:
                return StatusLine(text=translator.text("status.elsewhere"), tone=Tone.OFF)
            return StatusLine(text=translator.text("status.refused"), tone=Tone.BAD)
        case (
            LinkState.CONFIGURING
            | LinkState.STANDBY
            | LinkState.CONNECTING
            | LinkState.REGISTERING
            | LinkState.WAITING
        ):
            if link.attempt or link.state is LinkState.WAITING:
                return StatusLine(
                    text=translator.text("status.reconnecting"),
                    tone=Tone.WARN,
                    can_connect=link.state is LinkState.WAITING,
                )
            return StatusLine(text=translator.text("status.connecting"), tone=Tone.BUSY)


def _dialer(phone: Phone, translator: Translator) -> Dialer:
    reachable = phone.link.state is LinkState.REGISTERED or phone.link.state in _COMING_UP
    return Dialer(
        can_type=phone.started,
        can_call=phone.started and reachable and not phone.live_calls,
        placeholder=translator.text("dialer.placeholder"),
    )
