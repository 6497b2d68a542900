"""Whatever somebody calls themselves: the core, the events and the view bear it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict

import pytest

from embed_app.core.call.messages import AnswerRequested, CallAccepted, DialRequested
from embed_app.core.text import clean_name
from embed_app.i18n.translator import LOCALES, Translator
from embed_app.protocol import commands as cmd
from embed_app.protocol import events as ev
from embed_app.protocol.envelope import ProtocolError, seal
from embed_app.protocol.from_parent import to_message
from embed_app.protocol.to_parent import state_payload
from embed_app.ui.presenter import present
from embed_app.ui.projection import project
from tests.core.driver import CALL, Driver, bye, invite, registered
from tests.naughty import NAUGHTY, OF_OURS

MANY = pytest.mark.parametrize("name", NAUGHTY, ids=lambda name: ascii(name)[:24])
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def life(name: str) -> Driver:
    """A call from somebody of that name and number, from its INVITE to the answer."""
    driver = registered()
    driver.send(invite(display_name=name, number=name))
    driver.send(AnswerRequested(call_uuid=CALL))
    driver.send(CallAccepted(call_uuid=CALL))
    return driver


def test_the_list_is_whole() -> None:
    assert len(NAUGHTY) > 450
    assert any("<script>" in name for name in NAUGHTY)


@MANY
def test_the_events_are_told_and_survive_json(name: str) -> None:
    driver = life(name)
    driver.send(bye())
    assert driver.types() == ["incoming_call", "call_ringing", "call_answered", "call_hangup"]
    for event in driver.events:
        message = seal(event.type, ev.payload_of(event))
        wire = json.dumps(message, ensure_ascii=False).encode()  # raises where half a character is left
        assert json.loads(wire) == message
    (told,) = driver.told(ev.IncomingCall)
    assert told.call.display_name == clean_name(name)
    assert told.contact.display_name == (clean_name(name) or None)


@MANY
def test_the_whole_state_and_the_screen_survive_json(name: str) -> None:
    phone = life(name).phone
    json.dumps(state_payload(phone), ensure_ascii=False).encode()
    for locale in LOCALES:
        shown = project(present(phone, Translator(locale)))
        json.dumps(asdict(shown), ensure_ascii=False).encode()
        name_shown = str(shown.elements["call-name"]["text"])
        assert name_shown == (clean_name(name) or str(shown.elements["call-number"]["text"]) or name_shown)
        assert name_shown in str(shown.elements["live"]["text"])


@MANY
def test_a_name_can_be_seen_or_there_is_none(name: str) -> None:
    cleaned = clean_name(name)
    assert not BIDI & set(cleaned)
    assert not [char for char in cleaned if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert cleaned == "" or any(unicodedata.category(char)[0] in "LNPS" for char in cleaned)


@pytest.mark.parametrize(
    "name", ["\u200b", "\u3164", "\u115f\u1160", "\u00ad\u2060", "\ufeff", "\uffa0 \u2800"]
)
def test_a_name_of_nothing_visible_is_no_name(name: str) -> None:
    """The screen would show an empty line for a heading, and read nothing aloud."""
    assert clean_name(name) == ""


@pytest.mark.parametrize("name", ["\u3164An", "A\u200bn", "👩\u200d👧", "क्\u200dष"])
def test_what_joins_and_parts_letters_stays(name: str) -> None:
    assert clean_name(name) == name


@MANY
def test_a_parents_context_reaches_sip_as_printable_ascii_or_not_at_all(name: str) -> None:
    """Names have no place in the commands of the contract; ids and header values have."""
    for options in (
        cmd.CallOptions(campaignId=name),
        cmd.CallOptions(leadId=name),
        cmd.CallOptions(headers={"Note": name}),
        cmd.CallOptions(headers={name: "1"}),
    ):
        code = ""
        headers: tuple[tuple[str, str], ...] = ()
        try:
            message = to_message(cmd.PlaceCall("1002", options), lambda: CALL)
        except ProtocolError as error:
            code = error.code
        else:
            assert isinstance(message, DialRequested)
            headers = message.headers
        assert code == "invalid_header" or headers
        assert all(" " <= char <= "~" for header in headers for char in "".join(header))


@MANY
def test_a_parents_number_is_dialled_as_digits_or_refused(name: str) -> None:
    driver = registered()
    driver.send(DialRequested(call_uuid=CALL, number=name))
    if driver.errors():
        assert driver.errors() == ["invalid_number"]
        assert driver.phone.calls == ()
    else:
        assert set(driver.call.number) <= set("+0123456789*#")


def test_a_number_of_markup_is_text() -> None:
    assert life(OF_OURS["markup"]).call.number == clean_name(OF_OURS["markup"])[:64].rstrip()
