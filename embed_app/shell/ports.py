"""What the phone needs of the world. `browser/` keeps these promises; tests keep them with fakes.

No adapter raises out of a method: what goes wrong comes back as a Message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from embed_app.core.call.values import Dialog
from embed_app.core.history.effects import SaveHistory
from embed_app.core.link.challenges import AnswerRule
from embed_app.core.link.effects import HoldLease
from embed_app.core.link.values import SipConfig
from embed_app.core.message import Message
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.sound.values import Preferences, Ringtone, Sound, Trial
from embed_app.ui.view import View

Dispatch = Callable[[Message], None]


class UserAgent(Protocol):
    """SIP and media. Results come as Messages through the dispatch given to `listen`."""

    def listen(self, dispatch: Dispatch) -> None: ...
    def configure(self, config: SipConfig, answers: Sequence[AnswerRule]) -> None: ...
    def connect(self, url: str) -> None: ...
    def disconnect(self) -> None: ...
    def ping(self, *, by_options: bool) -> None: ...
    def register(self) -> None: ...
    def unregister(self) -> None: ...
    def invite(self, call_uuid: str, number: str, headers: Sequence[tuple[str, str]]) -> None: ...
    def expect(self, call_uuid: str, sip_call_id: str) -> None: ...
    def accept(self, call_uuid: str) -> None: ...
    def reject(self, call_uuid: str, status: int) -> None: ...
    def cancel(self, call_uuid: str) -> None: ...
    def bye(self, call_uuid: str) -> None: ...
    def hold(self, call_uuid: str, held: bool) -> None: ...
    def hold_microphone(self, call_uuid: str, on: bool) -> None: ...
    def mute(self, call_uuid: str, muted: bool) -> None: ...
    def set_aside(self, call_uuid: str, aside: bool) -> None: ...
    def restart_ice(self, call_uuid: str) -> None: ...
    def sample_media(self, call_uuid: str) -> None: ...
    def reopen_microphone(self, call_uuid: str) -> None: ...
    def send_dtmf(self, call_uuid: str, digits: str) -> None: ...
    def refer(self, call_uuid: str, number: str) -> None: ...
    def refer_to_call(self, call_uuid: str, target: str, dialog: Dialog, name: str) -> None: ...
    def replace(
        self, call_uuid: str, target: str, dialog: Dialog, *, muted: bool, held: bool, in_dialog: bool
    ) -> None: ...
    def cancel_replacement(self, call_uuid: str) -> None: ...
    def accept_takeover(self, call_uuid: str) -> None: ...
    def refuse_takeover(self, call_uuid: str, status: int) -> None: ...
    def await_relay(self, *, on: bool) -> None: ...
    def farewell(self, dialog: Dialog) -> None: ...
    def accept_refer(
        self, call_uuid: str, new_call_uuid: str, number: str, headers: Sequence[tuple[str, str]]
    ) -> None: ...
    def reject_refer(self, call_uuid: str, new_call_uuid: str, status: int) -> None: ...
    def play(self) -> None: ...
    def use_devices(self, microphone: str, speaker: str) -> None:
        """Ids, "" for the browser's own choice; for running calls too, from now on."""


class ParentWindow(Protocol):
    """`window.parent`: only messages from it, from an allowed origin, reach the listener."""

    def trust(self, token_origins: Sequence[str]) -> None: ...
    def listen(self, receive: Callable[[str], None]) -> None: ...
    def post(self, message: Mapping[str, Any]) -> None: ...
    def hold_back(self) -> None:
        """Post nothing more unless the page is shown again: then what there was to post, first."""


class TabChannel(Protocol):
    """The tabs of this browser that share an extension: one owns the phone, and all hear each other."""

    def ask(self, name: str, granted: Callable[[], None], receive: Callable[[str], None]) -> None:
        """Ask for ownership. `granted` is called once, when no tab that asked before is left: at once where
        there is none, or where the browser has no locks for us. `receive` gets what the others post."""

    def leave(self) -> None:
        """The next tab becomes the owner; nothing more is received."""

    def post(self, text: str) -> None:
        """To all the others; to nobody where the browser keeps the tabs apart."""


class Screen(Protocol):
    def show(self, view: View) -> None: ...
    def listen(self, dispatch: Dispatch, new_uuid: Callable[[], str]) -> None: ...


class Clock(Protocol):
    """now: seconds since the epoch."""

    def now(self) -> float: ...
    def start(self, name: str, delay: float, fire: Callable[[], None]) -> None: ...
    def stop(self, name: str) -> None: ...


class Ringer(Protocol):
    def play(self, sound: Sound) -> None: ...
    def tune(self, ringtone: Ringtone, volume: int, ringer: str, speaker: str) -> None:
        """volume: in percent; ringer, speaker: ids of devices, "" for the browser's own choice."""


class Devices(Protocol):
    """Microphones and loudspeakers, what the agent wants of them, and what may be tried out."""

    def listen(self, dispatch: Dispatch) -> None: ...
    def look(self) -> None:
        """Comes as DevicesListed."""

    def keep(self, preferences: Preferences) -> None: ...
    def ask_for_notifications(self) -> None:
        """Within a tap. Comes as PermissionAnswered."""

    def run(self, trial: Trial, microphone: str, speaker: str) -> None:
        """In the place of the one that runs. Comes as TrialMoved and VoiceHeard."""


class Announcer(Protocol):
    """Tells of a caller outside the frame: a desktop notification, the title, vibration."""

    def announce(self, call_uuid: str, number: str, name: str, *, notify: bool, vibrate: bool) -> None: ...
    def fall_silent(self) -> None: ...


class Backend(Protocol):
    """Our own server: answers as ConfigReceived or ConfigFailed, LeaseAnswered or LeaseFailed,
    HistoryReceived or HistoryFailed, Remembered or RememberFailed. Before any of them AccessRevoked, where
    what it was asked with no longer counts."""

    def fetch_config(self, token: str, token_expires_at: float, dispatch: Dispatch) -> None: ...
    def hold_lease(self, wish: HoldLease, dispatch: Dispatch) -> None: ...
    def check_access(self, ticket: str, dispatch: Dispatch) -> None: ...
    def load_history(self, ticket: str, dispatch: Dispatch) -> None: ...
    def remember(self, what: SaveHistory, dispatch: Dispatch) -> None: ...


class Records(Protocol):
    """What a call leaves behind for the next page, one record at a time (`core/resume/resume.py`)."""

    def keep(self, record: ResumeRecord, ticket: str) -> None:
        """Until `drop`: the record says how long this page was alive, and when it goes, that it has gone.

        `ticket`: that of sip-config, for where storage is denied.
        """

    def drop(self) -> None: ...

    def find(self, token: str, dispatch: Dispatch) -> None:
        """What a page before this one has left: a `RecordFound`, or nothing."""

    def leave_address(self, token: str, at_once: bool) -> None:
        """A frame that is reloaded alone finds its address again, with this token; "": it finds none.

        `at_once`: found from now on; otherwise within half a second, and nothing is held up by it.
        """

    def announced(self) -> frozenset[str]:
        """The answered calls, by uuid, that the parents of this tab's former pages were told of last."""

    def note_announced(self, calls: frozenset[str]) -> None:
        """For `announced` of the next page."""

    def note_dialled(self, times: tuple[float, ...]) -> None:
        """When this browser has dialled, in epoch seconds: for every page of it, not only of this tab."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them."""

    user_agent: UserAgent
    parent_window: ParentWindow
    screen: Screen
    clock: Clock
    ringer: Ringer
    backend: Backend
    records: Records
    tab_channel: TabChannel
    devices: Devices
    announcer: Announcer
