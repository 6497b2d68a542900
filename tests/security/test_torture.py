"""The torture messages of RFC 4475, each by the name it has there, thrown at the real frame.

What each must be answered with is not judged here: a phone that is hurt by one is. It goes on answering its
parent, raises nothing, dials nobody, and afterwards takes a call as ever.
"""

from __future__ import annotations

import pytest

from tests.e2e.phone import Phone
from tests.security.fake_media import fake_offer
from tests.security.hostile_peer import HostilePeer

HEAD = (
    "INVITE {target} SIP/2.0\r\n"
    "Via: SIP/2.0/WS torture.invalid;branch=z9hG4bK.{name}\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:caller@localhost>;tag={name}\r\n"
    "To: <sip:1001@localhost>\r\n"
    "Call-ID: {name}@torture.invalid\r\n"
    "CSeq: 9 INVITE\r\n"
    "Contact: <sip:caller@torture.invalid;transport=ws>\r\n"
)
Changes = tuple[tuple[str, str], ...]
CSEQ, TO, FROM, VIA, CONTACT = "CSeq: 9 INVITE", "To: <sip:1001@localhost>", "From:", "Via:", "Contact:"

# Section 3.1.1: valid, and unusual. Section 3.1.2: invalid. 3.2 to 3.4: of the transaction and application.
VALID: dict[str, Changes] = {
    "wsinv": ((TO, "TO :\r\n <sip:1001@localhost>  ;   unknown = 1"), (FROM, "f  :"), (VIA, "v:")),
    "intmeth": (("INVITE {", "!interesting-Method0123456789_*+`.%indeed'~ {"), (CSEQ, "CSeq: 9 INVITE")),
    "esc01": ((TO, "To: <sip:%31001%40x@localhost>"), (CONTACT, "Contact: <sip:cal%6Cer%20@x.invalid>, ")),
    "escnull": ((TO, "To: <sip:null-%00-null@localhost>"), (CONTACT, "Contact: <sip:%00@x.invalid>, ")),
    "esc02": (("INVITE {", "RE%47IST%45R {"), (CSEQ, "CSeq: 9 RE%47IST%45R")),
    "lwsdisp": ((FROM, "From: caller<sip:caller@localhost>;tag=x\r\nX-Was:"),),
    "longreq": ((TO, 'To: "' + "I have a long name " * 200 + '" <sip:1001@localhost>'),),
    "semiuri": ((FROM, "From: <sip:user;par=u%40example.net@localhost>;tag=x\r\nX-Was:"),),
    "transports": ((VIA, "Via: SIP/2.0/UDP t1;branch=z9hG4bKa, SIP/2.0/UNKNOWN t5\r\nVia:"),),
    "unreason": ((CSEQ, CSEQ + '\r\nReason: Q.850;cause=16;text="2=3 %%\u0442\u0435\u0441\u0442"'),),
    "noreason": (("INVITE {target} SIP/2.0", "SIP/2.0 100 "),),
}
INVALID: dict[str, Changes] = {
    "badinv01": ((TO, "To: <sip:1001@localhost>;;,;,,"), (CONTACT, "Contact: \"\" <sip:>;;;;, ")),
    "clerr": ((CSEQ, CSEQ + "\r\nContent-Length: 9999"),),
    "ncl": ((CSEQ, CSEQ + "\r\nContent-Length: -999"),),
    "scalar02": (("9 INVITE", "36893488147419103232 INVITE"), ("70", "300")),
    "scalarlg": (("9 INVITE", "9292394834772304023312 INVITE"), ("INVITE {target} SIP/2.0", "SIP/2.0 503 x")),
    "quotbal": ((TO, 'To: "Mr. J. User <sip:j.user@localhost>'),),
    "ltgtruri": (("{target}", "<{target}>"),),
    "lwsruri": (("{target}", "{target}; lr"),),
    "lwsstart": (("INVITE {target} ", "INVITE  {target}  "),),
    "trws": (("SIP/2.0\r\nVia", "SIP/2.0  \r\nVia"),),
    "escruri": (("{target}", "sip:1001@localhost?Route=%3Csip:evil.example%3E"),),
    "baddate": ((CSEQ, CSEQ + "\r\nDate: Fri, 01 Jan 2010 16:00:00 EST"),),
    "regbadct": ((CONTACT, "Contact: sip:user@example.com?Route=%3Csip:evil.example%3E\r\nX-Was:"),),
    "badaspec": ((TO, 'To: "Watson, Thomas" < sip:t.watson@localhost >'),),
    "baddn": ((FROM, "From: Bell, Alexander <sip:a.g.bell@localhost>;tag=43\r\nX-Was:"),),
    "badvers": (("SIP/2.0\r\nVia: SIP/2.0", "SIP/7.0\r\nVia: SIP/7.0"),),
    "mismatch01": ((CSEQ, "CSeq: 9 OPTIONS"),),
    "mismatch02": (("INVITE {", "NEWMETHOD {"),),
    "bigcode": (("INVITE {target} SIP/2.0", "SIP/2.0 4294967301 better not break the receiver"),),
    "badbranch": (("z9hG4bK.{name}", "z9hG4bK"),),
    "insuf": ((VIA, "X-Was:"), (CSEQ, "X-Was: x"), ("Call-ID:", "X-Was:")),
    "unkscm": (("{target}", "nobodyKnowsThisScheme:totallyopaquecontent"),),
    "novelsc": (("{target}", "soap.beep://192.0.2.103:3002"),),
    "unksm2": ((TO, "To: <name:John_Smith>"), (FROM, "From: <isbn:2983792873>;tag=x\r\nX-Was:")),
    "bext01": ((CSEQ, CSEQ + "\r\nRequire: nothingSupportsThis, nothingSupportsThisEither"),),
    "invut": ((CSEQ, CSEQ + "\r\nContent-Type: application/unknownformat\r\nContent-Disposition: x"),),
    "regaut01": ((CSEQ, CSEQ + "\r\nAuthorization: NoOneKnowsThisScheme opaque-data=here"),),
    "multi01": ((CSEQ, CSEQ + "\r\nCSeq: 5 INVITE\r\nCall-ID: o\r\nFrom: <sip:b@x>;tag=b"),),
    "mcl01": ((CSEQ, CSEQ + "\r\nContent-Length: 13\r\nContent-Length: 5"),),
    "bcast": (("INVITE {target} SIP/2.0", "SIP/2.0 200 OK"), ("torture.invalid;b", "192.0.2.255;b")),
    "zeromf": (("Max-Forwards: 70", "Max-Forwards: 0"),),
    "cparam01": ((CONTACT, "Contact: sip:+19725552222@x.invalid;unknownparam\r\nX-Was:"),),
    "inv2543": (("z9hG4bK.{name}", "x"), (";tag={name}", ""), ("Max-Forwards: 70\r\n", "")),
    "noto": ((TO + "\r\n", ""),),
    "emptyvia": ((VIA, "Via: ;;,;,,\r\nVia:"),),
}  # fmt: skip
BODIES = {
    "sdp01": ("application/sdp", "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n"),
    "mpart01": ("multipart/mixed;boundary=b", "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n"),
    "noise": ("application/sdp", "\x00\ufffd" * 500),
    "huge": ("application/sdp", "a=x:" + "y" * 200_000),
}


