"""The forking proxy (RFC 3261 section 16), which hands REGISTER to the location service.

Everything here runs to its end without waiting, so there is no moment in which two messages could
see the state half changed. Requests inside a dialog go to the *current* socket of the phone named by
their Request-URI, which is the Contact it gave: a call survives a phone's reconnect.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from weakref import WeakKeyDictionary

from server.pbx.proxy.digest import Digest, PbxUser
from server.pbx.proxy.forking import Forks
from server.pbx.proxy.location import Locations, RegistrationError
from server.pbx.proxy.trust import strip_challenge, strip_claims, strip_own_headers, strip_records
from server.pbx.sip.address import SipUri
from server.pbx.sip.flow import Flow
from server.pbx.sip.message import Request, Response, new_branch

KNOWN_CALLS = 10_000
_ALLOW = "INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, INFO, REFER, NOTIFY, MESSAGE, SUBSCRIBE, UPDATE"
_ASSERTED = "P-Asserted-Identity"
_DIALOG_MAKERS = {"INVITE", "SUBSCRIBE", "REFER"}

_NOBODY_THERE = _BETWEEN_SOCKETS = 480
PARKED_FOR = 30.0
"""Seconds; the sender of a BYE waits for 32 (RFC 3261 section 17.1.2.2, timer F)."""

Target = tuple[Flow, str]
"""A flow and the Request-URI to send there."""

OnMissed = Callable[[str, str, str, str], None]
"""(extension, the caller's number and name, Call-ID) of a call that no phone of the extension knows of."""


@dataclass(frozen=True)
class _Parked:
    flow: Flow
    request: Request
    timer: asyncio.TimerHandle


class Proxy:
    """`receive` every message, `lost` every flow that ends. Neither raises for bad input."""

    def __init__(
        self,
        domain: str,
        host: str,
        users: Mapping[str, PbxUser],
        digest: Digest,
        locations: Locations,
        *,
        service: Callable[[str], Flow | None],
        services_flow: Flow | None,
        no_answer_after: float,
        groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
        trusted: Container[str] = (),
    ) -> None:
        """`domain`: whose users are ours; `host`: this proxy in Via and Record-Route.

        `service(user)`: the flow of a service extension. `no_answer_after`: seconds a call may ring.
        `groups`: number -> the extensions that ring for it. `trusted`: extensions whose `X-Zorio-` headers
        are passed on, as a queue or a gateway is.
        """
        self.domain = domain.lower()
        self.host = host
        self._users = users
        self._digest = digest
        self._locations = locations
        self._service = service
        self._services_flow = services_flow
        self._forks = Forks(host, locations, no_answer_after, self._missed)
        self.on_missed: OnMissed = lambda extension, number, name, call_id: None
        self._groups = groups
        self._trusted = trusted
        self._proved: WeakKeyDictionary[Flow, set[str]] = WeakKeyDictionary()
        """Who has shown good credentials on this flow."""
        self._calls: OrderedDict[str, None] = OrderedDict()
        self._parked: list[_Parked] = []

    def receive(self, flow: Flow, message: Request | Response) -> None:
        """A message that came over `flow`. A request is answered or forwarded, a response handed on."""
        if isinstance(message, Response):
            self._response(flow, message)
        elif message.method == "CANCEL":
            self._forks.cancelled(flow, message)
        elif message.method == "ACK" and self._forks.acknowledged(message):
            return
        elif not self._forks.is_known(message):
            self._request(flow, message)

    def lost(self, flow: Flow) -> None:
        """The flow is gone, and with it the phones behind it."""
        self._locations.lost(flow)
        self._forks.lost(flow)

    def close(self) -> None:
        """Stop every timer."""
        for parked in self._parked:
            parked.timer.cancel()
        self._parked.clear()
        self._forks.close()

    def _response(self, flow: Flow, response: Response) -> None:
        if not flow.trusted:
            strip_challenge(response)
            strip_own_headers(response)
            self._assert_identity(flow, response)
        transaction = self._forks.answered(response)
        if transaction is None or response.contact is None or flow.trusted:
            return
        try:
            user = response.address("To").sip_uri.user
        except ValueError:
            return
        if user in self._proved.get(flow, ()):
            self._locations.moved(response.contact, flow, user)

    def _assert_identity(self, flow: Flow, message: Request | Response) -> None:
        """Say who sends this (RFC 3325), as proved on this flow; no phone may say it. Who answers need not be
        the number that was called: the caller may let that extension, and no other, take the call over."""
        strip_claims(message)
        if isinstance(message, Response) and (message.status // 100 != 2 or message.cseq[1] != "INVITE"):
            return
        owner = self._locations.owner(message.contact) if message.contact else None
        if owner is not None and owner in self._proved.get(flow, ()):
            message.set(_ASSERTED, f"<sip:{owner}@{self.domain}>")

    def _request(self, flow: Flow, request: Request) -> None:
        refusal = self._refusal(flow, request)
        if refusal is None and not flow.trusted:
            self._assert_identity(flow, request)
            if request.method == "INVITE" and not request.to_tag:
                # Digest has proved who calls, wherever the answer is to go.
                request.set(_ASSERTED, f"<sip:{request.address('From').sip_uri.user}@{self.domain}>")
            if not self._may_name_records(flow, request):
                is_call = request.method == "INVITE" and not request.to_tag
                (strip_records if is_call else strip_own_headers)(request)
        if refusal is None and request.method == "REGISTER":
            refusal = self._register(flow, request)
        if refusal is None:
            refusal = self._forward(flow, request)
        if refusal is not None and request.method != "ACK":
            flow.send(refusal)
            if request.method == "REGISTER" and refusal.status == 200:
                self._ring_with_the_others(flow, request.address("To").sip_uri.user)
        self._deliver_parked()

    def _may_name_records(self, flow: Flow, request: Request) -> bool:
        """Whether its `X-Zorio-` headers go on: to the PBX's own services, or from a queue or gateway. What a
        phone says there for the PBX must not reach another phone as the PBX's word."""
        if any(user in self._trusted for user in self._proved.get(flow, ())):
            return True
        try:
            uri = SipUri.parse(request.uri)
        except ValueError:
            return False
        return uri.host == self.domain and self._service(uri.user) is not None

    def _refusal(self, flow: Flow, request: Request) -> Response | None:
        """The answer when this request goes no further, and what the sender proved by it."""
        hops = request.get("Max-Forwards").strip() or "70"
        if not hops.isascii() or not hops.isdigit() or len(hops) > 3:
            return request.reply(400, phrase="Bad Max-Forwards")
        if any(f" {self.host};" in value for value in request.all("Via")):
            return request.reply(482)
        if request.method == "OPTIONS" and not request.to_tag:
            return request.reply(200, [("Allow", _ALLOW), ("Accept", "application/sdp")])
        if int(hops) == 0:
            return request.reply(483)
        if required := request.get("Proxy-Require"):
            return request.reply(420, [("Unsupported", required)])
        if flow.trusted:
            return None
        try:
            sender = request.address("To" if request.method == "REGISTER" else "From").sip_uri
        except ValueError:
            return request.reply(400, phrase="Bad From")
        # A call whose beginning we authenticated needs no digest any more over a flow that has proved who it
        # is. One that began before this process did needs a flow on which this user has: phones answer no
        # challenge in a call.
        known = request.to_tag and request.call_id in self._calls
        proved = sender.user in self._proved.get(flow, ())
        if not known or not (self._proved.get(flow) or request.method == "ACK"):
            if request.method == "ACK":
                return request.reply(481)
            if not (request.to_tag and proved) and (refusal := self._digest.refusal(request, sender.user)):
                return refusal
            if sender.host != self.domain or request.address("From").sip_uri.user != sender.user:
                return request.reply(403)
            self._proved.setdefault(flow, set()).add(sender.user)
        proved = sender.user in self._proved.get(flow, ())
        if request.contact and request.method != "REGISTER" and proved:
            self._locations.moved(request.contact, flow, sender.user)
        return None

    def _register(self, flow: Flow, request: Request) -> Response:
        user = request.address("To").sip_uri.user
        try:
            contacts = self._locations.register(user, request, flow)
        except RegistrationError as error:
            return request.reply(error.status)
        return request.reply(200, [("Contact", contact) for contact in contacts])

    def _ring_with_the_others(self, flow: Flow, user: str) -> None:
        """A phone that just came, or came back, is offered the calls that ring its extension."""
        numbers = [user, *(number for number, members in self._groups.items() if user in members)]
        for phone in self._locations.phones(user):
            if phone.flow is flow:
                for number in numbers:
                    self._forks.offer(number, flow, phone.uri.bare, self._copy)

    def _forward(self, flow: Flow, request: Request) -> Response | None:
        while (route := request.get("Route")) and self._is_ours(route):
            request.pop("Route")
        targets = self._targets(request)
        if targets == _BETWEEN_SOCKETS and request.method == "BYE" and request.to_tag:
            self._park(flow, request)
            return None
        if isinstance(targets, int):
            if targets == _NOBODY_THERE and (extension := self._extension_rung(request)):
                self._missed(request, extension)
            return request.reply(targets)
        self._remember(request.call_id)
        copies = [(target, self._copy(request, uri)) for target, uri in targets]
        self._forks.start(flow, request, copies, self._extension_rung(request))
        return None

    def _missed(self, invite: Request, number: str) -> None:
        caller = invite.address("From")
        for extension in self._groups.get(number, (number,)):
            self.on_missed(extension, caller.sip_uri.user, caller.display, invite.call_id)

    def _park(self, flow: Flow, request: Request) -> None:
        """A BYE that nobody gets would leave a phone alone in its call: it waits for the next socket, for as
        long as its sender waits for the answer."""

        def give_up() -> None:
            self._parked.remove(parked)
            flow.send(request.reply(_BETWEEN_SOCKETS))

        timer = asyncio.get_running_loop().call_later(PARKED_FOR, give_up)
        parked = _Parked(flow, request, timer)
        self._parked.append(parked)

    def _deliver_parked(self) -> None:
        """Somebody has come back, perhaps the one."""
        for parked in [p for p in self._parked if not isinstance(self._targets(p.request), int)]:
            parked.timer.cancel()
            self._parked.remove(parked)
            self._forward(parked.flow, parked.request)

    def _copy(self, request: Request, uri: str) -> Request:
        """The request as it leaves for one target (section 16.6)."""
        copy = request.copy()
        copy.uri = uri
        copy.set("Max-Forwards", str(int(request.get("Max-Forwards").strip() or "70") - 1))
        copy.remove("Proxy-Authorization")
        copy.remove("Authorization")
        if request.method in _DIALOG_MAKERS and not request.to_tag:
            copy.push("Record-Route", f"<sip:{self.host};transport=ws;lr>")
        copy.push("Via", f"SIP/2.0/WS {self.host};branch={new_branch()}")
        return copy

    def _targets(self, request: Request) -> list[Target] | int:
        """Where the request goes, or the status that says why nowhere."""
        try:
            uri = SipUri.parse(request.uri)
        except ValueError:
            return 404 if ":" in request.uri else 400
        if uri.host == self.host and self._services_flow is not None:
            return [(self._services_flow, uri.bare)]
        if flow := self._locations.flow_of(uri):
            return [(flow, uri.bare)]
        if uri.host != self.domain:
            # A phone between two sockets: the call is alive, so no 481, which would end it.
            return _BETWEEN_SOCKETS if request.to_tag else 404
        if service := self._service(uri.user):
            return [(service, uri.bare)]
        members = self._groups.get(uri.user, (uri.user,))
        phones = [phone for member in members for phone in self._locations.phones(member)]
        if not phones:
            return _NOBODY_THERE if members[0] in self._users else 404
        return [(phone.flow, phone.uri.bare) for phone in phones]

    def _extension_rung(self, request: Request) -> str:
        """Whose phones a new call rings; "" for a request within a call and for one to a single device."""
        uri = SipUri.parse(request.uri)
        new_call = request.method == "INVITE" and not request.to_tag
        return uri.user if new_call and uri.host == self.domain and not self._service(uri.user) else ""

    def _is_ours(self, route: str) -> bool:
        return f"sip:{self.host}" in route

    def _remember(self, call_id: str) -> None:
        self._calls[call_id] = None
        self._calls.move_to_end(call_id)
        if len(self._calls) > KNOWN_CALLS:
            self._calls.popitem(last=False)
