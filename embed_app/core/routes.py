"""Who handles what: every message, every timer, and what runs after every step. The index of the core.

A message with several handlers is given to them in the order that stands here; a comment says why where the
order matters. Handlers are plain functions of the features. A test holds the tables complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from embed_app.core.call import (
    call_length,
    dialling,
    ending,
    permission,
    referral,
    reports,
    ring_flood,
    transfer,
    two_calls,
    voice,
    wishes,
)
from embed_app.core.call import messages as call_msg
from embed_app.core.call.values import Call
from embed_app.core.history import history
from embed_app.core.history import messages as history_msg
from embed_app.core.link import (
    challenges,
    connecting,
    disconnecting,
    keep_alive,
    lease,
    ownership,
    reconnect,
    registering,
    revocation,
    tokens,
)
from embed_app.core.link import messages as link_msg
from embed_app.core.media import ice_restart, loss, microphone, relay, sampling
from embed_app.core.media import messages as media_msg
from embed_app.core.message import Message, ParentMistake, UserAgentFault
from embed_app.core.phone import Phone
from embed_app.core.resume import handover, replacement, resume, ring_again, takeover
from embed_app.core.resume import messages as resume_msg
from embed_app.core.screen import folding, pages
from embed_app.core.screen import messages as screen_msg
from embed_app.core.sound import caller, devices, ringing, trials
from embed_app.core.sound import messages as sound_msg
from embed_app.core.step import Step
from embed_app.core.timers import TimerKind

MESSAGES: Mapping[type[Message], tuple[Callable[[Step, Any], None], ...]] = {
    # the token, the server and the other tabs
    # Whose record it may be, the token says.
    link_msg.Started: (permission.started, connecting.started, resume.take_back),
    link_msg.ConnectRequested: (connecting.connect_requested,),
    link_msg.DisconnectRequested: (
        ending.disconnect_requested,
        devices.disconnect_requested,
        disconnecting.disconnect_requested,
    ),
    link_msg.TakeOverRequested: (lease.take_over,),
    link_msg.TokenOffered: (tokens.token_offered,),
    link_msg.ConfigReceived: (tokens.config_received, history.config_received),
    link_msg.ConfigFailed: (tokens.config_failed,),
    link_msg.LeaseAnswered: (lease.answered,),
    link_msg.LeaseFailed: (lease.failed,),
    link_msg.AccessRevoked: (revocation.revoked,),
    # The last one accepts the ownership; those before it look whether it is still to be accepted.
    link_msg.OwnershipGranted: (
        handover.ownership_granted,
        history.ownership_granted,
        ownership.granted,
    ),
    link_msg.OwnerShown: (history.owner_shown, handover.owner_shown, devices.owner_shown),
    # the WebSocket and the PBX
    link_msg.ConfigureFailed: (tokens.configure_failed,),
    link_msg.TransportUp: (registering.transport_up,),
    link_msg.TransportDown: (ending.transport_down, registering.transport_down),
    link_msg.RegisterAccepted: (
        registering.register_accepted,
        challenges.register_accepted,
        ice_restart.registered,
    ),
    link_msg.RegisterFailed: (registering.register_failed,),
    link_msg.ChallengeRefused: (challenges.refused,),
    link_msg.Unregistered: (disconnecting.unregistered, lease.unregistered),
    media_msg.RelayReported: (relay.reported,),
    link_msg.Pong: (keep_alive.pong, ice_restart.transport_alive),
    # the browser and its page
    link_msg.WentOnline: (
        ice_restart.network_changed,  # must still see that the phone was offline
        reconnect.went_online,
        history.retry,
        keep_alive.went_online,
    ),
    link_msg.WentOffline: (reconnect.went_offline,),
    link_msg.PageLeft: (referral.page_left, resume.page_left, lease.page_left, history.page_left),
    link_msg.PageFrozen: (ownership.page_frozen,),
    resume_msg.RecordFound: (resume.take_back,),
    # calls
    call_msg.DialRequested: (dialling.dial,),
    call_msg.InviteReceived: (ring_again.invite_received, dialling.invite_received),
    call_msg.Referred: (referral.referred,),
    call_msg.AudioUnlockRequested: (ringing.unlock,),
    # the history and do not disturb
    history_msg.DoNotDisturbChosen: (history.choose_do_not_disturb,),
    history_msg.HistoryRequested: (history.retry,),
    history_msg.HistoryReceived: (history.received,),
    history_msg.HistoryFailed: (history.failed,),
    history_msg.HistorySaved: (history.saved,),
    history_msg.HistorySaveFailed: (history.save_failed,),
    # devices and sound
    sound_msg.DevicesChanged: (microphone.devices_changed, devices.devices_changed),
    sound_msg.DeviceChosen: (devices.device_chosen,),
    sound_msg.RingtoneChosen: (devices.ringtone_chosen,),
    sound_msg.VolumeChosen: (devices.volume_chosen,),
    sound_msg.SwitchFlipped: (devices.switch_flipped,),
    sound_msg.NotificationsAsked: (devices.notifications_asked,),
    sound_msg.PermissionAnswered: (devices.permission_answered,),
    sound_msg.PreferencesFound: (devices.preferences_found,),
    sound_msg.DevicesListed: (devices.devices_listed,),
    sound_msg.TrialRequested: (trials.trial_requested,),
    sound_msg.TrialMoved: (trials.trial_moved,),
    sound_msg.VoiceHeard: (trials.voice_heard,),
    # the screen
    screen_msg.PanelChosen: (pages.panel_chosen,),
    screen_msg.PageChosen: (history.page_chosen, pages.page_chosen, folding.keep_open),
    screen_msg.FoldChosen: (pages.fold_chosen,),
    screen_msg.WidthChanged: (pages.width_changed,),
    screen_msg.VisibilityChanged: (pages.visibility_changed,),
    # what went wrong elsewhere
    ParentMistake: (pages.parent_mistake,),
    UserAgentFault: (pages.user_agent_fault,),
}
"""Not here: `CallWish`, `CallReport`, `TimerFired` and `WokeUp`, which `update` spreads itself."""

Wish = Callable[[Step, Call, Any], None]

WISHES: Mapping[type[call_msg.CallWish], Wish] = {
    call_msg.AnswerRequested: wishes.answer,
    call_msg.HangupRequested: wishes.hangup,
    call_msg.SilenceRequested: wishes.silence,
    call_msg.MuteRequested: wishes.mute,
    call_msg.UnmuteRequested: wishes.unmute,
}
"""What the agent or the parent wants of a call in any state; without a call `no_call` is told."""

WISHES_IN_CALL: Mapping[type[call_msg.CallWish], Wish] = {
    call_msg.HoldRequested: wishes.hold,
    call_msg.UnholdRequested: wishes.unhold,
    call_msg.DtmfRequested: wishes.send_digits,
    call_msg.TransferRequested: transfer.transfer,
    call_msg.JoinRequested: wishes.join,
    call_msg.ReturnRequested: wishes.go_back,
    call_msg.TransferAccepted: referral.accept,
    call_msg.TransferDeclined: referral.decline,
}
"""The same of an answered call; in another state `invalid_state` is told."""

REPORTS: Mapping[type[call_msg.CallReport], tuple[Callable[[Step, Call, Any], None], ...]] = {
    call_msg.CallNotTaken: (reports.not_taken,),
    call_msg.InviteSent: (reports.invite_sent,),
    call_msg.CallProgress: (reports.progress, replacement.far_end_rings),
    # The first one moves the call to ANSWERED.
    call_msg.CallAccepted: (reports.accepted, replacement.succeeded, sampling.watch),
    call_msg.CallEnded: (reports.ended,),
    call_msg.DialogKnown: (replacement.dialog_known,),
    resume_msg.ReplacementFailed: (replacement.failed,),
    resume_msg.TakeoverAsked: (takeover.asked,),
    call_msg.MicrophoneFailed: (reports.microphone_failed,),
    call_msg.HoldChanged: (reports.hold_changed,),
    call_msg.HoldFailed: (reports.hold_failed,),
    call_msg.DigitReceived: (reports.digit_received,),
    call_msg.DtmfFailed: (reports.digits_failed,),
    call_msg.ReferAccepted: (transfer.refer_accepted,),
    call_msg.ReferProgress: (transfer.refer_progress,),
    call_msg.ReferFailed: (transfer.refer_failed,),
    call_msg.PlaybackBlocked: (reports.playback_blocked,),
    call_msg.PlaybackStarted: (reports.playback_started,),
    media_msg.MediaChanged: (loss.connection_changed,),
    media_msg.MediaSampled: (sampling.sampled,),
    media_msg.IceRestarted: (ice_restart.accepted,),
    media_msg.IceRestartFailed: (ice_restart.failed,),
    media_msg.MicrophoneEnded: (microphone.ended,),
    media_msg.MicrophoneReady: (microphone.ready,),
}
"""What SIP, the media and the browser report about a call. About an unknown or ended one it is dropped."""

PHONE_TIMERS: Mapping[TimerKind, Callable[[Step, float], None]] = {
    TimerKind.RECONNECT: reconnect.reconnect_due,
    TimerKind.PING: keep_alive.ping_due,
    TimerKind.PONG: keep_alive.no_pong,
    TimerKind.TOKEN_EXPIRY: tokens.token_runs_out,
    TimerKind.CREDENTIALS_EXPIRY: tokens.credentials_run_out,
    TimerKind.LEASE_RENEWAL: lease.renew,
    TimerKind.ACCESS_CHECK: revocation.check,
    TimerKind.UNREGISTERING: lease.unregistering_took_too_long,
    TimerKind.LEAVE: disconnecting.leave_took_too_long,
    TimerKind.HISTORY_LOAD: history.load_due,
    TimerKind.HISTORY_SAVE: history.save_due,
    TimerKind.ENDED_SHOWN: ending.ended_was_shown,
    TimerKind.BANNER_SHOWN: pages.banner_was_shown,
    TimerKind.REPLACED_SHOWN: devices.replaced_was_shown,
    TimerKind.TRIAL: trials.trial_took_too_long,
}
"""The second argument: by how many seconds the timer fired late."""

CALL_TIMERS: Mapping[TimerKind, Callable[[Step, Call], None]] = {
    TimerKind.QUEUED: dialling.queued_too_long,
    TimerKind.INVITING: dialling.nobody_answers_there,
    TimerKind.RINGING: dialling.nobody_answers_here,
    TimerKind.RING_AGAIN: ring_again.never_rang_again,
    TimerKind.TRANSFER: transfer.ran_out,
    TimerKind.QUESTION: referral.nobody_answered,
    TimerKind.HOLD_RETRY: reports.hold_again,
    TimerKind.LONGEST_CALL: call_length.reached,
    TimerKind.SAMPLE: sampling.ask_for_sample,
    TimerKind.NO_AUDIO: sampling.nothing_came,
    TimerKind.ICE_RESTART: loss.patience_ended,
    TimerKind.MEDIA_LOST: loss.give_up,
    TimerKind.RESUME_TRY: replacement.try_may_be_repeated,
    TimerKind.RESUME_LIMIT: replacement.ran_out,
}

Follower = Callable[[Step, Phone, Message], None]

FOLLOWERS: tuple[Follower, ...] = (
    # Calls first: what they became decides about all that follows.
    dialling.send_or_end_queued,
    history.look_again,
    replacement.follow,
    transfer.follow_ends,
    call_length.follow,
    referral.withdraw,
    # After the ends of calls are known, because they give the focus back.
    two_calls.keep_one_in_focus,
    voice.tell_changes,
    # After the calls, because a call keeps registration, ownership and WebSocket.
    revocation.unregister_after_calls,
    ownership.release_useless,
    lease.close_useless_transport,
    trials.end_unwanted,
    devices.tell_changes,
    ring_flood.forget_answered,
    history.keep_ended_calls,
    folding.open_or_fold,
    # Last: whoever answers does not wait for a sound to stop or a notification to close.
    ringing.play,
    caller.announce_caller,
)
"""What must hold after every step, in this order: (the step, the phone before it, its message)."""
