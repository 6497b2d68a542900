"""The overlay's round button: what its badge says."""

from __future__ import annotations

from embed_app.core.call.selection import rings_here
from embed_app.core.link.values import LinkState
from embed_app.core.phone import Phone
from embed_app.core.screen.folding import OVERLAY, is_folded
from embed_app.core.screen.values import Fold
from embed_app.i18n.translator import Translator
from embed_app.ui.view import Folding, Missed, StatusLine, Tone

_PROBLEM = "!"


def folding(phone: Phone, status: StatusLine, missed: Missed, translator: Translator) -> Folding | None:
    if phone.settings.layout != OVERLAY:
        return None
    badge, tone, state = _badge(phone, status, missed, translator)
    return Folding(
        folded=is_folded(phone), for_now=phone.fold is Fold.FOR_NOW, badge=badge, tone=tone, state=state
    )


def _badge(phone: Phone, status: StatusLine, missed: Missed, translator: Translator) -> tuple[str, Tone, str]:
    """(badge, its tone, in words). Who calls, who is there, what is wrong, who was missed: the first."""
    calls = phone.live_calls
    ringing = sum(1 for call in calls if rings_here(call))
    if ringing:
        return str(ringing), Tone.WARN, translator.text("fold.ringing", count=str(ringing))
    if calls:
        return str(len(calls)), Tone.OK, translator.text("fold.calls", count=str(len(calls)))
    if phone.started and (phone.link.state is LinkState.REFUSED or phone.link.attempt):
        return _PROBLEM, Tone.BAD, status.text
    if missed.count:
        return missed.count, Tone.BAD, missed.spoken
    return "", status.tone, status.text
