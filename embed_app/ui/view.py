"""What the screen shows, as plain data. Texts are already translated; times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from embed_app.core.screen.values import Page
from embed_app.ui.accent import Accent
from embed_app.ui.people import Person


class Screen(StrEnum):
    """What fills the frame. INCOMING has no other call behind it; a second caller shows over IN_CALL."""

    STARTING = "starting"
    DIALER = "dialer"
    INCOMING = "incoming"
    IN_CALL = "in_call"
    ENDED = "ended"
    PROBLEM = "problem"


class Tone(StrEnum):
    OK = "ok"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    OFF = "off"


class Choice(StrEnum):
    """What to answer a caller means: nobody else is there, is put on hold for it, or is on hold already."""

    ALONE = "alone"
    HOLD = "hold"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    text: str
    tone: Tone
    can_connect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """Something went wrong and what to do about it. `code` is the error code, "" for a state such as
    reconnecting: failures interrupt the screen reader, states do not."""

    code: str
    title: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialer:
    can_type: bool
    can_call: bool
    placeholder: str


class Kind(StrEnum):
    """What a call of the history was."""

    MISSED = "missed"
    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """`day`: the heading above it, "" where it is the one of the row before."""

    call_uuid: str
    day: str
    kind: Kind
    name: str
    number: str
    """Empty where `name` already is the number."""
    what: str
    time: str
    duration: str
    redial: str
    """The number to call; empty where it is nothing one can dial."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Compared by identity: the same one is the same hundred rows."""

    rows: tuple[HistoryRow, ...]
    note: str
    """In the place of rows, or under them; empty for none."""
    error: str
    """What could not be loaded or saved; empty where all is well."""
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Calls nobody has looked at yet; both empty for none."""

    count: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCard:
    call_uuid: str
    name: str
    """What to call the caller: the name, else the number, else a word for an unknown one."""
    number: str
    """Empty where `name` already is the number."""
    about: str
    """Campaign and customer number where the call brought them; else empty."""
    spoken: str
    choice: Choice
    can_silence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCall:
    """One that waits beside the one on the screen."""

    call_uuid: str
    name: str
    state: str
    can_swap: bool
    can_return: bool
    """The one on the screen is still being dialled, or was only to ask: the way back ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InCall:
    call_uuid: str
    name: str
    number: str
    state: str
    timer_from: float | None
    """When it was answered; None before that."""
    muted: bool
    held: bool
    keypad_open: bool
    transfer_open: bool
    add_open: bool
    devices_open: bool
    transfer_placeholder: str
    can_hold: bool
    can_dial_tones: bool
    can_transfer: bool
    can_add: bool
    """Call somebody else meanwhile, whether to ask about a transfer or not."""
    can_join: bool
    shows_join: bool
    """There are two calls: joining stands in the place of adding one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCard:
    """The other side of a call wants the agent to talk to somebody else in its place."""

    call_uuid: str
    number: str
    """As it would be dialled."""
    shown: str
    """The same, grouped for people."""
    text: str
    """Who asks."""
    hint: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    name: str
    text: str
    billsec: int
    redial: str
    """The number to call again; empty where it is nothing one can dial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPanel:
    title: str
    text: str
    code_line: str
    can_retry: bool
    """False where trying again with the same token cannot help."""
    can_take_over: bool = False
    """The phone is open at another place, from where it can be brought here."""


@dataclass(frozen=True, slots=True)
class Option:
    """value: a device's id, "" for the browser's own choice; or the name of a ringtone."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Select:
    options: tuple[Option, ...]
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """The lists of devices, on the settings page and in a call."""

    microphone: Select
    speaker: Select
    ringer: Select
    can_choose_speaker: bool
    hint: str
    """Why there is less to choose than one expects; empty where there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings:
    ringtone: Select
    volume: int
    """In percent."""
    waiting_beep: bool
    vibration: bool
    can_vibrate: bool
    notifications: bool
    notifications_state: str
    can_ask: bool
    """For the permission to show notifications."""
    testing_microphone: bool
    testing_echo: bool
    testing_ring: bool
    trial_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """The overlay's round button."""

    folded: bool
    for_now: bool
    """Open by itself, and about to fold by itself."""
    badge: str
    """A number or a sign; empty for none."""
    tone: Tone
    state: str
    """What the badge means, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    lang: str
    theme: str
    layout: str
    screen: Screen
    status: StatusLine
    dialer: Dialer
    page: Page
    """Shown where no call and no problem fills the frame."""
    people: tuple[Person, ...]
    """Whom to suggest while a number is typed."""
    last_dialled: str
    missed: Missed
    do_not_disturb: bool
    beside: bool
    """The recent calls have a place of their own beside the phone."""
    account_name: str
    accent: Accent | None
    """None: our own."""
    spoken: str
    """For the one polite live region: the state that matters most, without a running clock."""
    history: History | None = None
    """None while it cannot be seen."""
    banner: Banner | None = None
    flash: Banner | None = None
    """As `banner`, but from this very step: the screen keeps it for some seconds."""
    incoming: tuple[IncomingCard, ...] = ()
    in_call: InCall | None = None
    others: tuple[OtherCall, ...] = ()
    transfer: TransferCard | None = None
    """A question the agent should answer."""
    ended: Ended | None = None
    problem: ProblemPanel | None = None
    audio_blocked: bool = False
    devices: Devices | None = None
    """None while nobody looks at them."""
    sound_settings: SoundSettings | None = None
    folding: Folding | None = None
    """None where the layout knows no folding."""
