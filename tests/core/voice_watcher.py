"""What must always be true of the agent's voice: in the model, and for who obeys the effects."""

from __future__ import annotations

from embed_app.core.call import voice
from embed_app.core.call.effects import (
    AcceptInvite,
    AcceptRefer,
    CallEffect,
    HoldMicrophone,
    SendInvite,
    SetAside,
    SetHold,
    SetMute,
)
from embed_app.core.call.messages import (
    HoldChanged,
    HoldFailed,
    ReturnRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import CallState
from embed_app.core.effect import Effect
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import AcceptTakeover, SendReplacement
from embed_app.core.resume.resume import record_of

_ANSWERED = (CallState.ANSWERED, CallState.RESUMING)


class Microphones:
    """The microphones as `public/sip/silence.js` keeps them: it knows nothing but the effects."""

    def __init__(self) -> None:
        self.muted: set[str] = set()
        self.held: set[str] = set()
        self.aside: set[str] = set()

    def obey(self, effect: Effect) -> None:
        match effect:
            case SetMute(uuid, on):
                self._set(self.muted, uuid, on)
            case HoldMicrophone(uuid, on):
                self._set(self.held, uuid, on)
            case SetHold(uuid, True):
                self.held.add(uuid)
            case SetAside(uuid, on):
                self._set(self.aside, uuid, on)
            case SendReplacement(uuid, _, _, muted, held):
                self._set(self.muted, uuid, muted)
                self._set(self.held, uuid, held)

    def accepted(self, uuid: str, *, held: bool) -> None:
        """The far end has accepted a hold or an unhold."""
        self._set(self.held, uuid, held)

    @staticmethod
    def _set(those: set[str], uuid: str, on: bool) -> None:
        (those.add if on else those.discard)(uuid)

    def is_open(self, uuid: str) -> bool:
        return uuid not in self.muted | self.held | self.aside


class VoiceWatcher:
    """Raises AssertionError."""

    def __init__(self) -> None:
        self.microphones = Microphones()

    def see(self, before: Phone, message: Message, after: Phone, effects: tuple[Effect, ...]) -> None:
        """One step."""
        self._effects_are_obeyed(before, message, after, effects)
        for call in after.live_calls:
            was = before.call(call.uuid)
            if was is not None:
                if was.muted and not call.muted:
                    assert isinstance(message, UnmuteRequested), message
                if was.held and not call.held:
                    assert isinstance(message, HoldChanged), message
                    assert was.hold_wanted is not None, "an unhold nobody wished for"
                if voice.on_hold(was) and not voice.on_hold(call):
                    wish = isinstance(message, UnholdRequested | ReturnRequested)
                    assert wish or (isinstance(message, HoldFailed) and not call.held), message
            elif (old := before.call(call.in_place_of)) is not None:
                assert call.muted is old.muted
                assert call.held or not voice.on_hold(old)
        self._is_left_to_the_next_page(after)

    def _effects_are_obeyed(
        self, before: Phone, message: Message, after: Phone, effects: tuple[Effect, ...]
    ) -> None:
        microphones = self.microphones
        asked = before.call(message.call_uuid) if isinstance(message, HoldChanged) else None
        if isinstance(message, HoldChanged) and asked is not None and asked.state is CallState.ANSWERED:
            # An unhold that was accepted too late, when hold was wished for again, ends no silence.
            still = asked.hold_wanted is not False and asked.uuid in microphones.held
            microphones.accepted(asked.uuid, held=message.held or still)
        for effect in effects:
            microphones.obey(effect)
            self._none_is_open_that_should_not_be(before, after)
            match effect:
                case AcceptRefer(_, uuid) | SendInvite(uuid) | AcceptInvite(uuid):
                    self._a_leg_begins(uuid, after)
                case SendReplacement(uuid) | AcceptTakeover(uuid):
                    self._a_leg_begins(uuid, after)
                case CallEffect():
                    pass
        self._none_is_open_that_should_not_be(after, after)
        for call in after.live_calls:
            if call.state in _ANSWERED and call.hold_wanted is None:
                told = microphones.is_open(call.uuid)
                assert told is voice.may_be_heard(call), "neither heard unasked nor silent for ever"

    def _a_leg_begins(self, uuid: str, after: Phone) -> None:
        call = after.call(uuid)
        if call is not None and not voice.may_be_heard(call):
            muted_or_held = call.muted or voice.on_hold(call)
            assert not muted_or_held or not self.microphones.is_open(uuid), "heard from its first packet on"

    def _none_is_open_that_should_not_be(self, before: Phone, after: Phone) -> None:
        for call in after.live_calls:
            was = before.call(call.uuid)
            if self.microphones.is_open(call.uuid) and was is not None:
                assert voice.may_be_heard(call) or voice.may_be_heard(was), f"{call.uuid} is heard"

    @staticmethod
    def _is_left_to_the_next_page(phone: Phone) -> None:
        record = record_of(phone)
        for left in record.calls if record is not None else ():
            call = phone.call(left.uuid)
            assert call is not None
            assert left.muted is call.muted
            assert left.held or not voice.on_hold(call) or call.state not in _ANSWERED
