"""What the parent is told and what the screen shows: both follow from the phone that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from embed_app.core.link.values import Token
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.i18n.translator import Translator
from embed_app.protocol.envelope import seal, seal_response
from embed_app.protocol.events import Event, error_payload, payload_of
from embed_app.protocol.to_parent import announce, error_object, state_payload
from embed_app.shell.answers import Answers
from embed_app.shell.ports import ParentWindow, Screen
from embed_app.ui.presenter import present


class Outbox:
    def __init__(
        self, parent_window: ParentWindow, screen: Screen, translator: Translator, answers: Answers
    ) -> None:
        self._parent_window = parent_window
        self._screen = screen
        self._translator = translator
        self._answers = answers
        self._trusted: Token | None = None
        self._held_back: list[Mapping[str, Any]] | None = []
        """What there was to tell before `open`; None from then on."""

    def open(self, first: Event) -> None:
        """Post `first`, then what there was to tell before. From now on everything is posted at once."""
        held_back, self._held_back = self._held_back, None
        self._post(seal(first.type, payload_of(first)))
        for message in held_back or ():
            self._post(message)

    def trust(self, token: Token | None) -> None:
        """Post to the origins that this token names, and to no others. None changes nothing."""
        if token is not None and token is not self._trusted:
            self._trusted = token
            self._parent_window.trust(token.origins)

    def tell(self, before: Phone, after: Phone, command_id: str | None = None) -> None:
        """The events of one step. Where a command has led to it, its response after them: what went wrong is
        there, and in no event."""
        refusal = _first_problem(after) if command_id is not None else None
        events_of = after
        if refusal is not None:
            events_of = replace(after, notices=tuple(n for n in after.notices if n is not refusal))
        for event in announce(before, events_of, self._describe):
            self._post(seal(event.type, payload_of(event)))
        if command_id is None:
            return
        if refusal is None:
            self.answer_state(command_id, after)
        else:
            self._answer_error(command_id, self._error(refusal, after))

    def tell_fault(self, problem: Problem, phone: Phone, command_id: str | None) -> None:
        """As the response to the command in which it happened; as an event where that has its response."""
        error = self._error(problem, phone)
        if command_id is not None and self._answers.given(command_id) is None:
            self._answer_error(command_id, error)
        else:
            self._post(seal("error", error))

    def answer_state(self, command_id: str, shown: Phone) -> None:
        self._answer(command_id, seal_response(command_id, payload=state_payload(shown), error=None))

    def answer_again(self, command_id: str) -> None:
        """Nothing is posted for an id that has no answer yet."""
        given = self._answers.given(command_id)
        if given is not None:
            self._post(given)

    def show(self, shown: Phone) -> None:
        self._screen.show(present(shown, self._translator))

    def _answer_error(self, command_id: str, error: Mapping[str, Any]) -> None:
        self._answer(command_id, seal_response(command_id, payload=None, error=error))

    def _answer(self, command_id: str, response: Mapping[str, Any]) -> None:
        self._answers.keep(command_id, response)
        self._post(response)

    def _post(self, message: Mapping[str, Any]) -> None:
        if self._held_back is not None:
            self._held_back.append(message)
        else:
            self._parent_window.post(message)

    def _error(self, problem: Problem, phone: Phone) -> dict[str, Any]:
        return error_payload(error_object(problem, phone, self._describe))

    def _describe(self, code: str) -> str:
        return self._translator.error(code)


def _first_problem(phone: Phone) -> Problem | None:
    return next((notice for notice in phone.notices if isinstance(notice, Problem)), None)
