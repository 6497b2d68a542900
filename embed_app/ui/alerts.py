"""What is told to the agent when something is wrong: banner, flash and the problem panel."""

from __future__ import annotations

from embed_app.core.link.values import IN_USE, LinkState
from embed_app.core.media.values import Lost, Quality
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.i18n.translator import Translator
from embed_app.ui.view import Banner, ProblemPanel, Tone

AGENTS_BUSINESS = frozenset(
    {
        "invalid_number",
        "number_not_allowed",
        "invalid_digits",
        "invalid_header",
        "invalid_state",
        "call_in_progress",
        "not_registered",
        "mic_denied",
        "mic_blocked",
        "mic_missing",
        "mic_busy",
        "mic_lost",
        "transfer_failed",
        "hold_failed",
        "dtmf_failed",
        "no_audio",
        "media_lost",
        "token_mismatch",
        "internal",
    }
)
"""Problems worth the agent's eyes. The rest is between us and the CRM's developer, or already on the
status line (reconnecting) or the problem panel (refused)."""
_NEEDS_NEW_TOKEN = frozenset({"token_missing", "token_malformed", "token_expired", "token_foreign"})


def warning(code: str, translator: Translator, text: str = "") -> Banner:
    """`text`: the key of its text, where the code has several."""
    words = translator.error(text or code)
    return Banner(code=code, title=title(code, translator), text=words, tone=Tone.BAD)


def title(code: str, translator: Translator) -> str:
    key = f"error.{code}.title"
    return translator.text(key if translator.has(key) else "error.internal.title")


def banner(phone: Phone, translator: Translator) -> Banner | None:
    """Stays as long as its cause does."""
    link = phone.link
    if phone.banner:
        return warning(phone.banner, translator)
    if phone.sounds.replaced is not None:
        return _state(f"replaced.{phone.sounds.replaced}", translator)
    if link.state is LinkState.REFUSED and phone.live_calls:
        # Not the usual cure: reloading the page now would cost the call.
        return Banner(
            code=link.refusal or "internal",
            title=title(link.refusal, translator),
            text=translator.text("banner.refused.in_call"),
            tone=Tone.BAD,
        )
    if phone.started and link.attempt:
        return _state("reconnecting", translator, ".in_call" if phone.live_calls else "")
    if any(isinstance(call.media.state, Lost) for call in phone.live_calls):
        return _state("media", translator)
    if phone.started and link.offline:
        return _state("offline", translator)
    if any(call.quality is Quality.POOR for call in phone.live_calls):
        return _state("poor", translator)
    return None


def _state(name: str, translator: Translator, variant: str = "") -> Banner:
    """Not a failure of something that was tried, but how things are; the most hindering one is shown."""
    return Banner(
        code="",
        title=translator.text(f"banner.{name}.title"),
        text=translator.text(f"banner.{name}{variant}"),
        tone=Tone.WARN,
    )


def flash(phone: Phone, translator: Translator) -> Banner | None:
    """The newest problem of this step, where it is the agent's business."""
    problems = [notice for notice in phone.notices if isinstance(notice, Problem)]
    shown = [problem for problem in problems if problem.code in AGENTS_BUSINESS]
    return warning(shown[-1].code, translator, shown[-1].text) if shown else None


def problem_panel(phone: Phone, translator: Translator) -> ProblemPanel:
    code = phone.link.refusal or "internal"
    return ProblemPanel(
        title=title(code, translator),
        text=translator.error(code),
        code_line=translator.text("problem.code", code=code),
        can_retry=code not in _NEEDS_NEW_TOKEN and code != IN_USE,
        can_take_over=code == IN_USE,
    )
