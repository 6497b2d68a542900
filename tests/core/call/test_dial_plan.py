"""Which numbers the rules let a phone dial, in whatever spelling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.dial_plan import BY_HAND, NOT_ALLOWED, refusing_rule
from embed_app.core.call.dial_string import DialStringError, clean_number
from embed_app.core.link.call_rules import CallRules

DEFAULT = CallRules()
WIDE = replace(DEFAULT, dial_allow=("X!", "+X!", "*!", "#!"), open_codes=("*!", "#!"))
"""As wide as an operator can make it: only `dial_deny` is left."""


@pytest.mark.parametrize(
    "number",
    [
        "0912345678",
        "0312345678",
        "02438221234",
        "02038221234",
        "18001234",
        "1800123456",
        "113",
        "115",
        "101",
        "1002",
        "123456",
        "+84912345678",
        "0084912345678",
        "+842438221234",
        "84912345678",
        "842438221234",
    ],
)
@pytest.mark.parametrize("by_hand", [True, False])
def test_an_agent_in_vietnam_calls_whom_he_needs(number: str, by_hand: bool) -> None:
    assert refusing_rule(DEFAULT, number, by_hand=by_hand) is None


@pytest.mark.parametrize("code", ["*43", "*97", "*8", "**101", "*1234"])
def test_a_feature_code_wants_the_agents_own_hand(code: str) -> None:
    assert refusing_rule(DEFAULT, code, by_hand=True) is None
    assert refusing_rule(DEFAULT, code, by_hand=False) == BY_HAND
    assert refusing_rule(replace(DEFAULT, open_codes=("*!",)), code, by_hand=False) is None


ABROAD = ("8821699123", "6512345678", "12425551234", "19005551234", "9123456789")


@pytest.mark.parametrize("number", ABROAD)
@pytest.mark.parametrize(
    "spelling",
    ["+{}", "00{}", "000{}", "0000{}", "+00{}", "+0{}", "++{}", "00+{}", "+84+{}", "+8400{}", "0{}"],
)
@pytest.mark.parametrize(
    "before", ["", "*31#", "#31#", "*67", "*72", "*21*", "**21*", "*#", "*7", "*721", "#"]
)
def test_nobody_calls_abroad(number: str, spelling: str, before: str) -> None:
    dialled = before + spelling.format(number)
    for by_hand in (True, False):
        assert refusing_rule(DEFAULT, dialled, by_hand=by_hand) is not None, dialled


PREMIUM = ("19001234", "1900123456")
SPELLINGS = [
    "{}", "0{}", "00{}", "+{}", "+84{}", "0084{}", "84{}", "+840{}", "00840{}", "00084{}", "+0084{}",
    "++84{}",
    "0000000000000000{}", "+84000{}", "00+84{}", "+84+{}", "*31#{}", "#31#{}", "*67{}", "*7{}", "*721{}",
    "*31#+84{}", "*31#0084{}", "*21*{}#", "**21*{}#", "{}#", "{}*", "#{}", "*{}", "*#{}", "*31#0{}",
]  # fmt: skip


@pytest.mark.parametrize("number", PREMIUM)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("rules", [DEFAULT, WIDE], ids=["default", "wide"])
def test_a_premium_number_has_no_other_name(number: str, spelling: str, rules: CallRules) -> None:
    dialled = clean_number(spelling.format(number))
    assert refusing_rule(rules, dialled, by_hand=True) is not None, dialled


@pytest.mark.parametrize(
    "spelling", ["+{}", "00{}", "000{}", "++{}", "+00{}", "*31#+{}", "*31#00{}", "*6700{}"]
)
@pytest.mark.parametrize("pattern", ["+882!", "00882!", "_+882X.", "_00882X."])
def test_a_country_that_is_denied_has_no_other_name(spelling: str, pattern: str) -> None:
    rules = replace(WIDE, dial_deny=(pattern,))
    assert refusing_rule(rules, spelling.format("8821699123"), by_hand=True) == pattern
    assert refusing_rule(rules, "+6512345678", by_hand=True) is None
    for home in ("0912345678", "+84912345678", "1002", "18001234"):
        assert refusing_rule(rules, home, by_hand=True) is None, home


@pytest.mark.parametrize("pattern", ["0912345678", "+84912345678", "0084912345678"])
@pytest.mark.parametrize(
    "number",
    [
        "0912345678",
        "+84912345678",
        "0084912345678",
        "84912345678",
        "+840912345678",
        "000912345678",
        "*670912345678",
    ],
)
def test_a_number_that_is_denied_is_denied_in_every_spelling(pattern: str, number: str) -> None:
    assert refusing_rule(replace(WIDE, dial_deny=(pattern,)), number, by_hand=True) == pattern


def test_denying_all_abroad_leaves_the_own_country() -> None:
    rules = replace(WIDE, dial_deny=("00!", "+!"))
    for home in ("0912345678", "+84912345678", "0084912345678", "1002", "18001234"):
        assert refusing_rule(rules, home, by_hand=True) is None, home
    for abroad in ("+6512345678", "006512345678", "0006512345678"):
        assert refusing_rule(rules, abroad, by_hand=True) is not None, abroad


def test_a_national_pattern_opens_nothing_abroad() -> None:
    rules = replace(DEFAULT, dial_allow=("0X.", "X."))
    assert refusing_rule(rules, "006512345678", by_hand=True) == NOT_ALLOWED
    assert refusing_rule(rules, "+6512345678", by_hand=True) == NOT_ALLOWED
    opened = replace(rules, dial_allow=("0065XXXXXXXX",))
    assert refusing_rule(opened, "+6512345678", by_hand=False) is None
    assert refusing_rule(opened, "006512345678", by_hand=False) is None


def test_a_code_opens_no_number_that_is_not_allowed_for_itself() -> None:
    rules = replace(DEFAULT, dial_allow=(*DEFAULT.dial_allow, "*72X."), open_codes=("*72X.",))
    assert refusing_rule(rules, "*721002", by_hand=False) is None
    assert refusing_rule(rules, "*720912345678", by_hand=False) is None
    for target in ("006512345678", "+6512345678", "8821699123", "19001234", "0712345678901"):
        assert refusing_rule(rules, f"*72{target}", by_hand=True) is not None, target


@pytest.mark.parametrize(
    "text", ["٠٩١٢٣٤٥٦٧٨", "０９１２３４５６７８", "09123\u00b2", "१९००१२३४", "+8821699;ext=1", "0912@evil"]
)
def test_digits_of_other_scripts_are_no_digits(text: str) -> None:
    with pytest.raises(DialStringError):
        clean_number(text)


NUMBERS = st.text("0123456789+*#", min_size=1, max_size=32)


@given(NUMBERS, st.booleans())
def test_deny_wins_and_nothing_is_raised(number: str, by_hand: bool) -> None:
    assert refusing_rule(replace(WIDE, dial_deny=("!",)), number, by_hand=by_hand) == "!"
    refusing_rule(DEFAULT, number, by_hand=by_hand)


@given(NUMBERS)
def test_what_others_may_dial_the_agent_may_dial_as_well(number: str) -> None:
    if refusing_rule(DEFAULT, number, by_hand=False) is None:
        assert refusing_rule(DEFAULT, number, by_hand=True) is None


@given(
    st.sampled_from(
        ["", "+", "0", "00", "000", "+84", "0084", "84", "*31#", "#31#", "*67", "*7", "+0", "++"]
    ),
    st.text("0123456789", max_size=10),
)
def test_no_prefix_makes_a_premium_number_allowed(prefix: str, rest: str) -> None:
    """With the default rules, whatever ends in 1900 and more, and is no number of its own, is refused."""
    number = f"{prefix}1900{rest}"[:32]
    if refusing_rule(DEFAULT, number, by_hand=True) is None:
        assert len(number.lstrip("*#")) <= 6, number  # an extension, or a code alone


@pytest.mark.parametrize(
    "number",
    [
        "841900123456",
        "84190012345",
        "8400912345678",
        "84012345678",
        "84651234567",
        "8482345678",
        "84882169912",
    ],
)
def test_the_countrys_code_in_front_opens_nothing_else(number: str) -> None:
    """What trunks and databases write before a national number is no way to another one."""
    assert refusing_rule(replace(DEFAULT, dial_allow=("0[35]XXXXXXXX", "02XXXXXXXXX")), number, by_hand=True)
