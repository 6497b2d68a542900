"""The location service: who is registered, and over which socket (RFC 3261 section 10.3).

A binding lives no longer than the socket it came over: a page that was closed cannot unregister (its
answer to the digest challenge would come too late), and a call sent to it would ring nobody.
"""

import time
from collections.abc import Callable, Container
from dataclasses import dataclass

from server.pbx.sip.address import NameAddr, SipUri
from server.pbx.sip.flow import Flow
from server.pbx.sip.message import Request

DEFAULT_EXPIRES = 300
MAX_EXPIRES = 3600
"""Seconds."""


@dataclass
class Binding:
    """One phone of an extension."""

    uri: SipUri
    flow: Flow
    expires_at: float
    call_id: str
    cseq: int


class RegistrationError(Exception):
    """A REGISTER that cannot be served; `status` is the SIP answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Locations:
    """Bindings per extension, and the current socket of every phone, known by its Contact."""

    def __init__(self, reserved: Container[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        """`reserved`: hosts that are ours, so that no phone can claim to be reached there."""
        self._reserved = reserved
        self._clock = clock
        self._bindings: dict[str, dict[str, Binding]] = {}
        self._phones: dict[tuple[str, str], tuple[Flow, str]] = {}

    def register(self, user: str, request: Request, flow: Flow) -> list[str]:
        """Apply an authenticated REGISTER; returns the Contact values of all bindings left.

        Raises RegistrationError (400 malformed, 500 out of order) and then changes nothing.
        """
        bound = self._live(user)
        contacts = request.all("Contact")
        cseq = request.cseq[0]
        if contacts == ["*"]:
            if request.get("Expires").strip() != "0":
                raise RegistrationError(400)
            self._bindings.pop(user, None)
            return []
        wanted: list[tuple[str, SipUri, int]] = []
        for value in contacts:
            try:
                address = NameAddr.parse(value)
                uri = address.sip_uri
            except ValueError:
                raise RegistrationError(400) from None
            seconds = _seconds(address.params.get("expires") or request.get("Expires"))
            # A page keeps its instance over a reload but not its Contact: without the instance the
            # dead binding of the old page would ring on (RFC 5626 section 4.1).
            wanted.append((address.params.get("+sip.instance") or f"{uri.user}@{uri.host}", uri, seconds))
        for name, _, _ in wanted:
            old = bound.get(name)
            if old and old.call_id == request.call_id and old.cseq >= cseq:
                raise RegistrationError(500)
        for name, uri, seconds in wanted:
            if seconds == 0:
                bound.pop(name, None)
            else:
                bound[name] = Binding(uri, flow, self._clock() + seconds, request.call_id, cseq)
                self.moved(uri, flow, user)
        if bound:
            self._bindings[user] = bound
        else:
            self._bindings.pop(user, None)
        now = self._clock()
        return [f"<{b.uri.text}>;expires={max(1, round(b.expires_at - now))}" for b in bound.values()]

    def phones(self, user: str) -> list[Binding]:
        """The live bindings of an extension."""
        return list(self._live(user).values())

    def moved(self, contact: SipUri, flow: Flow, user: str) -> None:
        """This phone of `user` now talks over `flow`: its calls and bindings follow it there.

        The Contact is known to everybody it ever called, so nobody else may claim it while it lives.
        """
        _, owner = self._phones.get(contact.key, (flow, user))
        if owner != user or contact.host in self._reserved:
            return
        self._phones[contact.key] = (flow, user)
        for binding in self._bindings.get(user, {}).values():
            if binding.uri.key == contact.key:
                binding.flow = flow

    def owner(self, contact: SipUri) -> str | None:
        """The extension whose phone has this Contact, as it proved when it registered or called."""
        found = self._phones.get(contact.key)
        return found[1] if found else None

    def flow_of(self, contact: SipUri) -> Flow | None:
        """The current socket of the phone with this Contact."""
        found = self._phones.get(contact.key)
        return found[0] if found else None

    def lost(self, flow: Flow) -> None:
        """The socket closed: forget whatever was reached over it."""
        self._phones = {key: phone for key, phone in self._phones.items() if phone[0] is not flow}
        for user in list(self._bindings):
            left = {name: b for name, b in self._bindings[user].items() if b.flow is not flow}
            if left:
                self._bindings[user] = left
            else:
                del self._bindings[user]

    def counts(self) -> dict[str, int]:
        """Live bindings per extension."""
        return {user: len(live) for user in list(self._bindings) if (live := self._live(user))}

    def _live(self, user: str) -> dict[str, Binding]:
        now = self._clock()
        return {name: b for name, b in self._bindings.get(user, {}).items() if b.expires_at > now}


def _seconds(text: str) -> int:
    """Expires in seconds; a malformed one counts as absent (RFC 3261 section 20.19)."""
    text = text.strip()
    if not text.isascii() or not text.isdigit():
        return DEFAULT_EXPIRES
    return min(int(text[:10]), MAX_EXPIRES)
