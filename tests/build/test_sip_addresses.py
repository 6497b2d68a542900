"""Addresses that SIP.js cannot read reach it in a form that it can (public/sip/addresses.js); in Node."""

import json
import subprocess
from typing import Any

import pytest

from tests.build.frame_site import ROOT

_READ = """
import { withReadableAddresses } from "./public/sip/addresses.js";
import { Parser } from "./node_modules/sip.js/lib/core/messages/parser.js";
const quiet = Object.fromEntries(["error", "warn", "log", "debug"].map((name) => [name, () => {}]));
const seen = JSON.parse(process.argv[1]).map((message) => {
  const text = withReadableAddresses(message);
  const read = Parser.parseMessage(text, quiet);
  return read ? {
    text, body: read.body, tag: read.fromTag, uri: String(read.from.uri), name: read.from.displayName ?? "",
    contact: String(read.parseHeader("contact")?.uri ?? ""),
  } : null;
});
console.log(JSON.stringify(seen));
"""


def invite(sender: str = "<sip:1@a>;tag=x", contact: str = "<sip:1@b;gr=2>", name: str = "From") -> str:
    lines = (
        "INVITE sip:x@1.invalid SIP/2.0",
        "Via: SIP/2.0/WS a;branch=z9hG4bK1",
        f"{name}: {sender}",
        "To: <sip:1001@b>",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        f"Contact: {contact}",
        "Content-Length: 18",
    )
    return "\r\n".join(lines) + "\r\n\r\nFrom: <tel:1> body"


def read(message: str) -> dict[str, Any] | None:
    command = ["node", "--input-type=module", "--eval", _READ, "--", json.dumps([message])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] | None = json.loads(done.stdout)[0]
    return found


@pytest.mark.parametrize(
    ("sender", "uri", "name"),
    [
        ("<tel:+84912345678>;tag=x", "sip:+84912345678@tel.invalid", ""),
        ('"An" <tel:+84-912-(345).678>;tag=x', "sip:+84912345678@tel.invalid", "An"),
        ("tel:0912;phone-context=+84;tag=x", "sip:0912@tel.invalid", ""),
        ("<TEL:0912;phone-context=a.vn>;tag=x;y=z", "sip:0912@tel.invalid", ""),
        ("Nguyễn Văn An <sip:1@a>;tag=x", "sip:1@a", "Nguyễn Văn An"),
        ("An, Nguyen <sip:1@a>;tag=x", "sip:1@a", "An, Nguyen"),
        ('"An "Bo" Nguyen" <sip:1@a>;tag=x', "sip:1@a", "An Bo Nguyen"),
        ("<sip:@a>;tag=x", "sip:a", ""),
        ("<sip:a#b@c>;tag=x", "sip:a%23b@c", ""),
        ("<sip:a%23#b@c>;tag=x", "sip:a%23%23b@c", ""),
        ("<sip:Bình@a>;tag=x", "sip:B%C3%ACnh@a", ""),
        ("<sip:+84 912@a>;tag=x", "sip:+84%20912@a", ""),
        ("<sip:1@a_b>;tag=x", "sip:1@unknown.invalid", ""),
        ("<urn:service:sos>;tag=x", "sip:anonymous@anonymous.invalid", ""),
        ("<sip:%@a>;tag=x", "sip:anonymous@anonymous.invalid", ""),
        ("<<<<;tag=x", "sip:anonymous@anonymous.invalid", ""),
    ],
)
def test_whoever_calls_can_be_read(sender: str, uri: str, name: str) -> None:
    seen = read(invite(sender))
    assert seen is not None
    assert (seen["uri"], seen["name"], seen["tag"]) == (uri, name, "x")
    assert seen["body"] == "From: <tel:1> body"


def test_the_short_form_of_a_header_too() -> None:
    seen = read(invite("<tel:+84912>;tag=x", name="f"))
    assert seen is not None
    assert seen["uri"] == "sip:+84912@tel.invalid"


@pytest.mark.parametrize(
    "sender",
    ['"Nguyễn" <sip:1@a;x=y>;tag=x;z="<"', "An <sips:+84912@a.vn:5061>;tag=x", "sip:1@a;tag=x"],
)
def test_what_can_be_read_is_not_touched(sender: str) -> None:
    message = invite(sender)
    seen = read(message)
    assert seen is not None
    assert seen["text"] == message


@pytest.mark.parametrize(
    ("contact", "uri"),
    [
        ('Bình <sip:a#b@c;gr=1>;+sip.instance="<urn:uuid:1>"', "sip:a%23b@c;gr=1"),
        ("<sip:1@b;alias=1~2>", "sip:1@b;alias=1~2"),
    ],
)
def test_a_contact_keeps_what_leads_to_it(contact: str, uri: str) -> None:
    seen = read(invite(contact=contact))
    assert seen is not None
    assert seen["contact"] == uri


def test_there_is_nobody_behind_a_contact_beyond_help() -> None:
    assert read(invite(contact="<http://b>")) is None
