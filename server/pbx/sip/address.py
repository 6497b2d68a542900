"""SIP addresses: URIs (RFC 3261 section 19.1) and name-addr header values (section 25.1).

Only what a registrar and proxy look at is taken apart; the text itself is kept, because a proxy has
to hand on what it did not understand (RFC 3261 section 16.6).
"""

import re
from dataclasses import dataclass

_URI = re.compile(
    r"(?P<scheme>sips?):"
    r"(?:(?P<user>[^@:;?\s<>\"]*)(?::[^@\s<>\"]*)?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>\d{1,5}))?"
    r"(?P<params>(?:;[^?\s<>\"]*)?)"
    r"(?:\?(?P<headers>[^\s<>\"]*))?",
    re.IGNORECASE,
)
_HEX = re.compile(r"%([0-9A-Fa-f]{2})")
_PARAM = re.compile(r'\s*;\s*([^=;\s]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*))?')
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')


def unescape(text: str) -> str:
    """Undo %HH escapes byte by byte; bytes that are no UTF-8 become U+FFFD."""
    if "%" not in text:
        return text
    raw = _HEX.sub(lambda m: chr(int(m[1], 16)), text.encode().decode("latin-1"))
    return raw.encode("latin-1").decode("utf-8", "replace")


@dataclass(frozen=True)
class SipUri:
    """A sip: or sips: URI. `user` is unescaped ("" when absent), `host` in lower case without port."""

    text: str
    user: str
    host: str
    headers: str = ""

    @classmethod
    def parse(cls, text: str) -> "SipUri":
        """Raises ValueError when `text` is no SIP URI (tel: and http: are none)."""
        match = _URI.fullmatch(text)
        if match is None:
            raise ValueError("not a SIP URI")
        return cls(text, unescape(match["user"] or ""), match["host"].lower(), match["headers"] or "")

    @property
    def key(self) -> tuple[str, str]:
        """What tells one phone's Contact from another's: (user, host)."""
        return self.user, self.host

    @property
    def bare(self) -> str:
        """The URI without the ?headers part, which may not stand in a Request-URI (section 19.1.1)."""
        return self.text.partition("?")[0]


@dataclass(frozen=True)
class NameAddr:
    """`"Display" <sip:user@host>;tag=x`: display name (unquoted), URI text and header parameters."""

    display: str
    uri: str
    params: dict[str, str]

    @classmethod
    def parse(cls, value: str) -> "NameAddr":
        """Raises ValueError for a value that is neither name-addr nor addr-spec."""
        quoted = _QUOTED.match(value)
        display, rest = (re.sub(r"\\(.)", r"\1", quoted[1]), value[quoted.end() :]) if quoted else ("", value)
        if "<" in rest:
            name, _, rest = rest.partition("<")
            uri, closing, tail = rest.partition(">")
            if not closing or (quoted and name.strip()):
                raise ValueError("unbalanced address")
            return cls(display or name.strip(), uri.strip(), parse_params(tail))
        if quoted:
            raise ValueError("a display name without an address")
        # In the bare form every ;parameter belongs to the header, not to the URI (section 20.10).
        uri, semicolon, tail = rest.strip().partition(";")
        if not uri:
            raise ValueError("empty address")
        return cls("", uri.strip(), parse_params(semicolon + tail))

    @property
    def sip_uri(self) -> SipUri:
        """Raises ValueError when the URI is no SIP URI."""
        return SipUri.parse(self.uri)


def parse_params(text: str) -> dict[str, str]:
    """`;a=1;b="x;y";lr` -> {"a": "1", "b": "x;y", "lr": ""}; names in lower case, quotes removed."""
    found = {}
    for match in _PARAM.finditer(text):
        value = match[2] or ""
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found[match[1].lower()] = value
    return found


def quote(text: str) -> str:
    """A quoted-string (RFC 3261 section 25.1). CR, LF and NUL cannot be said in one and are removed."""
    kept = text.translate({0: None, 10: None, 13: None})
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_commas(value: str) -> list[str]:
    """Split a header's comma separated values, commas in quotes and angle brackets aside."""
    parts, start, quoted, escaped, depth = [], 0, False, False, 0
    for at, char in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char == "<":
            depth += 1
        elif char == ">":
            depth -= 1
        elif char == "," and depth <= 0:
            parts.append(value[start:at].strip())
            start = at + 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]
