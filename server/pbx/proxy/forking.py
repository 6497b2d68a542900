"""Requests under way: their branches, their answers, their cancelling (RFC 3261 sections 16.7 to 16.10).

INVITE -> [branch, branch, ...]   first 2xx: handed on, the others cancelled "elsewhere"
                                  6xx: the others cancelled; else the best answer when all have one
caller's CANCEL, caller's socket gone -> all cancelled, 487      nobody answers -> all cancelled, 408
the socket gone of somebody who has the call already -> its re-INVITE goes on, and no answer to it ends a call
a ringing phone's socket gone -> its extension has GRACE to come back    a phone registers -> what rings its
extension rings it too (as kamailio's module tsilo does)
"""

import asyncio
from collections.abc import Callable, Iterable

from server.pbx.proxy.location import Locations
from server.pbx.proxy.transaction import ANSWERED_ELSEWHERE, Branch, Transaction
from server.pbx.sip.flow import Flow
from server.pbx.sip.message import Request, Response

GIVE_UP_AFTER = 32.0
"""Seconds (64*T1) after which an unanswered CANCEL or non-INVITE request is forgotten."""

GRACE = 3.0
"""Seconds a call goes on ringing for an extension whose phone has lost its socket: it, or another tab of the
same browser, is about to register again."""

REPEATED_WITHIN = 5.0
"""Seconds: who waits for an ACK repeats its 2xx every T2 = 4 s at the least (RFC 3261 section 13.3.1.4)."""
_HAS_IT_ALREADY = 482
"""Loop Detected, of a phone that is rung again (RFC 3261 section 8.2.2.2)."""


