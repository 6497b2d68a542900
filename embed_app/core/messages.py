"""Everything that can happen to the phone. `update` is the only reader.

Each message is stamped by the runtime with `at`, the time it came (seconds since the epoch), and with
`chance`: the core has no clock and no randomness of its own. Where a message makes a new call it
brings the call's uuid with it for the same reason. Reports about one call are in `call_messages`, wishes
about one in `call_wish_messages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.call_messages import (
    CallAccepted as CallAccepted,
)
from embed_app.core.call_messages import (
    CallEnded as CallEnded,
)
from embed_app.core.call_messages import (
    CallNotTaken as CallNotTaken,
)
from embed_app.core.call_messages import (
    CallProgress as CallProgress,
)
from embed_app.core.call_messages import (
    CallReport as CallReport,
)
from embed_app.core.call_messages import (
    DialogKnown as DialogKnown,
)
from embed_app.core.call_messages import (
    DigitReceived as DigitReceived,
)
from embed_app.core.call_messages import (
    HoldChanged as HoldChanged,
)
from embed_app.core.call_messages import (
    HoldFailed as HoldFailed,
)
from embed_app.core.call_messages import (
    IceRestarted as IceRestarted,
)
from embed_app.core.call_messages import (
    IceRestartFailed as IceRestartFailed,
)
from embed_app.core.call_messages import (
    InviteSent as InviteSent,
)
from embed_app.core.call_messages import (
    MediaChanged as MediaChanged,
)
from embed_app.core.call_messages import (
    MediaSampled as MediaSampled,
)
from embed_app.core.call_messages import (
    MicrophoneEnded as MicrophoneEnded,
)
from embed_app.core.call_messages import (
    MicrophoneFailed as MicrophoneFailed,
)
from embed_app.core.call_messages import (
    MicrophoneReady as MicrophoneReady,
)
from embed_app.core.call_messages import (
    PlaybackBlocked as PlaybackBlocked,
)
from embed_app.core.call_messages import (
    PlaybackStarted as PlaybackStarted,
)
from embed_app.core.call_messages import (
    ReferAccepted as ReferAccepted,
)
from embed_app.core.call_messages import (
    ReferFailed as ReferFailed,
)
from embed_app.core.call_messages import (
    ReferProgress as ReferProgress,
)
from embed_app.core.call_messages import (
    Referred as Referred,
)
from embed_app.core.call_messages import (
    ReplacementFailed as ReplacementFailed,
)
from embed_app.core.call_wish_messages import AnswerRequested as AnswerRequested
from embed_app.core.call_wish_messages import CallWish as CallWish
from embed_app.core.call_wish_messages import DtmfRequested as DtmfRequested
from embed_app.core.call_wish_messages import HangupRequested as HangupRequested
from embed_app.core.call_wish_messages import HoldRequested as HoldRequested
from embed_app.core.call_wish_messages import JoinRequested as JoinRequested
from embed_app.core.call_wish_messages import MuteRequested as MuteRequested
from embed_app.core.call_wish_messages import ReturnRequested as ReturnRequested
from embed_app.core.call_wish_messages import SilenceRequested as SilenceRequested
from embed_app.core.call_wish_messages import TransferRequested as TransferRequested
from embed_app.core.call_wish_messages import UnholdRequested as UnholdRequested
from embed_app.core.call_wish_messages import UnmuteRequested as UnmuteRequested
from embed_app.core.memory_messages import DoNotDisturbChosen as DoNotDisturbChosen
from embed_app.core.memory_messages import HistoryFailed as HistoryFailed
from embed_app.core.memory_messages import HistoryReceived as HistoryReceived
from embed_app.core.memory_messages import HistoryRequested as HistoryRequested
from embed_app.core.memory_messages import Remembered as Remembered
from embed_app.core.memory_messages import RememberFailed as RememberFailed
from embed_app.core.message import Message as Message
from embed_app.core.model import SipConfig
from embed_app.core.resume_record import ResumeRecord
from embed_app.core.screen_messages import FoldChosen as FoldChosen
from embed_app.core.screen_messages import PageChosen as PageChosen
from embed_app.core.screen_messages import PanelChosen as PanelChosen
from embed_app.core.screen_messages import WidthChanged as WidthChanged

# ---- wishes: the agent on the screen, or the parent by a command -------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Message):
    """Python is up. `token` is None when the address had none.

    `record`, `owner_gone`: as in `RecordFound`; not looked for where the token is of no use.
    """

    token: str | None = field(repr=False)
    record: ResumeRecord | None = field(default=None, repr=False)
    owner_gone: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFound(Message):
    """`record`: what a former page left behind (`resume.py`); `owner_gone`: whether that page is gone for
    certain, None where the browser cannot tell."""

    record: ResumeRecord = field(repr=False)
    owner_gone: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequested(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectRequested(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverRequested(Message):
    """The agent wants the phone here and not at the other place where it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOffered(Message):
    """`refresh_token`: a new embed token for the same extension."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRequested(Message):
    """The number as it was typed or sent; `dial_string` decides what may reach SIP."""

    call_uuid: str
    number: str = field(repr=False)
    campaign_id: str | None = None
    lead_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    second: bool = False
    """The agent adds a call: the one there is goes on hold. Without it, it has to be on hold already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioUnlockRequested(Message):
    """The agent tapped "hear the call" after the browser had blocked playback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentMistake(Message):
    """The parent sent something that is no command, or the address had a wrong parameter."""

    code: str
    fields: tuple[str, ...] = ()


# ---- the server --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigAnswer(Message):
    """`token` is the one it was asked with (stamped by the runtime): another may have come meanwhile."""

    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReceived(ConfigAnswer):
    config: SipConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFailed(ConfigAnswer):
    """status: the HTTP status; 0 when no answer came or the answer made no sense."""

    status: int


# ---- the network and the PBX -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportUp(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportDown(Message):
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAccepted(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFailed(Message):
    """status 0: no answer."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong(Message):
    """Something came over the WebSocket after a Ping; `crlf`: it was the answer to a CRLF, nothing else."""

    crlf: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOnline(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOffline(Message):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class WokeUp(Message):
    """The page is seen again, came back from the browser's cache, or the network is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityChanged(Message):
    """Whether anybody can see the page that holds the frame."""

    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesChanged(Message):
    """A microphone or loudspeaker was plugged in or out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteReceived(Message):
    call_uuid: str
    sip_call_id: str
    number: str = field(repr=False)
    display_name: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


# ---- time --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Message):
    name: str
    generation: int
