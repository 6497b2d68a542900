"""Whether a number may be dialled now: the one question that every road to an INVITE asks.

The agent's keys and history, the parent's `call`, transfers by either and by the peer (RFC 3515), calls that
were dialled before the phone was registered: all come through here. A call does so twice, when it is asked
for and when it is sent, because the account's rules may have changed in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from embed_app.core.call.dial_plan import BY_HAND, refusing_rule
from embed_app.core.link.call_rules import CallRules
from embed_app.core.link.messages import Started
from embed_app.core.phone import Phone
from embed_app.core.step import Step

CODE = "number_not_allowed"
PER_MINUTE = "calls_per_minute"
AT_ONCE = "calls_at_once"
MINUTE = 60.0
"""Seconds."""
EMERGENCY = frozenset({"112", "113", "114", "115"})
"""Of Vietnam; 112 of every mobile network. No rate or limit holds the agent's own hand back from them."""
_OWN_TEXT = (BY_HAND, PER_MINUTE, AT_ONCE)


class Refusal(NamedTuple):
    """`rule`: the pattern that denies the number, or the rule's name; `limit`: of a rule that has one."""

    rule: str
    limit: int | None = None


def rules_of(phone: Phone) -> CallRules:
    """Those of the account; the safe ones while they are not known."""
    return phone.link.config.rules if phone.link.config is not None else CallRules()


def refusal(
    phone: Phone, number: str, *, by_hand: bool, at: float, beside: int | None = None
) -> Refusal | None:
    """None where `number` may be dialled at `at`, seconds since the epoch.

    `by_hand`: by the agent and nobody else. `beside`: how many calls there would be beside the new one, if
    not all that there are now.
    """
    rules = rules_of(phone)
    rule = refusing_rule(rules, number, by_hand=by_hand)
    if rule is not None:
        return Refusal(rule)
    if by_hand and number in EMERGENCY:
        return None
    others = len(phone.live_calls) if beside is None else beside
    if rules.calls_at_once is not None and others + 1 > rules.calls_at_once:
        return Refusal(AT_ONCE, rules.calls_at_once)
    if rules.calls_per_minute is not None and len(_recent(phone.dialled_at, at)) >= rules.calls_per_minute:
        return Refusal(PER_MINUTE, rules.calls_per_minute)
    return None


def tell(step: Step, refused: Refusal, *, call_uuid: str | None = None) -> None:
    """`call_uuid`: the call it was wished of, if any."""
    detail: dict[str, object] = {"rule": refused.rule}
    if refused.limit is not None:
        detail["limit"] = refused.limit
    text = f"{CODE}.{refused.rule}" if refused.rule in _OWN_TEXT else CODE
    step.problem(CODE, call_uuid=call_uuid, text=text, **detail)


def count(step: Step) -> None:
    """A number is being dialled in this step, by us or by the PBX for us."""
    step.change(dialled_at=(*_recent(step.phone.dialled_at, step.at), step.at))


def started(step: Step, message: Started) -> None:
    """A page that is loaded again goes on counting: its parent can load it as often as it likes."""
    step.change(dialled_at=_recent(message.dialled_at, step.at))


def _recent(times: Iterable[float], at: float) -> tuple[float, ...]:
    """A clock that was set back by more than a minute has forgotten what came after."""
    return tuple(when for when in times if abs(at - when) < MINUTE)
