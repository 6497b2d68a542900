"""What the account allows its phones: whom they may dial, whose wishes they follow, whom they believe.

The server keeps the rules (`server/customers/call_rules.py`) and sends all of them in `sip-config`. A field
that is missing or makes no sense has the default, which is the safe one; it never keeps the phone from
starting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from embed_app.core.link.dial_pattern import PatternError, matches_any, read_pattern

MOST_PATTERNS = 100
"""Of one list."""
HIGHEST_LIMIT = 86_400
"""Of calls and of seconds."""


class FollowTransfers(StrEnum):
    """When the phone follows a peer that asks it, by REFER, to call somebody else (RFC 3515)."""

    COLLEAGUES = "colleagues"
    """Unasked only where the PBX says that the peer is one of its extensions and the target is another one;
    else the agent is asked."""
    ASK = "ask"
    NEVER = "never"
    ALWAYS = "always"
    """Unasked, whoever the peer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """The account's rules. Patterns: see `dial_pattern.py`."""

    follow_transfers: FollowTransfers = FollowTransfers.COLLEAGUES
    digest_realms: tuple[str, ...] = ()
    """Whose challenges are answered (RFC 3261 section 22). Empty: the SIP domain, or the realm of the first
    challenge to a REGISTER."""
    digest_in_dialog: bool = False
    """Whether the PBX itself challenges requests in a call; answering them lets the far end ask too."""
    trusted_identity: bool = True
    """Whether P-Asserted-Identity from the PBX is believed (RFC 3325)."""
    dial_allow: tuple[str, ...] = (
        "11[1-5]",
        "02XXXXXXXXX",
        "0[35789]XXXXXXXX",
        "1800XXXX",
        "1800XXXXXX",
        "*X",
        "*XX",
        "*XXX",
        "*XXXX",
        "**XX",
        "**XXX",
        "**XXXX",
    )
    """What may be dialled beside `internal`. Default, for Vietnam: emergency, land lines, mobile phones, free
    numbers, and feature codes without a number behind them."""
    dial_deny: tuple[str, ...] = ("1900X.",)
    """What may not be dialled even so. Default: the premium numbers of Vietnam."""
    internal: tuple[str, ...] = ("ZX", "ZXX", "ZXXX", "ZXXXX", "ZXXXXX")
    """The extensions of the account's own PBX; they may be dialled."""
    open_codes: tuple[str, ...] = ()
    """Feature codes that also the parent and a transfer may dial; all others want the agent's own hand."""
    country: str = "84"
    """The calling code of the PBX's country (ITU-T E.164), so that +84…, 0084… and 0… are one number."""
    calls_per_minute: int | None = 20
    """Calls that may be dialled in any 60 seconds; None: no limit."""
    calls_at_once: int | None = 2
    """Calls there may be, the new one counted, for one to be dialled; None: as many as the phone can hold."""
    longest_call_s: int | None = None
    """Seconds from the answer until the phone ends a call; None: no limit."""

    def is_internal(self, number: str) -> bool:
        """Whether this number, as it is written, is an extension of the account's own PBX."""
        return matches_any(self.internal, number)


def read_rules(body: object) -> CallRules:
    """The field `rules` of sip-config. Raises nothing."""
    given = body if isinstance(body, Mapping) else {}
    safe = CallRules()
    follow = given.get("follow_transfers")
    country = given.get("country")
    identity = given.get("trusted_identity")
    realms = given.get("digest_realms")
    in_dialog = given.get("digest_in_dialog")
    return CallRules(
        follow_transfers=FollowTransfers(follow) if follow in _FOLLOW else safe.follow_transfers,
        digest_realms=tuple(realms) if _are_texts(realms) else safe.digest_realms,
        digest_in_dialog=in_dialog if isinstance(in_dialog, bool) else safe.digest_in_dialog,
        trusted_identity=identity if isinstance(identity, bool) else safe.trusted_identity,
        dial_allow=_patterns(given.get("dial_allow"), safe.dial_allow),
        dial_deny=_patterns(given.get("dial_deny"), safe.dial_deny),
        internal=_patterns(given.get("internal"), safe.internal),
        open_codes=_patterns(given.get("open_codes"), safe.open_codes),
        country=country if isinstance(country, str) and _COUNTRY.fullmatch(country) else safe.country,
        calls_per_minute=_limit(given, "calls_per_minute", safe.calls_per_minute),
        calls_at_once=_limit(given, "calls_at_once", safe.calls_at_once),
        longest_call_s=_limit(given, "longest_call_s", safe.longest_call_s),
    )


_FOLLOW = tuple(kind.value for kind in FollowTransfers)
_COUNTRY = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and len(value) <= MOST_PATTERNS and all(isinstance(v, str) for v in value)


def _patterns(value: object, default: tuple[str, ...]) -> tuple[str, ...]:
    if not _are_texts(value):
        return default
    try:
        for pattern in value:
            read_pattern(pattern)
    except PatternError:
        return default
    return tuple(value)


def _limit(given: Mapping[str, object], name: str, default: int | None) -> int | None:
    """null is an answer: there is no limit."""
    value = given.get(name, default)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= HIGHEST_LIMIT:
        return value
    return default
