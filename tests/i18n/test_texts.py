"""Vietnamese and English say the same things."""

from __future__ import annotations

import re
import string
import zipfile
from pathlib import Path

import pytest

from embed_app.core.call.values import Reason
from embed_app.i18n import translator
from embed_app.i18n.translator import LOCALES, Translator, load_texts

VI, EN = load_texts("vi"), load_texts("en")
CODES = frozenset(
    {
        "token_missing",
        "token_malformed",
        "token_expired",
        "token_rejected",
        "token_foreign",
        "token_mismatch",
        "invalid_parameter",
        "invalid_message",
        "unknown_command",
        "invalid_payload",
        "invalid_number",
        "number_not_allowed",
        "invalid_digits",
        "invalid_header",
        "invalid_state",
        "no_call",
        "call_in_progress",
        "not_registered",
        "registration_refused",
        "challenge_refused",
        "invalid_configuration",
        "in_use_elsewhere",
        "registration_failed",
        "network_unreachable",
        "server_unreachable",
        "rate_limited",
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
        "too_many_messages",
        "too_many_calls",
        "load_failed",
        "internal",
    }
)
VARIANTS = ("by_hand", "calls_per_minute", "calls_at_once")
"""Rules that refuse a number and have a text of their own."""
NAMED = re.compile(r'(?:problem|refuse|wait|ProtocolError|Problem)\((?:step, |code=)?"([a-z]+(?:_[a-z]+)+)"')
VIETNAMESE = re.compile(
    "[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_same_keys() -> None:
    assert set(VI) == set(EN)


@pytest.mark.parametrize("key", VI)
def test_same_placeholders_and_nothing_empty(key: str) -> None:
    assert placeholders(VI[key]) == placeholders(EN[key])
    assert VI[key].strip()
    assert EN[key].strip()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("rule", VARIANTS)
def test_a_rule_that_refuses_a_number_says_what_to_do(rule: str, locale: str) -> None:
    words = Translator(locale)
    text = words.error(f"number_not_allowed.{rule}")
    assert text not in (words.error("number_not_allowed"), words.error("internal"))
    assert 20 <= len(text) <= 140


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", sorted(CODES))
def test_every_error_code_has_a_title_and_a_cure(code: str, locale: str) -> None:
    words = Translator(locale)
    title, text = words.text(f"error.{code}.title"), words.error(code)
    assert title != f"error.{code}.title"
    assert len(title) <= 48
    assert 20 <= len(text) <= 140
    assert text.endswith(".")
    assert not placeholders(text)


def test_no_error_text_without_a_code() -> None:
    assert {key.split(".")[1] for key in VI if key.startswith("error.")} == CODES


def test_every_code_the_program_names_has_a_text() -> None:
    app = Path(translator.__file__).parents[1]
    sources = [file.read_text(encoding="utf-8") for file in app.rglob("*.py")]
    named = {code for source in sources for code in NAMED.findall(source)}
    assert len(named) > 8
    assert named <= CODES


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_text(reason: Reason) -> None:
    assert f"reason.{reason}" in VI


def test_the_two_languages_are_not_mixed_up() -> None:
    assert [key for key, text in EN.items() if VIETNAMESE.search(text)] == []
    plain = [key for key, text in VI.items() if not VIETNAMESE.search(text) and len(placeholders(text)) == 0]
    assert plain == ["action.answer", "action.done", "key.star"]


def test_unknown_things_never_raise() -> None:
    assert Translator("fr").locale == "vi"
    assert Translator("en").text("no.such.key") == "no.such.key"
    assert Translator("en").text("status.ready") == "Ready · Ext. {extension}"
    assert Translator("en").error("no_such_code") == EN["error.internal"]


def test_values_are_not_read_as_templates() -> None:
    assert (
        Translator("en").text("incoming.spoken", name="{0.__class__}") == "Incoming call from {0.__class__}"
    )


def test_texts_are_found_in_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame ships as a zip on sys.path."""
    import importlib
    import sys

    here = Path(translator.__file__).parent
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for file in here.iterdir():
            if file.suffix in (".py", ".json"):
                archive.write(file, f"zipped_i18n/{file.name}")
    monkeypatch.syspath_prepend(str(tmp_path / "app.zip"))
    zipped = importlib.import_module("zipped_i18n.translator")
    try:
        assert zipped.Translator("en").text("action.call") == "Call"
    finally:
        for name in [name for name in sys.modules if name.startswith("zipped_i18n")]:
            del sys.modules[name]
