"""What a hostile PBX or caller may do next, drawn by chance.

Nothing here is expected to be answered in a certain way. test_random_peer.py says what must hold whatever
was done.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from server.pbx.sip.message import new_branch
from tests.security.dialog import SDP, Dialog
from tests.security.fake_media import fake_offer
from tests.security.hostile_peer import Answers, Handler, HostilePeer, challenging, refusing

NASTY = (
    "",
    "\x00",
    "%00",
    "\u202e\u2066",
    "'\"<>&;--",
    "<script>alert(1)</script>",
    "*",
    "-1",
    "4294967296",
    "9" * 400,
    "a" * 70_000,
    "sip:",
    "sip:+8821699@evil.example",
    "<sip:+8821699@169.254.169.254;transport=udp?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>",
    "tel:+8821699",
    "\r\n Folded: yes",
    'Digest realm="evil", nonce="x", algorithm=MD5',
    "🂡" * 50,
)
HEADERS = (
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "Max-Forwards",
    "Content-Length",
    "Content-Type",
    "Record-Route",
    "Route",
    "Replaces",
    "Refer-To",
    "Referred-By",
    "Require",
    "Supported",
    "Expires",
    "Min-Expires",
    "Retry-After",
    "Reason",
    "Alert-Info",
    "Call-Info",
    "P-Asserted-Identity",
    "Session-Expires",
    "RSeq",
    "RAck",
    "Event",
    "Subscription-State",
    "X-Zorio-Contact-Id",
    "WWW-Authenticate",
    "Proxy-Authenticate",
)
METHODS = ("INFO", "NOTIFY", "OPTIONS", "MESSAGE", "UPDATE", "PRACK", "SUBSCRIBE", "PUBLISH", "REFER", "ODD")
DIGIT = "Signal=5\r\nDuration=160\r\n"
STATUSES = (302, 400, 403, 404, 408, 420, 480, 481, 486, 491, 500, 503, 603, 699)
PREMIUM = "+8821699"


class RandomPeer:
    """`act` does one thing. `dialogs` are the calls it has begun or taken in this round."""

    def __init__(self, peer: HostilePeer, chance: random.Random) -> None:
        self.peer = peer
        self.chance = chance
        self.dialogs: list[Dialog] = []
        self.diary: list[str] = []
        self._acts: tuple[Callable[[], None], ...] = (
            self._raw,
            self._mutated,
            self._mutated,
            self._another_call,
            self._in_dialog,
            self._in_dialog,
            self._refer,
            self._refer,
            self._offer,
            self._many,
            self._answer_otherwise,
            self._answers_of_nobody,
        )

    def act(self) -> None:
        """One thing, whatever the phone thinks of it."""
        act = self.chance.choice(self._acts)
        self.diary.append(act.__name__)
        with suppress(KeyError, IndexError):  # nobody is registered, nobody is called
            act()

    def usual(self) -> None:
        """Answer again as a PBX does."""
        self.dialogs.clear()
        self.peer.reset()

    # ---- what it does

    def _raw(self) -> None:
        text = self.chance.choice(NASTY)
        kind = self.chance.choice(("text", "bytes", "noise", "start"))
        if kind == "noise":
            self.peer.send(self.chance.randbytes(self.chance.randrange(1, 3000)))
        elif kind == "bytes":
            self.peer.send(text.encode())
        else:
            start = self.chance.choice(("INVITE sip:x SIP/2.0", "SIP/2.0 200 OK", "SIP/2.0 999 ", "BYE"))
            self.peer.send(f"{start if kind == 'start' else ''}\r\n{text}\r\n\r\n{text}")

    def _mutated(self) -> None:
        """Something that was said before, changed in a few places."""
        said = [each.text for each in self.peer.said if each.way == "down" and "SIP/2.0" in each.text]
        text = self.chance.choice(said)
        for _ in range(self.chance.randrange(1, 4)):
            text = self._changed(text)
        self.peer.send(text)

    def _changed(self, text: str) -> str:
        head, _, body = text.partition("\r\n\r\n")
        lines = head.split("\r\n")
        at = self.chance.randrange(len(lines))
        match self.chance.randrange(9):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at] = f"{lines[at].partition(':')[0]}: {self.chance.choice(NASTY)}"
            case 3:
                lines.append(f"{self.chance.choice(HEADERS)}: {self.chance.choice(NASTY)}")
            case 4:
                body = self.chance.choice(NASTY) + body
            case 5:
                cut = self.chance.randrange(len(text) + 1)
                return text[:cut]
            case 6:
                lines[0] = lines[0].replace(
                    lines[0].split(" ")[0], self.chance.choice((*METHODS, "SIP/2.0")), 1
                )
            case 7:
                self.chance.shuffle(lines)
            case _:
                where = self.chance.randrange(len(text) or 1)
                return text[:where] + chr(self.chance.randrange(1, 0x2FF)) + text[where + 1 :]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def _another_call(self) -> None:
        dialog = Dialog.dial(self.peer, self.chance.choice(("1002", "0912345678", PREMIUM)), self._nasty())
        dialog.send_invite(self.chance.choice((None, "", "v=0\r\n", fake_offer())), self._odd_headers())
        self.dialogs.append(dialog)

    def _in_dialog(self) -> None:
        dialog = self.chance.choice(self.dialogs)
        method = self.chance.choice(
            (*METHODS, "CANCEL", "ACK", "BYE" if self.chance.random() < 0.1 else "INFO")
        )
        body = self.chance.choice(("", self._nasty(), DIGIT))
        dialog.request(method, [("Content-Type", "application/dtmf-relay"), *self._odd_headers()], body)

    def _refer(self) -> None:
        target = self.chance.choice(
            (
                f"sip:{PREMIUM}@{self.peer.domain}",
                f"sip:{PREMIUM}@evil.example",
                "sips:1002@169.254.169.254",
                f"sip:1002@{self.peer.domain}?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc",
                f"sip:1002@{self.peer.domain};method=BYE?X-Evil=1%0d%0aEvil:1",
                f"tel:{PREMIUM}",
                self._nasty(),
            )
        )
        self.chance.choice(self.dialogs).request("REFER", [("Refer-To", f'"1002" <{target}>')])

    def _offer(self) -> None:
        """A new offer for a call: ours, another direction, or one that nobody can use."""
        offer = fake_offer(version=self.chance.randrange(2, 99))
        direction = self.chance.choice(("sendrecv", "sendonly", "recvonly", "inactive"))
        changed = self.chance.choice((offer.replace("sendrecv", direction), "", "v=0\r\n", self._nasty()))
        self.chance.choice(self.dialogs).request("INVITE", [SDP], changed)

    def _many(self) -> None:
        """A burst of one kind."""
        dialog = self.chance.choice(self.dialogs)
        for _ in range(self.chance.randrange(5, 60)):
            dialog.request(
                "INFO", [("Content-Type", "application/dtmf-relay")], "Signal=5\r\nDuration=160\r\n"
            )

    def _answer_otherwise(self) -> None:
        """From now on a method is answered in another way."""
        realm = self.chance.choice(("evil", "localhost", self._nasty()[:200]))
        realm = "".join(
            character for character in realm if character.isprintable() and character not in '"\\'
        )
        algorithm = self.chance.choice(("MD5", "SHA-256", "SHA-512-256", "MD5-sess", "ROT13"))
        challenge = f'Digest realm="{realm}", nonce="n{self.chance.random()}", algorithm={algorithm}'
        how: tuple[Handler, ...] = (
            refusing(self.chance.choice(STATUSES)),
            refusing(503, ("Retry-After", self.chance.choice(("0", "1", "99999999", "-1", "x")))),
            challenging(401, challenge),
            challenging(407, challenge, challenge),
            lambda peer, request: None,
            self._mutated_answer,
        )
        method = self.chance.choice(("INVITE", "BYE", "INFO", "REFER", "CANCEL", "REGISTER"))
        self.peer.on[method] = self.chance.choice(how)

    def _mutated_answer(self, peer: HostilePeer, request: object) -> Answers:
        reply = getattr(request, "reply", None)
        return self._changed(str(reply(self.chance.choice((180, 183, 200, 202, 486))))) if reply else None

    def _answers_of_nobody(self) -> None:
        """Responses to what the phone has asked before, or to nothing, with other tags and branches."""
        asked = [each for each in self.peer.requests() if each.method != "ACK"]
        request = self.chance.choice(asked)
        for number in range(self.chance.randrange(1, 30)):
            status = self.chance.choice((100, 180, 183, 199, 200, 202, 302, 407, 486, 500))
            answer = str(request.reply(status, [("Contact", "<sip:x@evil.example>")], tag=f"fork{number}"))
            if self.chance.random() < 0.3:
                answer = answer.replace(request.branch or "-", new_branch())
            self.peer.send(answer)

    def _nasty(self) -> str:
        return self.chance.choice(NASTY)

    def _odd_headers(self) -> list[tuple[str, str]]:
        """Values that stay one line: whole lines are mutated elsewhere."""
        count = self.chance.randrange(3)
        return [(self.chance.choice(HEADERS), self._nasty().replace("\r\n", "")) for _ in range(count)]