def text_of(name: str, changes: Changes, target: str, content_type: str = "", body: str = "") -> str:
    head = HEAD
    for old, new in changes:
        assert old in head, (name, old)
        head = head.replace(old, new, 1)
    head = head.replace("{target}", target).replace("{name}", name)
    kind = content_type or "application/sdp"
    body = body or fake_offer()
    length = "" if "Content-Length" in head else f"Content-Length: {len(body.encode())}\r\n"
    return f"{head}Content-Type: {kind}\r\n{length}\r\n{body}"


def messages(target: str) -> dict[str, str]:
    texts = {name: text_of(name, changes, target) for name, changes in (VALID | INVALID).items()}
    texts |= {name: text_of(name, (), target, kind, body) for name, (kind, body) in BODIES.items()}
    whole = text_of("dblreq", (), target)
    return texts | {"dblreq": whole + whole, "lf": whole.replace("\r\n", "\n"), "cut": whole[:200]}


@pytest.mark.parametrize(
    "as_bytes", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["text", "bytes"]
)
def test_each_message_leaves_the_phone_whole(peer: HostilePeer, victim: Phone, as_bytes: bool) -> None:
    for name, text in messages(peer.target).items():
        peer.send(text.encode() if as_bytes else text)
        assert victim.ask("get_state")["ok"] is True, name
        victim.assert_unharmed()
    for call in victim.state()["calls"]:
        victim.ask("hangup", {"call_uuid": call["uuid"]})
    victim.rest()
    call = peer.invite("0987654321")
    victim.wait_event(
        "incoming_call", contact={"number": "0987654321", "display_name": None, "external_id": None}
    )
    victim.send("answer")
    call.wait_answered()
    assert call.bye().status == 200
    assert peer.invites() == []
