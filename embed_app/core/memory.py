"""What outlives the page: the history of calls, which missed ones were looked at, do not disturb.

A CRM loads its frame anew at every click, so the server keeps it (`server/memory.py`), for the user:

    a call has ended -----> unsaved --POST--> saved      what fails stays unsaved and is tried again
    registered, a while --> GET -----------> calls       not before, so that no start waits for it;
                                                         again each time the line has come back

The frame that has the line saves, each frame shows what it has loaded. Where the server keeps no history,
the page has its own calls and nothing else. Nothing of this is ever awaited by a call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core import effects as do
from embed_app.core.dial_string import clean_caller, clean_name
from embed_app.core.memory_messages import (
    DoNotDisturbChosen,
    HistoryFailed,
    HistoryReceived,
    Remembered,
    RememberFailed,
)
from embed_app.core.model import Call, CallState, Direction, LinkState, Phone, SipConfig
from embed_app.core.past_calls import Loaded, Memory, PastCall, newest, with_call
from embed_app.core.places import Line
from embed_app.core.reconnect import delay
from embed_app.core.release_cause import Reason
from embed_app.core.screens import Page
from embed_app.core.turn import Turn

LOAD_AFTER = 1.0
"""Seconds after the phone is ready: the first call may come in this very moment."""
MOST_AT_ONCE = 10
"""Calls in one request."""
_UNHURRIED = 3
"""What failed is tried again as if that many attempts had gone before: 4 s doubling to 30 s."""
_NO_TICKET = (401, 403, 404)
_NEVER_TAKEN = (400, 422)


def settle(turn: Turn) -> None:
    """After every step: calls that ended in it go into the history, and what is unsaved to the server."""
    for call in turn.phone.calls:
        if not call.live:
            _add(turn, past_call(call))
    config, memory = turn.link.config, turn.phone.memory
    if config is None:
        return
    if memory.unsaved and not config.keeps_history:
        memory = _change(turn, unsaved=())
    if (
        memory.loaded is Loaded.NOT_YET
        and config.keeps_history
        and turn.link.state in (LinkState.REGISTERED, LinkState.STANDBY)
        and "history" not in turn.phone.timers
    ):
        turn.start_timer("history", LOAD_AFTER)
    if not memory.sending and "remember" not in turn.phone.timers:
        _save(turn, config, memory)


def _save(turn: Turn, config: SipConfig, memory: Memory) -> None:
    effect = do.Remember(
        config.memory_ticket,
        memory.unsaved[:MOST_AT_ONCE],
        memory.seen_at if memory.seen_at > memory.saved_seen_at else None,
        turn.phone.do_not_disturb if _unsaved_choice(turn.phone) else None,
    )
    wanted = effect.calls or effect.seen_at is not None or effect.do_not_disturb is not None
    if wanted and config.memory_ticket and config.memory_ticket != memory.useless_ticket:
        _change(turn, sending=True)
        turn.emit(effect)


def _unsaved_choice(phone: Phone) -> bool:
    """Of do not disturb; the frame that follows another one has nothing to say here."""
    chosen = phone.do_not_disturb is not phone.memory.saved_do_not_disturb
    return chosen and phone.link.line in (Line.ALONE, Line.OURS)


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


def turned_away(turn: Turn, uuid: str, number: str, name: str) -> None:
    """A caller heard busy and nothing rang here: the agent finds it among the missed calls."""
    at = int(turn.at)
    _add(
        turn,
        PastCall(
            uuid=uuid,
            inbound=True,
            number=clean_caller(number),
            name=clean_name(name),
            started_at=at,
            answered_at=None,
            ended_at=at,
            reason=Reason.BUSY,
        ),
    )


def _add(turn: Turn, call: PastCall) -> None:
    memory = turn.phone.memory
    others = tuple(other for other in memory.unsaved if other.uuid != call.uuid)
    _change(turn, calls=with_call(memory.calls, call), unsaved=(*others, call))


# ---- what was looked at, and do not disturb


def page_chosen(turn: Turn, before: Page) -> None:
    """Coming to the history and leaving it again, the agent has seen what it shows."""
    if Page.HISTORY not in (before, turn.phone.page):
        return
    _change(turn, seen_at=max(turn.phone.memory.seen_at, int(turn.at)))
    if turn.phone.memory.loaded in (Loaded.NOT_YET, Loaded.FAILED):
        load(turn)


def choose_do_not_disturb(turn: Turn, message: DoNotDisturbChosen) -> None:
    turn.change(do_not_disturb=message.on)


def configured(turn: Turn, config: SipConfig) -> None:
    """The first configuration of this page says what the agent has chosen on an earlier one."""
    turn.change(do_not_disturb=config.do_not_disturb)
    _change(turn, saved_do_not_disturb=config.do_not_disturb)


def taken_over(turn: Turn, left: Phone) -> None:
    """`left`: of the frame that had the line until now. It has saved what was chosen there."""
    turn.change(do_not_disturb=left.do_not_disturb)
    _change(turn, saved_do_not_disturb=left.do_not_disturb)


# ---- loading


def load(turn: Turn) -> None:
    """The timer fired, or somebody wants to see it now."""
    config, memory = turn.link.config, turn.phone.memory
    turn.stop_timers("history")
    if config is None or not config.keeps_history or memory.loaded is Loaded.ASKED:
        return
    if config.memory_ticket == memory.useless_ticket:
        _change(turn, loaded=Loaded.FAILED)
        return
    _change(turn, loaded=Loaded.ASKED)
    turn.emit(do.LoadHistory(config.memory_ticket))


def received(turn: Turn, message: HistoryReceived) -> None:
    memory = turn.phone.memory
    ours = {call.uuid: call for call in memory.calls}
    theirs = {call.uuid: call for call in message.calls}
    merged = {**ours, **theirs, **{call.uuid: call for call in memory.unsaved}}
    seen_at = max(memory.seen_at, message.seen_at)
    saved = max(memory.saved_seen_at, message.seen_at)
    calls = newest(merged.values())
    _change(turn, calls=calls, loaded=Loaded.YES, seen_at=seen_at, saved_seen_at=saved)


def failed(turn: Turn, message: HistoryFailed) -> None:
    _change(turn, loaded=Loaded.FAILED)
    if message.status in _NO_TICKET:
        _ticket_is_useless(turn)


def followed(turn: Turn, saves: int) -> None:
    """The frame that has the line has saved `saves` times: what we show may be old."""
    if saves != turn.phone.memory.saves_elsewhere:
        _change(turn, saves_elsewhere=saves)
        if turn.link.config is not None and turn.link.config.keeps_history:
            turn.start_timer("history", LOAD_AFTER)


# ---- saving


def remembered(turn: Turn, message: Remembered) -> None:
    memory = turn.phone.memory
    left = tuple(call for call in memory.unsaved if call.uuid not in message.calls)
    _change(turn, unsaved=left, sending=False, failures=0)
    if message.seen_at is not None:
        _change(turn, saved_seen_at=max(memory.saved_seen_at, message.seen_at))
    if message.do_not_disturb is not None:
        _change(turn, saved_do_not_disturb=message.do_not_disturb)
    turn.change(saves=turn.phone.saves + 1)


def remember_failed(turn: Turn, message: RememberFailed) -> None:
    memory = _change(turn, sending=False, failures=turn.phone.memory.failures + 1)
    if message.status in _NO_TICKET:
        _ticket_is_useless(turn)
    elif message.status in _NEVER_TAKEN:
        # Asking again would be in vain, for ever, and keep the others from being saved.
        left = tuple(call for call in memory.unsaved if call.uuid not in message.calls)
        _change(turn, unsaved=left, saved_do_not_disturb=turn.phone.do_not_disturb)
        _change(turn, saved_seen_at=memory.seen_at)
    else:
        turn.start_timer("remember", delay(memory.failures + _UNHURRIED, turn.chance))


def back_again(turn: Turn) -> None:
    """Registered anew: who called meanwhile reached nobody, but the server may have heard of it."""
    if turn.phone.memory.loaded in (Loaded.YES, Loaded.FAILED):
        turn.start_timer("history", LOAD_AFTER)
        turn.change(saves=turn.phone.saves + 1)  # the other frames of this browser look, too


def retry(turn: Turn) -> None:
    """There is a network again, or the agent asks: what failed is not waited for any longer."""
    turn.stop_timers("remember")
    if turn.phone.memory.loaded is Loaded.FAILED:
        load(turn)


def page_left(turn: Turn) -> None:
    """The page goes, perhaps for ever. Its calls may be taken back by the next page, which will say how they
    ended; where nobody does, this is what is known of them."""
    config, phone = turn.link.config, turn.phone
    if config is None or not config.memory_ticket or not config.keeps_history:
        return
    states = (CallState.ANSWERED, CallState.INVITING, CallState.RESUMING)
    going = tuple(
        past_call(replace(call, ended_at=turn.at, release=_without_us(call)))
        for call in phone.live_calls
        if call.state in states or (call.state is CallState.RINGING and call.direction is Direction.OUTBOUND)
    )
    calls = (*phone.memory.unsaved, *going)[-MOST_AT_ONCE:]
    if calls:
        turn.emit(do.Remember(config.memory_ticket, calls))


def _without_us(call: Call) -> Reason:
    return Reason.CANCELLED if call.answered_at is None else Reason.LOCAL_HANGUP


def _ticket_is_useless(turn: Turn) -> None:
    if turn.link.config is not None:
        _change(turn, useless_ticket=turn.link.config.memory_ticket)


def _change(turn: Turn, **fields: Any) -> Memory:
    memory = replace(turn.phone.memory, **fields)
    turn.change(memory=memory)
    return memory
