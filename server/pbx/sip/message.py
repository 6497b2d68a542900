"""SIP messages as text in, text out (RFC 3261 section 7, RFC 7118 for WebSocket framing).

Why not `sipmessage`, which would parse as well: it raises before any header is known, so a bad request
could only be dropped, never answered 400; it does not unfold headers; its quoted-string pattern runs
over `"A" <sip:a@x>, "B" <sip:b@x>`; and it writes `+sip.instance="<urn:...>"` back percent-encoded.
A proxy has to hand on what it was given. The tests use it as a second opinion on what is sent.
"""

import os
import re
from collections.abc import Iterable

from server.pbx.sip.address import NameAddr, SipUri, split_commas

MAX_MESSAGE = 65_536
"""Characters; a browser's offer with many codecs and candidates is below 10,000."""

PHRASES = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 183: "Session Progress",
    200: "OK", 202: "Accepted", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
    415: "Unsupported Media Type", 420: "Bad Extension", 423: "Interval Too Brief",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
    500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable",
    504: "Server Time-out", 600: "Busy Everywhere", 603: "Decline", 606: "Not Acceptable",
}  # fmt: skip

_COMPACT = {
    "a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
    "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
    "l": "Content-Length", "m": "Contact", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To",
    "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}  # fmt: skip

_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_CSEQ = re.compile(r"(\d{1,10})\s+(" + _TOKEN.pattern + ")")
_BRANCH = re.compile(r";\s*branch\s*=\s*([^;,\s]+)", re.IGNORECASE)
_LISTS = {"via", "route", "record-route", "contact"}

Headers = Iterable[tuple[str, str]]


def new_tag() -> str:
    """A To or From tag (RFC 3261 section 19.3)."""
    return os.urandom(6).hex()


def new_branch() -> str:
    """A Via branch with the magic cookie (RFC 3261 section 8.1.1.7)."""
    return "z9hG4bK" + os.urandom(9).hex()


class Malformed(ValueError):
    """Bytes that are no SIP message. `request` is set when enough was read to answer it with a 400."""

    def __init__(self, why: str, request: "Request | None" = None) -> None:
        super().__init__(why)
        self.request = request


class Message:
    """What requests and responses share: ordered headers (names compare without case) and a body."""

    def __init__(self, headers: Headers = (), body: str = "") -> None:
        self.headers = list(headers)
        self.body = body

    @property
    def start_line(self) -> str:
        """Request line or status line (RFC 3261 section 7), without CRLF."""
        raise NotImplementedError

    def get(self, name: str) -> str:
        """The first value of header `name`, "" when there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Every value of header `name`, the topmost first."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def set(self, name: str, value: str) -> None:
        """`name` has this value and no other; it stands last."""
        self.remove(name)
        self.headers.append((name, value))

    def remove(self, name: str) -> None:
        """No header `name` any more."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]

    def push(self, name: str, value: str) -> None:
        """Put a header on top of all others: Via and Record-Route are stacks."""
        self.headers.insert(0, (name, value))

    def pop(self, name: str) -> str:
        """Take the first `name` header away; "" when there is none."""
        for at, (key, value) in enumerate(self.headers):
            if key.lower() == name.lower():
                del self.headers[at]
                return value
        return ""

    def address(self, name: str) -> NameAddr:
        """Header `name` as an address. Raises ValueError when it is missing or is none."""
        return NameAddr.parse(self.get(name))

    @property
    def contact(self) -> SipUri | None:
        """The first Contact's URI; None when absent, `*`, or no SIP URI."""
        try:
            return self.address("Contact").sip_uri
        except ValueError:
            return None

    @property
    def call_id(self) -> str:
        """Value of Call-ID; "" when it is missing."""
        return self.get("Call-ID")

    @property
    def branch(self) -> str:
        """Parameter `branch` of the topmost Via; "" when there is none."""
        found = _BRANCH.search(self.get("Via"))
        return found[1] if found else ""

    @property
    def cseq(self) -> tuple[int, str]:
        """(number, method); (0, "") when it is missing or malformed."""
        found = _CSEQ.fullmatch(self.get("CSeq").strip())
        return (int(found[1]), found[2]) if found else (0, "")

    @property
    def to_tag(self) -> str:
        """Tag of To; "" outside a dialog. Raises ValueError when To is no address."""
        return self.address("To").params.get("tag", "")

    @property
    def from_tag(self) -> str:
        """Tag of From; "" when there is none. Raises ValueError when From is no address."""
        return self.address("From").params.get("tag", "")

    def __str__(self) -> str:
        lines = [self.start_line]
        lines += [f"{name}: {value}" for name, value in self.headers if name.lower() != "content-length"]
        lines += [f"Content-Length: {len(self.body.encode('utf-8', 'replace'))}", "", self.body]
        return "\r\n".join(lines)


class Request(Message):
    """A SIP request; `uri` is the Request-URI as text."""

    def __init__(self, method: str, uri: str, headers: Headers = (), body: str = "") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri

    @property
    def start_line(self) -> str:
        """`INVITE sip:1001@example.vn SIP/2.0`."""
        return f"{self.method} {self.uri} SIP/2.0"

    def copy(self) -> "Request":
        """A request of its own: changing its headers changes nothing here."""
        return Request(self.method, self.uri, self.headers, self.body)

    def reply(
        self, status: int, headers: Headers = (), body: str = "", *, phrase: str = "", tag: str = ""
    ) -> "Response":
        """The response to this request (RFC 3261 section 8.2.6).

        To gets `tag`, or a fresh one, when it has none and the response is not 100.
        """
        kept = {"via", "from", "to", "call-id", "cseq", "record-route"}
        answer = Response(
            status,
            phrase or PHRASES.get(status, "Unknown"),
            [pair for pair in self.headers if pair[0].lower() in kept],
            body,
        )
        if status > 100 and not self.to_tag:
            answer.set("To", f"{self.get('To')};tag={tag or new_tag()}")
        answer.headers += [*headers]
        return answer


class Response(Message):
    """A SIP response."""

    def __init__(self, status: int, phrase: str, headers: Headers = (), body: str = "") -> None:
        super().__init__(headers, body)
        self.status = status
        self.phrase = phrase

    @property
    def start_line(self) -> str:
        """`SIP/2.0 200 OK`."""
        return f"SIP/2.0 {self.status} {self.phrase}"


def parse(text: str) -> Request | Response:
    """One WebSocket message holds exactly one SIP message (RFC 7118 section 5).

    Raises Malformed; with `.request` where the sender can be told so.
    """
    if len(text) > MAX_MESSAGE:
        raise Malformed("too long")
    head, blank, body = text.lstrip("\r\n").partition("\r\n\r\n")
    first, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    headers: list[tuple[str, str]] = []
    problem = "" if blank else "no end of headers"
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not _TOKEN.fullmatch(name) or re.search(r"[\r\n\x00]", value):
            problem = "bad header line"
            continue
        name = _COMPACT.get(name.lower(), name)
        values = split_commas(value) if name.lower() in _LISTS else [value.strip()]
        headers += [(name, item) for item in values]
    if re.search(r"[\r\n\x00]", first):
        raise Malformed("bad start line")
    if first.startswith("SIP/2.0 "):
        return _response(first, headers, body, problem)
    return _request(first, headers, body, problem)


def _response(first: str, headers: list[tuple[str, str]], body: str, problem: str) -> Response:
    match = re.fullmatch(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?", first)
    if match is None or problem:
        raise Malformed(problem or "bad status line")
    response = Response(int(match[1]), match[2] or "", headers, body)
    if missing := _missing(response):
        raise Malformed(missing)
    return response


def _request(first: str, headers: list[tuple[str, str]], body: str, problem: str) -> Request:
    parts = first.split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not parts[1]:
        raise Malformed("bad request line")
    request = Request(parts[0], parts[1], headers, body)
    if missing := _missing(request):
        raise Malformed(missing)  # without these nobody can be answered
    if parts[2] != "SIP/2.0":
        problem = "unknown version"
    if request.cseq[1] != request.method:
        problem = "CSeq does not name the method"
    length = request.get("Content-Length")
    if length:
        octets = body.encode("utf-8", "replace")
        if not re.fullmatch(r"\d{1,6}", length.strip()) or int(length) > len(octets):
            problem = "Content-Length does not fit"
        else:
            request.body = octets[: int(length)].decode("utf-8", "replace")  # RFC 3261 section 18.3
    if problem:
        raise Malformed(problem, request)
    return request


def _missing(message: Message) -> str:
    """Section 8.1.1: what every message must carry for the transaction layer to find its way."""
    if not message.branch or not message.call_id or not message.cseq[1]:
        return "Via, Call-ID or CSeq missing"
    try:
        message.address("To")
        message.address("From")
    except ValueError:
        return "To or From missing"
    return ""
