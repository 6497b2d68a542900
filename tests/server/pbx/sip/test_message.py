"""Parsing and writing: nothing is lost, nothing raises but Malformed."""

import pytest
import sipmessage
from hypothesis import given
from hypothesis import strategies as st

from server.pbx.sip.address import SipUri
from server.pbx.sip.message import Malformed, Request, Response, parse

INVITE = (
    "INVITE sip:1002@pbx.test SIP/2.0\r\n"
    "v: SIP/2.0/WS a.invalid;branch=z9hG4bKa, SIP/2.0/WS b.invalid;branch=z9hG4bKb\r\n"
    'f: "Nguyễn, \\"An\\"" <sip:1001@pbx.test>;tag=x\r\n'
    "To:\r\n <sip:1002@pbx.test>\r\n"
    "i: one@a.invalid\r\n"
    "CSeq : 7   INVITE\r\n"
    'm: <sip:abc@a.invalid;transport=ws>;+sip.instance="<urn:uuid:1,2>"\r\n'
    "X-Zorio-Lead-Id: 9\r\n"
    "l: 4\r\n"
    "\r\n"
    "bodyrest"
)


def test_folded_compact_and_listed_headers_are_understood() -> None:
    invite = parse(INVITE)
    assert isinstance(invite, Request)
    assert invite.all("Via") == [
        "SIP/2.0/WS a.invalid;branch=z9hG4bKa",
        "SIP/2.0/WS b.invalid;branch=z9hG4bKb",
    ]
    assert invite.address("From").display == 'Nguyễn, "An"'
    assert invite.from_tag == "x"
    assert invite.address("To").uri == "sip:1002@pbx.test"
    assert invite.cseq == (7, "INVITE")
    assert invite.contact == SipUri.parse("sip:abc@a.invalid;transport=ws")
    assert invite.address("Contact").params["+sip.instance"] == "<urn:uuid:1,2>"
    assert invite.get("x-zorio-lead-id") == "9"
    assert invite.body == "body", "Content-Length cuts the rest off (RFC 3261 section 18.3)"


def test_what_is_written_is_read_alike_by_another_parser() -> None:
    invite = parse(INVITE)
    other = sipmessage.Message.parse(str(invite).encode())
    assert isinstance(other, sipmessage.Request)
    assert other.from_address.name == 'Nguyễn, "An"'
    assert [via.parameters["branch"] for via in other.via] == ["z9hG4bKa", "z9hG4bKb"]
    assert other.content_length == 4
    assert other.body == b"body"


def test_a_reply_keeps_what_the_sender_needs_and_gets_a_tag() -> None:
    invite = parse(INVITE)
    assert isinstance(invite, Request)
    reply = invite.reply(486, tag="mine")
    assert reply.start_line == "SIP/2.0 486 Busy Here"
    assert reply.all("Via") == invite.all("Via")
    assert reply.to_tag == "mine"
    assert reply.get("X-Zorio-Lead-Id") == ""
    assert invite.reply(100).to_tag == ""


@pytest.mark.parametrize(
    ("change", "answerable"),
    [
        (("SIP/2.0\r\nv:", "SIP/7.0\r\nv:"), True),
        (("7   INVITE", "7 BYE"), True),
        (("l: 4", "l: 5000"), True),
        (("l: 4", "l: -1"), True),
        (("X-Zorio-Lead-Id: 9", "X-Zorio-Lead-Id 9"), True),
        (("X-Zorio-Lead-Id: 9", "X Zorio: 9"), True),
        (("7   INVITE", "99999999999 INVITE"), False),
        (("INVITE sip:1002@pbx.test", "INVITE  sip:1002@pbx.test"), False),
        (("i: one@a.invalid\r\n", ""), False),
        (("To:\r\n <sip:1002@pbx.test>", "To: <sip:1002@pbx.test"), False),
        (("branch=z9hG4bKa", "received=1"), False),
        (("INVITE sip:1002@pbx.test SIP/2.0\r\n", "\x00\r\n"), False),
    ],
)
def test_what_is_malformed_says_whether_it_can_be_answered(change: tuple[str, str], answerable: bool) -> None:
    text = INVITE.replace(*change)
    assert text != INVITE
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert (caught.value.request is not None) == answerable


@pytest.mark.parametrize(
    "text",
    ["SIP/2.0 99 Low\r\n\r\n", "SIP/2.0 abc\r\n\r\n", "SIP/2.0 200 OK\r\nVia: x\r\n\r\n", "", "\r\n" * 9],
)
def test_bad_responses_are_malformed(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert caught.value.request is None


def test_a_message_without_end_is_too_long() -> None:
    with pytest.raises(Malformed, match="too long"):
        parse(INVITE + "x" * 70_000)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_parses_or_is_malformed(text: str) -> None:
    for candidate in (text, INVITE + text, INVITE.replace("one@a.invalid", text), text + INVITE):
        try:
            message = parse(candidate)
        except Malformed:
            continue
        assert isinstance(message, Request | Response)
        assert parse(str(message)).headers is not None
