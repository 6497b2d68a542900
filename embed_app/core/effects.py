"""Everything the phone may ask the world to do. Plain data: only the runtime performs them."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.dialog import Dialog
from embed_app.core.effect import Effect as Effect
from embed_app.core.memory_effects import LoadHistory as LoadHistory
from embed_app.core.memory_effects import Remember as Remember
from embed_app.core.model import Call, SipConfig, Sound
from embed_app.core.sound_choices import Preferences, Ringtone, Trial


@dataclass(frozen=True, slots=True)
class FetchConfig(Effect):
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskForLine(Effect):
    """Answered by `LineGranted`: at once, or when the frame that has it goes away."""

    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeaveLine(Effect):
    pass


@dataclass(frozen=True, slots=True)
class KeepEvents(Effect):
    """Tell the parent nothing more unless this page is shown again."""


@dataclass(frozen=True, slots=True)
class FindRecord(Effect):
    """Of a former page. Answered by `RecordFound` if there is one."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HoldLease(Effect):
    """Keep the lease, take it if it is free, or with `take_over` in any case. `seconds`: None as the server
    likes, 0 to give it up. `renew`: ours, not to be taken anew. Answered by LeaseAnswered or LeaseFailed."""

    ticket: str = field(repr=False)
    seconds: int | None = None
    take_over: bool = False
    renew: bool = False


@dataclass(frozen=True, slots=True)
class Configure(Effect):
    """Give the user agent its identity and credentials, new or renewed."""

    config: SipConfig


@dataclass(frozen=True, slots=True)
class OpenTransport(Effect):
    url: str


@dataclass(frozen=True, slots=True)
class CloseTransport(Effect):
    pass


@dataclass(frozen=True, slots=True)
class Ping(Effect):
    """Ask the far end of the WebSocket for a sign of life: CRLF (RFC 5626 section 3.5.1) or an OPTIONS."""

    by_options: bool = False


@dataclass(frozen=True, slots=True)
class Register(Effect):
    pass


@dataclass(frozen=True, slots=True)
class Unregister(Effect):
    pass


@dataclass(frozen=True, slots=True)
class StartTimer(Effect):
    """Fires `TimerFired(name, generation)` after `delay` seconds, unless started again or stopped."""

    name: str
    delay: float
    generation: int


@dataclass(frozen=True, slots=True)
class StopTimer(Effect):
    name: str


@dataclass(frozen=True, slots=True)
class PlaySound(Effect):
    sound: Sound


@dataclass(frozen=True, slots=True)
class UnlockAudio(Effect):
    pass


@dataclass(frozen=True, slots=True)
class UseDevices(Effect):
    """For the calls there are and all that come. Each is the id of a device, "" the browser's own choice."""

    microphone: str
    speaker: str


@dataclass(frozen=True, slots=True)
class TuneRinger(Effect):
    """volume: in percent; ringer, speaker: ids, where it rings, and where it sounds beside a call."""

    ringtone: Ringtone
    volume: int
    ringer: str
    speaker: str


@dataclass(frozen=True, slots=True)
class ListDevices(Effect):
    """Answered by `DevicesListed`."""


@dataclass(frozen=True, slots=True)
class KeepPreferences(Effect):
    """For the pages that come, where the browser has a place for it."""

    preferences: Preferences


@dataclass(frozen=True, slots=True)
class AskForNotifications(Effect):
    """Answered by `PermissionAnswered`."""


@dataclass(frozen=True, slots=True)
class RunTrial(Effect):
    """In the place of the one that runs; NONE stops it. Answered by `TrialMoved` and `VoiceHeard`."""

    trial: Trial
    microphone: str
    speaker: str


@dataclass(frozen=True, slots=True)
class AnnounceCaller(Effect):
    """Whoever rings here, to an agent who looks elsewhere; without a call: nobody does any more."""

    call_uuid: str = ""
    number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    notify: bool = False
    vibrate: bool = False


@dataclass(frozen=True, slots=True)
class SendFarewell(Effect):
    """End a dialog of a former page, which no call of the user agent belongs to."""

    dialog: Dialog


@dataclass(frozen=True, slots=True)
class CallEffect(Effect):
    call_uuid: str


@dataclass(frozen=True, slots=True)
class SendInvite(CallEffect):
    number: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PassOn(CallEffect):
    """The frame that has the line shall make this call; `CallNotTaken` when it does not."""

    call: Call


@dataclass(frozen=True, slots=True)
class SendReplacement(CallEffect):
    """Take the call back from a former page (RFC 3891); an attempt under way is given up for it.

    `in_dialog`: by a re-INVITE in the dialog of the former page, for a far end that knows no Replaces.
    """

    target: str = field(repr=False)
    dialog: Dialog
    muted: bool
    held: bool
    in_dialog: bool = False


@dataclass(frozen=True, slots=True)
class CancelReplacement(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class ExpectInvite(CallEffect):
    """The next INVITE with this Call-ID is this call; with "" for the call: is any call again."""

    sip_call_id: str


@dataclass(frozen=True, slots=True)
class AcceptInvite(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class RejectInvite(CallEffect):
    status: int


@dataclass(frozen=True, slots=True)
class CancelInvite(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class SendBye(CallEffect):
    pass


@dataclass(frozen=True, slots=True)
class SetHold(CallEffect):
    held: bool


@dataclass(frozen=True, slots=True)
class SetMute(CallEffect):
    muted: bool


@dataclass(frozen=True, slots=True)
class SetAside(CallEffect):
    """The agent is with another call, or with this one again. Aside it neither sends nor plays sound."""

    aside: bool


@dataclass(frozen=True, slots=True)
class RestartIce(CallEffect):
    """Look for a new media path by re-INVITE (RFC 8445 section 9); hold and mute stay as they are."""


@dataclass(frozen=True, slots=True)
class SampleMedia(CallEffect):
    """Answered by `MediaSampled`."""


@dataclass(frozen=True, slots=True)
class ReopenMicrophone(CallEffect):
    """Go on with whatever microphone there is now."""


@dataclass(frozen=True, slots=True)
class SendDtmf(CallEffect):
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendRefer(CallEffect):
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendAttendedRefer(CallEffect):
    """The peer shall take our place in `dialog` (RFC 3891) by calling `target`, a URI. `name`: what the peer
    may show of whom it talks to then."""

    target: str = field(repr=False)
    dialog: Dialog
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AcceptRefer(CallEffect):
    """Follow the peer's REFER; the new call runs under `new_call_uuid`."""

    new_call_uuid: str


@dataclass(frozen=True, slots=True)
class RejectRefer(CallEffect):
    pass
