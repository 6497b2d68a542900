"""Messages in, one after the other; effects and both projections out."""

from __future__ import annotations

import random
import traceback
import uuid
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from embed_app.core.call.effects import AcceptInvite, SendInvite
from embed_app.core.effect import Effect
from embed_app.core.link.messages import OwnerShown
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message, ParentMistake
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.core.resume.record import write_record
from embed_app.core.resume.resume import record_of
from embed_app.core.screen.values import Panel
from embed_app.core.update import update
from embed_app.i18n.translator import Translator
from embed_app.protocol import from_parent, to_parent
from embed_app.protocol.commands import decode_command
from embed_app.protocol.envelope import SOURCE, Envelope, ProtocolError, open_envelope, seal, seal_response
from embed_app.protocol.events import Ready, error_payload, payload_of
from embed_app.shell.flood import Flood, Verdict
from embed_app.shell.performer import Performer
from embed_app.shell.ports import Ports
from embed_app.tabs.codec import calls_heard_of, known_again
from embed_app.tabs.sharing import Reply, Tabs, without_problems
from embed_app.ui.presenter import present

VERSION = "0.1.0"
ANSWERS_KEPT = 500


def _urgent(effects: Sequence[Effect]) -> int:
    """How many of them come before the parent is told: the far end waits for the last of these."""
    found = (n for n, effect in enumerate(effects, 1) if isinstance(effect, (SendInvite, AcceptInvite)))
    return max(found, default=0)


def new_uuid() -> str:
    return str(uuid.uuid4())


