"""The forking proxy (RFC 3261 section 16) with the registrar's front door.

Everything here runs to its end without waiting, so there is no moment in which two messages could
see the state half changed. Requests inside a dialog go to the *current* socket of the phone named by
their Request-URI, which is the Contact it gave: a call survives a phone's reconnect.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping

from server.pbx.address import SipUri
from server.pbx.digest import Digest, PbxUser
from server.pbx.flow import Flow
from server.pbx.location import Locations, RegistrationError
from server.pbx.message import Request, Response, new_branch
from server.pbx.transaction import ANSWERED_ELSEWHERE, Branch, Transaction

log = logging.getLogger(__name__)

GIVE_UP_AFTER = 32.0
"""Seconds (64*T1) after which an unanswered CANCEL or non-INVITE request is forgotten."""
KNOWN_CALLS = 10_000
_ALLOW = "INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, INFO, REFER, NOTIFY, MESSAGE, SUBSCRIBE, UPDATE"
_DIALOG_MAKERS = {"INVITE", "SUBSCRIBE", "REFER"}

Target = tuple[Flow, str]
"""A flow and the Request-URI to send there."""


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
    ) -> None:
        """`domain`: whose users are ours; `host`: this proxy in Via and Record-Route.

        `service(user)`: the flow of a service extension. `no_answer_after`: seconds a call may ring.
        """
        self.domain = domain.lower()
        self.host = host
        self._users = users
        self._digest = digest
        self._locations = locations
        self._service = service
        self._services_flow = services_flow
        self._no_answer_after = no_answer_after
        self._transactions: dict[tuple[str, str], Transaction] = {}
        self._branches: dict[str, tuple[Transaction, Branch]] = {}
        self._calls: OrderedDict[str, None] = OrderedDict()

    def receive(self, flow: Flow, message: Request | Response) -> None:
        if isinstance(message, Response):
            self._response(flow, message)
        elif message.method == "CANCEL":
            self._cancel_request(flow, message)
        elif message.method == "ACK" and (refused := self._transactions.get((message.branch, "INVITE"))):
            if refused.done:
                self._forget(refused)  # the ACK of a non-2xx answer goes no further (section 17.2.1)
        elif (message.branch, message.method) not in self._transactions:
            self._request(flow, message)

    def lost(self, flow: Flow) -> None:
        """The flow is gone: what it rang stops ringing, what was sent to it has failed."""
        self._locations.lost(flow)
        for transaction in list(self._transactions.values()):
            for name, branch in list(transaction.branches.items()):
                if branch.flow is flow and branch.final is None:
                    self._final(transaction, name, branch.failed(480))
            if transaction.origin is flow and transaction.is_invite and not transaction.done:
                self._cancel(transaction, 487, "")

    def close(self) -> None:
        """Stop every timer."""
        for transaction in self._transactions.values():
            transaction.stop_timer()
        self._transactions.clear()
        self._branches.clear()

    # ---- requests

    def _request(self, flow: Flow, request: Request) -> None:
        refusal = self._refusal(flow, request)
        if refusal is None and request.method == "REGISTER":
            refusal = self._register(flow, request)
        if refusal is None:
            refusal = self._forward(flow, request)
        if refusal is not None and request.method != "ACK":
            flow.send(refusal)

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
        # A call whose beginning we authenticated needs no digest any more; one that began before this
        # process did has to prove itself anew.
        if not (request.to_tag and request.call_id in self._calls):
            if request.method == "ACK":
                return request.reply(481)
            if refusal := self._digest.refusal(request, sender.user):
                return refusal
            if sender.host != self.domain or request.address("From").sip_uri.user != sender.user:
                return request.reply(403)
        if request.contact and request.method != "REGISTER":
            self._locations.moved(request.contact, flow, sender.user)
        return None

    def _register(self, flow: Flow, request: Request) -> Response:
        user = request.address("To").sip_uri.user
        try:
            contacts = self._locations.register(user, request, flow)
        except RegistrationError as error:
            return request.reply(error.status)
        return request.reply(200, [("Contact", contact) for contact in contacts])

    def _forward(self, flow: Flow, request: Request) -> Response | None:
        while (route := request.get("Route")) and self._is_ours(route):
            request.pop("Route")
        targets = self._targets(request)
        if isinstance(targets, int):
            return request.reply(targets)
        self._remember(request.call_id)
        transaction = Transaction(flow, request)
        if request.method != "ACK":
            self._transactions[transaction.key] = transaction
        if transaction.is_invite:
            flow.send(request.reply(100))
            transaction.timer = self._later(self._no_answer_after, self._no_answer, transaction)
        elif request.method != "ACK":
            # No 408 for it: a late one only confuses the sender, whose own timer fires (RFC 4320).
            transaction.timer = self._later(GIVE_UP_AFTER, self._forget, transaction)
        for target, uri in targets:
            copy = self._copy(request, uri)
            transaction.branches[copy.branch] = Branch(target, copy)
        for name, branch in list(transaction.branches.items()):
            if request.method != "ACK":
                self._branches[name] = (transaction, branch)
            if not branch.flow.send(branch.request) and request.method != "ACK":
                self._final(transaction, name, branch.failed(480))
        return None

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
            return 480 if request.to_tag else 404
        if service := self._service(uri.user):
            return [(service, uri.bare)]
        phones = self._locations.phones(uri.user)
        if not phones:
            return 480 if uri.user in self._users else 404
        return [(phone.flow, phone.uri.bare) for phone in phones]

    def _is_ours(self, route: str) -> bool:
        return f"sip:{self.host}" in route

    def _remember(self, call_id: str) -> None:
        self._calls[call_id] = None
        self._calls.move_to_end(call_id)
        if len(self._calls) > KNOWN_CALLS:
            self._calls.popitem(last=False)

    # ---- cancelling

    def _cancel_request(self, flow: Flow, request: Request) -> None:
        transaction = self._transactions.get((request.branch, "INVITE"))
        flow.send(request.reply(200 if transaction else 481))
        if transaction and not transaction.done:
            self._cancel(transaction, 487, request.get("Reason"))

    def _no_answer(self, transaction: Transaction) -> None:
        self._cancel(transaction, 408, 'SIP;cause=408;text="No answer"')

    def _cancel(self, transaction: Transaction, status: int, reason: str) -> None:
        """Stop every phone that still rings; the caller gets `status` when the last has confirmed."""
        transaction.override = transaction.override or status
        for branch in transaction.pending():
            branch.flow.send(branch.cancel(reason))
        transaction.stop_timer()
        transaction.timer = self._later(GIVE_UP_AFTER, self._give_up, transaction)

    def _give_up(self, transaction: Transaction) -> None:
        for name, branch in list(transaction.branches.items()):
            if branch.final is None:
                self._final(transaction, name, branch.failed(487))

    # ---- responses

    def _response(self, flow: Flow, response: Response) -> None:
        transaction, branch = self._branches.get(response.branch, (None, None))
        if transaction is None or branch is None or response.cseq[1] != transaction.request.method:
            return  # late, or the answer to a CANCEL of ours
        if response.contact and not flow.trusted:
            self._moved_by_response(flow, response)
        name = response.branch
        response.pop("Via")
        if response.status >= 200:
            self._final(transaction, name, response)
        elif response.status > 100 and not transaction.done:
            self._answer(transaction, response)

    def _moved_by_response(self, flow: Flow, response: Response) -> None:
        try:
            user = response.address("To").sip_uri.user
        except ValueError:
            return
        if response.contact:
            self._locations.moved(response.contact, flow, user)

    def _final(self, transaction: Transaction, name: str, response: Response) -> None:
        """One branch has ended (section 16.7). `response` has no Via of ours any more."""
        branch = transaction.branches[name]
        if branch.final is not None:
            return
        branch.final = response
        if response.status < 300:
            self._accepted(transaction, branch, response)
        else:
            self._failed(transaction, branch, response)
        if not transaction.pending():
            for key in transaction.branches:
                self._branches.pop(key, None)
            if transaction.done and (not transaction.is_invite or response.status < 300):
                self._forget(transaction)

    def _accepted(self, transaction: Transaction, branch: Branch, response: Response) -> None:
        if transaction.done or not self._answer(transaction, response):
            # Two phones answered at once, or the caller has gone.
            for request in branch.release(response, self.host) if transaction.is_invite else []:
                branch.flow.send(request)
        transaction.done = True
        if transaction.is_invite:
            self._cancel(transaction, 487, ANSWERED_ELSEWHERE)

    def _failed(self, transaction: Transaction, branch: Branch, response: Response) -> None:
        if transaction.is_invite:
            branch.flow.send(branch.ack(response))
            if response.status >= 600 and not transaction.override and transaction.pending():
                self._cancel(transaction, response.status, "")
        if transaction.done or transaction.pending():
            return
        transaction.done = True
        best = transaction.best()
        if transaction.override and best.status < 600:
            best = transaction.request.reply(transaction.override)
        self._answer(transaction, best)
        transaction.stop_timer()
        transaction.timer = self._later(GIVE_UP_AFTER, self._forget, transaction)

    def _answer(self, transaction: Transaction, response: Response) -> bool:
        """Send a response back the way the request came, or to where its sender has moved since."""
        if transaction.origin.send(response):
            return True
        contact = transaction.request.contact
        flow = self._locations.flow_of(contact) if contact else None
        return flow is not None and flow.send(response)

    def _forget(self, transaction: Transaction) -> None:
        transaction.stop_timer()
        self._transactions.pop(transaction.key, None)
        for name in transaction.branches:
            self._branches.pop(name, None)

    def _later(
        self, seconds: float, what: Callable[[Transaction], None], on: Transaction
    ) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, what, on)
