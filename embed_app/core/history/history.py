"""What outlives the page: the history of calls, which missed ones were looked at, do not disturb.

A CRM loads its frame anew at every click, so the server keeps it (server/customers/history.py), for the user:

    a call has ended -----> unsaved --POST--> saved      what fails stays unsaved and is tried again
    registered, a while --> GET -----------> calls       not before, so that no start waits for it;
                                                         again each time it has registered anew

The tab that owns the phone saves, each tab shows what it has loaded. Where the server keeps no history,
the page has its own calls and nothing else. Nothing of this is ever awaited by a call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.history.effects import LoadHistory, SaveHistory
from embed_app.core.history.messages import (
    DoNotDisturbChosen,
    HistoryFailed,
    HistoryReceived,
    HistorySaved,
    HistorySaveFailed,
)
from embed_app.core.history.values import MOST_CALLS, CallHistory, Loaded, PastCall, newest, with_call
from embed_app.core.link.messages import ConfigReceived, OwnershipGranted, OwnerShown, PageLeft
from embed_app.core.link.reconnect import delay
from embed_app.core.link.values import LinkState, Ownership, SipConfig
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.messages import PageChosen
from embed_app.core.screen.values import Page
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

LOAD_AFTER = 1.0
"""Seconds after the phone is ready: the first call may come in this very moment."""
MOST_AT_ONCE = 10
"""Calls in one request."""
_UNHURRIED = 3
"""What failed is tried again as if that many attempts had gone before: 4 s doubling to 30 s."""
_NO_TICKET = (401, 403, 404)
_NEVER_TAKEN = (400, 422)


def keep_ended_calls(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: calls that ended in it go into the history, and what is unsaved to the server."""
    for call in step.phone.calls:
        if not call.live:
            _add(step, past_call(call))
    config, history = step.link.config, step.phone.history
    if config is None:
        return
    if history.unsaved and not config.keeps_history:
        history = _change(step, unsaved=())
    if (
        history.loaded is Loaded.NOT_YET
        and config.keeps_history
        and step.link.state in (LinkState.REGISTERED, LinkState.STANDBY)
        and not step.runs(TimerKind.HISTORY_LOAD)
    ):
        step.start_timer(Timer(TimerKind.HISTORY_LOAD), LOAD_AFTER)
    if not history.sending and not step.runs(TimerKind.HISTORY_SAVE):
        _save(step, config, history)


def _save(step: Step, config: SipConfig, history: CallHistory) -> None:
    effect = SaveHistory(
        config.history_ticket,
        history.unsaved[:MOST_AT_ONCE],
        history.seen_at if history.seen_at > history.saved_seen_at else None,
        step.phone.do_not_disturb if _unsaved_choice(step.phone) else None,
    )
    wanted = effect.calls or effect.seen_at is not None or effect.do_not_disturb is not None
    if wanted and config.history_ticket and config.history_ticket != history.useless_ticket:
        _change(step, sending=True)
        step.emit(effect)


def _unsaved_choice(phone: Phone) -> bool:
    """Of do not disturb; a tab that is not the owner has nothing to say here."""
    chosen = phone.do_not_disturb is not phone.history.saved_do_not_disturb
    return chosen and phone.link.ownership in (Ownership.ALONE, Ownership.OWNER)


def past_call(call: Call) -> PastCall:
    """`call` as the history keeps it; one that has not ended yet as if it ended now, by our hand."""
    answered_at = None if call.answered_at is None else int(call.answered_at)
    return PastCall(
        uuid=call.uuid,
        inbound=call.direction is Direction.INBOUND,
        number=call.number,
        name=call.display_name,
        started_at=int(call.started_at),
        answered_at=answered_at,
        ended_at=int(call.ended_at or call.started_at) if answered_at is None else answered_at + call.billsec,
        reason=call.release or Reason.ERROR,
    )


def turned_away(step: Step, uuid: str, number: str, name: str) -> None:
    """A caller heard busy and nothing rang here: the agent finds it among the missed calls. `number` and
    `name` are clean."""
    at = int(step.at)
    _add(
        step,
        PastCall(
            uuid=uuid,
            inbound=True,
            number=number,
            name=name,
            started_at=at,
            answered_at=None,
            ended_at=at,
            reason=Reason.BUSY,
        ),
    )


def _add(step: Step, call: PastCall) -> None:
    history = step.phone.history
    others = tuple(other for other in history.unsaved if other.uuid != call.uuid)
    unsaved = (*others, call)
    if len(unsaved) > MOST_CALLS:  # the server is away for long
        unsaved = newest(unsaved)[::-1]
    _change(step, calls=with_call(history.calls, call), unsaved=unsaved)


# ---- what was looked at, and do not disturb


def page_chosen(step: Step, message: PageChosen) -> None:
    """Coming to the history and leaving it again, the agent has seen what it shows. Before `pages`."""
    if Page.HISTORY not in (step.phone.page, message.page):
        return
    _change(step, seen_at=max(step.phone.history.seen_at, int(step.at)))
    if step.phone.history.loaded in (Loaded.NOT_YET, Loaded.FAILED):
        load(step)


def choose_do_not_disturb(step: Step, message: DoNotDisturbChosen) -> None:
    step.change(do_not_disturb=message.on)


def config_received(step: Step, message: ConfigReceived) -> None:
    """The first configuration of this page says what the agent has chosen on an earlier one. After `tokens`,
    which may refuse it."""
    config = message.config
    if step.link.config is config and not step.phone.history.configured:
        step.change(do_not_disturb=config.do_not_disturb)
        _change(step, configured=True, saved_do_not_disturb=config.do_not_disturb)


