"""What one tab tells the others of its phone, and what stays at home. Pure.

What the screen and the parent are told is all there. The embed token, SIP credentials and ICE servers are
not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from functools import cache
from typing import Any

from embed_app.core.call.messages import (
    AnswerRequested,
    AudioUnlockRequested,
    DialRequested,
    DtmfRequested,
    HangupRequested,
    HoldRequested,
    JoinRequested,
    MuteRequested,
    ReturnRequested,
    SilenceRequested,
    TransferAccepted,
    TransferDeclined,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import Call, Dialog, TransferQuestion
from embed_app.core.history.messages import DoNotDisturbChosen
from embed_app.core.link.messages import ConnectRequested, DisconnectRequested, TakeOverRequested
from embed_app.core.link.values import Link, SipConfig
from embed_app.core.media.values import Counts, Flowing, MediaWatch, Unproven
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.messages import PanelChosen

FORWARDED: tuple[type[Message], ...] = (
    ConnectRequested,
    DisconnectRequested,
    TakeOverRequested,
    DialRequested,
    AnswerRequested,
    HangupRequested,
    HoldRequested,
    UnholdRequested,
    MuteRequested,
    UnmuteRequested,
    DtmfRequested,
    TransferRequested,
    JoinRequested,
    ReturnRequested,
    TransferAccepted,
    TransferDeclined,
    SilenceRequested,
    DoNotDisturbChosen,
    PanelChosen,
    AudioUnlockRequested,
)
"""Wishes about the phone as such: the owner carries them out, in whichever tab they were made."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ONLY: Mapping[type, frozenset[str]] = {
    Link: _names("state lease transport config attempt down_reason unregistered wanted refusal offline"),
    SipConfig: _names("extension display_name keeps_history account_name accent rules"),
    MediaWatch: _names("connection state counts microphone"),
    Counts: _names("ever_received quality"),
}
"""Of these nothing else is written: a field added to them stays at home until somebody decides otherwise."""
LEFT_OUT: Mapping[type, frozenset[str]] = {
    Phone: _names(
        "settings timers due timer_count now page sounds hidden history rings fold calls_seen wide"
    ),
    Call: _names(
        "headers last_digit glares resume_tries resume_in_dialog aside hold_refused colleague transfers_at"
    ),
    TransferQuestion: _names("headers"),
    **dict.fromkeys((Flowing, Unproven), _names("silence")),
    **dict.fromkeys(FORWARDED, _names("at chance")),
}
"""Of these everything else is written: what is left out belongs to one tab, or only matters to the owner."""
BLANK: Mapping[type, Mapping[str, Any]] = {
    SipConfig: {
        "sip_uri": "",
        "auth_username": "",
        "auth_password": "",
        "credentials_expire_in": None,
        "wss_urls": (),
        "ice_servers": (),
        "token_expires_in": 0.0,
    }
}
"""What a decoded one has in the place of required fields that are never written."""
FORMER_NAMES: Mapping[tuple[type, str], str] = {(Dialog, "sip_call_id"): "call_id"}
"""What tabs of older builds write for a field, and look for: it is written under both names."""


@cache
def written_fields(kind: type) -> tuple[Field[Any], ...]:
    """Those of a dataclass that the other tabs are sent."""
    only, left_out = ONLY.get(kind), LEFT_OUT.get(kind, frozenset())
    return tuple(f for f in fields(kind) if (only is None or f.name in only) and f.name not in left_out)