class Runtime:
    """`dispatch(message)` is the single way in. A message that comes while another is worked on waits."""

    def __init__(self, phone: Phone, outside: Ports, translator: Translator) -> None:
        self.phone = phone
        self._outside = outside
        self._translator = translator
        self._queue: deque[tuple[Callable[[], None], str | None]] = deque()
        self._busy = False
        self._flood = Flood(outside.clock.now())
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._kept: tuple[str, str] | None = None
        self._left = ("", False)  # as `leave_address` was last told
        self._heard = outside.records.heard()
        self._unsaid: list[Mapping[str, Any]] | None = []
        """What the first step had to tell: `ready` comes before it."""
        self._awaited: Counter[str] = Counter()
        self._tabs = Tabs(outside.line, outside.clock, new_uuid())
        self._tabs.serve(self)
        self._performer = Performer(outside, self._tabs, self.dispatch)
        self.shown = phone
        """What parent and agent are told of: `phone`, or that of the frame that has the line."""

    def start(self, first: Message) -> None:
        """Show, listen, and say `ready` once commands are taken."""
        self._outside.user_agent.listen(self.dispatch)
        self._outside.screen.listen(self.dispatch, new_uuid)
        self._outside.devices.listen(self.dispatch)
        self.dispatch(first)
        link = self.phone.link
        extension = link.token.extension if link.token else None
        ready = Ready(version=VERSION, state=link.state.value, extension=extension)
        unsaid, self._unsaid = self._unsaid, None
        for told in (seal(Ready.type, payload_of(ready)), *(unsaid or ())):
            self._post(told)
        self._outside.parent_window.listen(self.receive)

    def dispatch(self, message: Message) -> None:
        self._enqueue(partial(self._step, message), None)

    def obey(self, message: Message, reply: Reply) -> None:
        """A wish of another frame: what is wrong with it is told there and nowhere else."""
        self._enqueue(partial(self._step, message, None, reply), None)

    def mirrored(self, there: Phone) -> None:
        """The frame that has the line has taken a step."""
        self._enqueue(partial(self._follow, there), None)

    def _follow(self, there: Phone) -> None:
        self._tabs.follow(there)
        calls = frozenset(call.uuid for call in there.calls)
        devices_open = there.panel is Panel.DEVICES
        self._step(OwnerShown(calls=calls, devices_open=devices_open, saves=there.saves))

    def receive(self, text: str) -> None:
        """One message of the parent, as JSON text. Whatever it is, nothing is raised."""
        if SOURCE not in text:
            return  # not for us, and no reason to look closer at a thousand of them a second
        verdict = self._flood.judge(self._outside.clock.now())
        if verdict is not Verdict.TAKE:
            if verdict is Verdict.DROP_AND_TELL:
                self.dispatch(ParentMistake(code="too_many_messages"))
            return
        try:
            envelope = open_envelope(text)
        except ProtocolError as mistake:
            wrong = ParentMistake(code=mistake.code, fields=mistake.fields)
            self._enqueue(partial(self._answer_once, mistake.id, wrong), mistake.id)
            return
        if envelope is not None:
            self._enqueue(partial(self._obey, envelope), envelope.id)

    def _obey(self, envelope: Envelope) -> None:
        try:
            command = decode_command(envelope.type, envelope.payload, envelope.id)
            message = from_parent.to_message(command, new_uuid)
        except ProtocolError as mistake:
            message = ParentMistake(code=mistake.code, fields=mistake.fields)
        self._answer_once(envelope.id, message)

    def _answer_once(self, answer_id: str | None, message: Message | None) -> None:
        """Carry a command out, unless its id has been answered: then that answer goes out again."""
        if answer_id is not None and answer_id in self._answers:
            self._post(self._answers[answer_id])
        elif answer_id is not None and answer_id in self._awaited:
            self._awaited[answer_id] += 1
        elif message is not None:
            self._step(message, answer_id)
        elif answer_id is not None:
            self._answer(answer_id, to_parent.state_payload(self.shown), None)

    def _enqueue(self, work: Callable[[], None], answer_id: str | None) -> None:
        self._queue.append((work, answer_id))
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue:
                self._guard(*self._queue.popleft())
        finally:
            self._busy = False

    def _guard(self, work: Callable[[], None], answer_id: str | None = None) -> None:
        """One bad message, one broken adapter must not stop the phone or cost what comes after it."""
        try:
            work()
        except Exception as error:  # noqa: BLE001
            self._broken(error, answer_id)

    def _broken(self, error: Exception, answer_id: str | None) -> None:
        """A bug of ours: told in the console and to the parent by its kind and place, never its data."""
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
        print(f"zorio-webphone: {type(error).__name__} at {where}")
        problem = Problem(code="internal", detail={"kind": type(error).__name__, "where": where})
        told = error_payload(to_parent.error_object(problem, self.phone, self._translator.error))
        if answer_id is not None and answer_id not in self._answers:
            self._answer(answer_id, None, told)
        else:
            self._post(seal("error", told))

    def _step(self, message: Message, answer_id: str | None = None, reply: Reply | None = None) -> None:
        if self._tabs.forwards(message, self.phone):
            return self._tabs.forward(message, reply or self._reply_to(answer_id))
        now = self._outside.clock.now()
        stamped = replace(message, at=now, chance=random.random())  # noqa: S311 - jitter, no secret
        before = self.phone
        self.phone, effects = update(before, stamped)
        token = self.phone.link.token
        if token is not None and token is not before.link.token:
            self._outside.parent_window.trust(token.origins)
        seen, self.shown = self.shown, self._tabs.shown(self.shown, self.phone)
        seen = known_again(seen, self.shown, self._heard)
        problems: tuple[Problem, ...] = ()
        if reply is not None:
            self.shown, problems = without_problems(self.shown)
        urgent = _urgent(effects)
        for effect in effects[:urgent]:
            self._guard(partial(self._performer.perform, effect, self.phone))
        self._guard(partial(self._tell, seen, answer_id), answer_id)
        self._guard(self._keep)
        for effect in effects[urgent:]:
            self._guard(partial(self._performer.perform, effect, self.phone))
        self._guard(self._leave_address)  # after the events and what sends an INVITE: they are not held up
        self._guard(partial(self._tabs.publish, self.phone, message))
        if reply is not None:
            reply(problems)
        self._outside.screen.show(present(self.shown, self._translator))
        return None

    def _reply_to(self, answer_id: str | None) -> Reply:
        """What happens here when the frame that has the line has done what was wished."""
        if answer_id is not None:
            self._awaited[answer_id] = 1

        def reply(problems: tuple[Problem, ...]) -> None:
            self._enqueue(partial(self._replied, answer_id, problems), answer_id)

        return reply

    def _replied(self, answer_id: str | None, problems: tuple[Problem, ...]) -> None:
        seen, self.shown = self.shown, replace(self.shown, calls=self.shown.live_calls, notices=problems)
        self._tell(seen, answer_id)
        for _ in range(self._awaited.pop(answer_id or "", 1) - 1):
            self._answer_once(answer_id, None)
        self._outside.screen.show(present(self.shown, self._translator))

    def _keep(self) -> None:
        """What the next page should find follows from the model, like the screen and the events."""
        heard = calls_heard_of(self.shown)
        if self.shown.link.state is not LinkState.REGISTERED:
            heard |= self._heard  # too early to know what has become of those of the former page
        if heard != self._heard:
            self._heard = heard
            self._outside.records.note_heard(heard)
        record, token = record_of(self.phone), self.phone.link.token
        kept = (write_record(record), token.raw) if record is not None and token is not None else None
        if kept == self._kept:
            return
        self._kept = kept
        if record is None or token is None:
            self._outside.records.drop()
        else:
            self._outside.records.keep(record, token.raw)

    def _leave_address(self) -> None:
        """Also for a call that only rings: it rings on at the PBX, and here again when the phone is back.

        In the very step that tells of it, because the frame may be reloaded in the next one. Only while an
        INVITE of ours is made, and when there is no call any more, it has time.
        """
        token, calls = self.phone.link.token, self.phone.live_calls
        address = token.raw if token is not None and calls else ""
        left = (address, any(call.sip_call_id for call in calls))
        if left != self._left:
            self._left = left
            self._outside.records.leave_address(*left)

    def _tell(self, before: Phone, answer_id: str | None) -> None:
        """Events to the parent; a refused command that has an id gets its error there instead."""
        after = self.shown
        refusal = next((n for n in after.notices if isinstance(n, Problem)), None) if answer_id else None
        if refusal is not None:
            after = replace(after, notices=tuple(n for n in after.notices if n is not refusal))
        for event in to_parent.announce(before, after, self._translator.error):
            self._post(seal(event.type, payload_of(event)))
        if answer_id is None:
            return
        if refusal is not None:
            error = error_payload(to_parent.error_object(refusal, after, self._translator.error))
            self._answer(answer_id, None, error)
        else:
            self._answer(answer_id, to_parent.state_payload(after), None)

    def _post(self, message: Mapping[str, Any]) -> None:
        if self._unsaid is not None:
            self._unsaid.append(message)
        else:
            self._outside.parent_window.post(message)

    def _answer(self, id: str, payload: Mapping[str, Any] | None, error: Mapping[str, Any] | None) -> None:
        response = seal_response(id, payload=payload, error=error)
        self._answers[id] = response
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)
        self._post(response)