def ownership_granted(step: Step, message: OwnershipGranted) -> None:
    """The owner until now has saved what was chosen there. Before `ownership`, which accepts the rest."""
    left = message.left
    if step.link.ownership is not Ownership.ASKED or left is None or not left.link.wanted:
        return
    step.change(do_not_disturb=left.do_not_disturb)
    _change(step, saved_do_not_disturb=left.do_not_disturb)


# ---- loading


def load(step: Step) -> None:
    """The timer fired, or somebody wants to see it now."""
    config, history = step.link.config, step.phone.history
    step.stop_timers(Timer(TimerKind.HISTORY_LOAD))
    if config is None or not config.keeps_history or history.loaded is Loaded.ASKED:
        return
    if config.history_ticket == history.useless_ticket:
        _change(step, loaded=Loaded.FAILED)
        return
    _change(step, loaded=Loaded.ASKED)
    step.emit(LoadHistory(config.history_ticket))


def received(step: Step, message: HistoryReceived) -> None:
    history = step.phone.history
    ours = {call.uuid: call for call in history.calls}
    theirs = {call.uuid: call for call in message.calls}
    merged = {**ours, **theirs, **{call.uuid: call for call in history.unsaved}}
    seen_at = max(history.seen_at, message.seen_at)
    saved = max(history.saved_seen_at, message.seen_at)
    calls = newest(merged.values())
    _change(step, calls=calls, loaded=Loaded.YES, seen_at=seen_at, saved_seen_at=saved)


def failed(step: Step, message: HistoryFailed) -> None:
    _change(step, loaded=Loaded.FAILED)
    if message.status in _NO_TICKET:
        _ticket_is_useless(step)


def owner_shown(step: Step, message: OwnerShown) -> None:
    """The owner has saved once more: what we show may be old."""
    if step.link.state is not LinkState.STANDBY:
        return
    if message.saves != step.phone.history.saves_elsewhere:
        _change(step, saves_elsewhere=message.saves)
        if step.link.config is not None and step.link.config.keeps_history:
            step.start_timer(Timer(TimerKind.HISTORY_LOAD), LOAD_AFTER)


# ---- saving


def saved(step: Step, message: HistorySaved) -> None:
    history = step.phone.history
    left = tuple(call for call in history.unsaved if call.uuid not in message.calls)
    _change(step, unsaved=left, sending=False, failures=0)
    if message.seen_at is not None:
        _change(step, saved_seen_at=max(history.saved_seen_at, message.seen_at))
    if message.do_not_disturb is not None:
        _change(step, saved_do_not_disturb=message.do_not_disturb)
    step.change(saves=step.phone.saves + 1)


def save_failed(step: Step, message: HistorySaveFailed) -> None:
    history = _change(step, sending=False, failures=step.phone.history.failures + 1)
    if message.status in _NO_TICKET:
        _ticket_is_useless(step)
    elif message.status in _NEVER_TAKEN:
        # It would be refused each time, and keep the others from being saved.
        left = tuple(call for call in history.unsaved if call.uuid not in message.calls)
        _change(step, unsaved=left, saved_do_not_disturb=step.phone.do_not_disturb)
        _change(step, saved_seen_at=history.seen_at)
    else:
        step.start_timer(Timer(TimerKind.HISTORY_SAVE), delay(history.failures + _UNHURRIED, step.chance))


def look_again(step: Step, before: Phone, _message: Message) -> None:
    """After every step. Registered anew: who called meanwhile reached nobody, but the server may have heard
    of it."""
    if step.link.state is not LinkState.REGISTERED or before.link.state is LinkState.REGISTERED:
        return
    if step.phone.history.loaded in (Loaded.YES, Loaded.FAILED):
        step.start_timer(Timer(TimerKind.HISTORY_LOAD), LOAD_AFTER)
        step.change(saves=step.phone.saves + 1)  # the other tabs of this browser look, too


def retry(step: Step, _message: Message) -> None:
    """There is a network again, or the agent asks: what failed is not waited for any longer."""
    step.stop_timers(Timer(TimerKind.HISTORY_SAVE))
    if step.phone.history.loaded is Loaded.FAILED:
        load(step)


def page_left(step: Step, _message: PageLeft) -> None:
    """The page goes, perhaps for ever. Its calls may be taken back by the next page, which will say how they
    ended; where nobody does, this is what is known of them."""
    config, phone = step.link.config, step.phone
    if config is None or not config.history_ticket or not config.keeps_history:
        return
    states = (CallState.ANSWERED, CallState.INVITING, CallState.RESUMING)
    going = tuple(
        past_call(replace(call, ended_at=step.at, release=_without_us(call)))
        for call in phone.live_calls
        if call.state in states or (call.state is CallState.RINGING and call.direction is Direction.OUTBOUND)
    )
    calls = (*phone.history.unsaved, *going)[-MOST_AT_ONCE:]
    if calls:
        step.emit(SaveHistory(config.history_ticket, calls))


def _without_us(call: Call) -> Reason:
    return Reason.CANCELLED if call.answered_at is None else Reason.LOCAL_HANGUP


def _ticket_is_useless(step: Step) -> None:
    if step.link.config is not None:
        _change(step, useless_ticket=step.link.config.history_ticket)


def _change(step: Step, **fields: Any) -> CallHistory:
    history = replace(step.phone.history, **fields)
    step.change(history=history)
    return history


# ---- timers


def load_due(step: Step, _late: float) -> None:
    load(step)


def save_due(_step: Step, _late: float) -> None:
    """`keep_ended_calls` saves in this very step."""
