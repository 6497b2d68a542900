"""What one tab shows: its own phone, or the owner's while another tab owns the phone. Pure.

Each tab derives its events and its screen from the phone it shows. So every parent hears every event once, in
its own language.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.values import CallState, Reason
from embed_app.core.link.values import LinkState
from embed_app.core.notices import Notice, Problem
from embed_app.core.phone import Phone


class Shown:
    """The phone that parent and agent of this tab are told of."""

    def __init__(self, phone: Phone) -> None:
        """`phone`: our own."""
        self.phone = phone
        self._owners: Phone | None = None
        self._owners_notices: tuple[Notice, ...] = ()

    def follow(self, owners: Phone) -> None:
        """From now on, and until the next one comes, this is the owner's phone. Shown by the next `step`."""
        self._owners = owners
        self._owners_notices = owners.notices

    def follow_nobody(self) -> Phone | None:
        """The phone that was followed until now."""
        left, self._owners = self._owners, None
        return left

    def step(self, own: Phone, announced: frozenset[str]) -> Phone:
        """Our own phone has taken a step. Returns what was shown before: the difference is to be told.

        `announced`: calls the parent of this tab's former page knows as answered.
        """
        before = self.phone
        notices, self._owners_notices = self._owners_notices, ()
        owners = self._owners if own.link.state is LinkState.STANDBY else None
        self.phone = merged(before, own, owners, notices)
        return known_again(before, self.phone, announced)

    def take_problems(self) -> tuple[Problem, ...]:
        """What went wrong in this step, which is shown here no longer."""
        notices = self.phone.notices
        problems = tuple(notice for notice in notices if isinstance(notice, Problem))
        others = tuple(notice for notice in notices if not isinstance(notice, Problem))
        self.phone = replace(self.phone, notices=others)
        return problems

    def put_problems(self, problems: tuple[Problem, ...]) -> Phone:
        """Between two steps: show what went wrong at the owner, and nothing else that is new.

        Returns what was shown before.
        """
        before = self.phone
        self.phone = replace(before, calls=before.live_calls, notices=problems)
        return before


def merged(before: Phone, own: Phone, owners: Phone | None, notices: tuple[Notice, ...] = ()) -> Phone:
    """The owner's phone, with our own settings, page, sounds, history and token. Without an owner: `own`.

    `before`: what was shown last. No call of it vanishes without an end, however it was lost between the
    tabs, and none ends twice. `notices`: those of the owner, which are told once.
    """
    if owners is None:
        return _with_ends(before, own)
    calls = tuple(call for call in owners.calls if call.live or before.call(call.uuid))
    known = {call.uuid for call in owners.calls}
    still_ours = tuple(call for call in own.calls if call.uuid not in known)
    shown = replace(
        owners,
        settings=own.settings,
        page=own.page,
        sounds=own.sounds,
        hidden=own.hidden,
        history=own.history,
        fold=own.fold,
        wide=own.wide,
        link=replace(owners.link, token=own.link.token),
        calls=calls + still_ours,
        notices=own.notices + notices,
        now=own.now,
    )
    return _with_ends(before, shown)


def _with_ends(before: Phone, after: Phone) -> Phone:
    present = {call.uuid for call in after.calls}
    lost = tuple(
        replace(call, state=CallState.ENDED, ended_at=after.now, release=Reason.SIGNALING_LOST)
        for call in before.live_calls
        if call.uuid not in present
    )
    return replace(after, calls=after.calls + lost) if lost else after


_TOLD_AS_ANSWERED = (CallState.ANSWERED, CallState.RESUMING)


def announced_calls(shown: Phone) -> frozenset[str]:
    """The calls, by uuid, that the parent knows as answered once `shown` was told."""
    return frozenset(call.uuid for call in shown.live_calls if call.state in _TOLD_AS_ANSWERED)


def known_again(before: Phone, after: Phone, announced: frozenset[str]) -> Phone:
    """`before`, with the calls that the parent of this tab's former page was told of.

    The owner is another tab, and nothing has happened to its call: the parent that was loaded anew hears that
    it goes on, not that it was answered a second time.
    """
    back = tuple(
        replace(call, state=CallState.RESUMING)
        for call in after.live_calls
        if call.uuid in announced and call.state is CallState.ANSWERED and before.call(call.uuid) is None
    )
    return replace(before, calls=before.calls + back) if back else before