class Forks:
    """All transactions of the proxy. Nothing in here waits or raises."""

    def __init__(
        self,
        host: str,
        locations: Locations,
        no_answer_after: float,
        on_missed: Callable[[Request, str], None],
    ) -> None:
        """`host`: the proxy in Via; `no_answer_after`: seconds a call may ring.

        `on_missed(invite, extension)`: it has reached no phone.
        """
        self._host = host
        self._locations = locations
        self._no_answer_after = no_answer_after
        self._on_missed = on_missed
        self._transactions: dict[tuple[str, str], Transaction] = {}
        self._branches: dict[str, tuple[Transaction, Branch]] = {}

    def is_known(self, request: Request) -> bool:
        """True for a request that is under way already."""
        return (request.branch, request.method) in self._transactions

    def start(
        self, flow: Flow, request: Request, copies: Iterable[tuple[Flow, Request]], extension: str = ""
    ) -> None:
        """Send `copies`, one to each target, and bring the best answer back to `flow`.

        `extension`: whose phones the targets are, "" when they are no phones.
        """
        branches = {copy.branch: Branch(target, copy) for target, copy in copies}
        if request.method == "ACK":  # it has no answer, and so no transaction
            for branch in branches.values():
                branch.flow.send(branch.request)
            return
        transaction = Transaction(flow, request, branches, extension)
        self._transactions[transaction.key] = transaction
        if transaction.is_invite:
            flow.send(request.reply(100))
            transaction.timer = self._later(self._no_answer_after, self._no_answer, transaction)
        else:
            # No 408 for it: a late one only confuses the sender, whose own timer fires (RFC 4320).
            transaction.timer = self._later(GIVE_UP_AFTER, self._forget, transaction)
        for name, branch in list(branches.items()):
            self._branches[name] = (transaction, branch)
        for name, branch in list(branches.items()):
            if not branch.flow.send(branch.request):
                self._final(transaction, name, branch.failed(480))

    def offer(self, extension: str, flow: Flow, uri: str, copy: Callable[[Request, str], Request]) -> None:
        """A phone of this extension registered over `flow`: it rings with the others.

        `copy(request, uri)` makes the request as it leaves for that phone. One that was rung already gets
        the call again only if its socket broke before it could answer.
        """
        for transaction in list(self._transactions.values()):
            if not transaction.rings or transaction.extension != extension:
                continue
            rung = [branch for branch in transaction.branches.values() if not branch.lost]
            if any(branch.flow is flow or branch.request.uri == uri for branch in rung):
                continue
            request = copy(transaction.request, uri)
            branch = Branch(flow, request)
            transaction.branches[request.branch] = branch
            self._branches[request.branch] = (transaction, branch)
            transaction.stop_grace()
            if not flow.send(request):
                self._final(transaction, request.branch, branch.failed(480))

    def acknowledged(self, ack: Request) -> bool:
        """True when this ACK is for a refusal of ours: it goes no further (section 17.2.1)."""
        transaction = self._transactions.get((ack.branch, "INVITE"))
        if transaction is not None and transaction.done:
            self._forget(transaction)
        return transaction is not None

    def cancelled(self, flow: Flow, request: Request) -> None:
        """The caller's CANCEL."""
        transaction = self._transactions.get((request.branch, "INVITE"))
        flow.send(request.reply(200 if transaction else 481))
        if transaction and not transaction.done:
            self._cancel(transaction, 487, request.get("Reason"))

    def answered(self, response: Response) -> Transaction | None:
        """A response from a phone; the transaction it belongs to, None when it is late."""
        name = response.branch
        transaction, branch = self._branches.get(name, (None, None))
        if transaction is None or branch is None or response.cseq[1] != transaction.request.method:
            return None  # late, or the answer to a CANCEL of ours
        response.pop("Via")
        branch.rang = True
        if response.status >= 200:
            self._final(transaction, name, response)
        elif response.status > 100 and not transaction.done:
            self._answer(transaction, response)
        return transaction

    def lost(self, flow: Flow) -> None:
        """The flow is gone: what it rang stops ringing, what was sent to it has failed."""
        for transaction in list(self._transactions.values()):
            for name, branch in list(transaction.branches.items()):
                if branch.flow is flow and branch.final is None:
                    if transaction.rings:
                        self._wait_for_return(transaction)
                    branch.lost = True
                    self._final(transaction, name, branch.failed(480))
            gives_up = transaction.is_invite and not transaction.is_reinvite
            if transaction.origin is flow and gives_up and not transaction.done:
                self._cancel(transaction, 487, "")

    def close(self) -> None:
        """Stop every timer."""
        for transaction in self._transactions.values():
            transaction.stop_timer()
            transaction.stop_grace()
        self._transactions.clear()
        self._branches.clear()

    def _no_answer(self, transaction: Transaction) -> None:
        self._cancel(transaction, 408, 'SIP;cause=408;text="No answer"')

    def _cancel(self, transaction: Transaction, status: int, reason: str) -> None:
        """Stop every phone that still rings; the caller gets `status` when the last has confirmed."""
        transaction.override = transaction.override or status
        waited = transaction.grace is not None
        transaction.stop_grace()
        if waited and not transaction.done and not transaction.pending():
            self._conclude(transaction)
            return
        for branch in transaction.pending():
            branch.flow.send(branch.cancel(reason))
        transaction.stop_timer()
        transaction.timer = self._later(GIVE_UP_AFTER, self._give_up, transaction)

    def _wait_for_return(self, transaction: Transaction, seconds: float = GRACE) -> None:
        transaction.stop_grace()
        transaction.grace = self._later(seconds, self._grace_over, transaction)

    def _grace_over(self, transaction: Transaction) -> None:
        transaction.stop_grace()
        if not transaction.done and not transaction.pending():
            self._conclude(transaction)

    def _give_up(self, transaction: Transaction) -> None:
        for name, branch in list(transaction.branches.items()):
            if branch.final is None:
                self._final(transaction, name, branch.failed(487))

    def _final(self, transaction: Transaction, name: str, response: Response) -> None:
        """One branch has ended (section 16.7). `response` has no Via of ours any more."""
        branch = transaction.branches[name]
        if branch is transaction.accepted and response.status < 300:
            self._answer(transaction, response)  # the ACK was lost
            return
        if branch.final is not None and not (branch.lost and response.status < 300 and not transaction.done):
            return
        branch.final = response
        if response.status < 300:
            self._accepted(transaction, branch, response)
        else:
            self._failed(transaction, branch, response)
        if transaction.done and not transaction.is_invite:
            self._forget(transaction)

    def _accepted(self, transaction: Transaction, branch: Branch, response: Response) -> None:
        if not transaction.done and self._answer(transaction, response):
            transaction.accepted = branch
        else:
            # Two phones answered at once, or the caller has gone.
            keep = transaction.of_a_call
            for request in branch.release(response, self._host, keep) if transaction.is_invite else []:
                branch.flow.send(request)
        transaction.done = True
        if transaction.is_invite:
            self._cancel(transaction, 487, ANSWERED_ELSEWHERE)
            transaction.stop_timer()
            transaction.timer = self._later(GIVE_UP_AFTER, self._forget, transaction)

    def _failed(self, transaction: Transaction, branch: Branch, response: Response) -> None:
        if transaction.is_invite:
            branch.flow.send(branch.ack(response))
            if response.status == _HAS_IT_ALREADY and transaction.rings and transaction.lost():
                self._wait_for_return(transaction, REPEATED_WITHIN)
            if response.status >= 600 and not transaction.override and transaction.pending():
                self._cancel(transaction, response.status, "")
        if not transaction.done and not transaction.pending() and transaction.grace is None:
            self._conclude(transaction)

    def _conclude(self, transaction: Transaction) -> None:
        """Every phone has failed: the caller gets the best answer."""
        transaction.done = True
        if transaction.reached_nobody():
            self._on_missed(transaction.request, transaction.extension)
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
        transaction.stop_grace()
        self._transactions.pop(transaction.key, None)
        for name in transaction.branches:
            self._branches.pop(name, None)

    def _later(
        self, seconds: float, what: Callable[[Transaction], None], on: Transaction
    ) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, what, on)
