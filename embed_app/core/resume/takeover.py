"""Who may take the place of the far end of a call (RFC 3891 section 3)."""

from __future__ import annotations

from embed_app.core.call.values import Call, CallState
from embed_app.core.resume.effects import AcceptTakeover, RefuseTakeover
from embed_app.core.resume.messages import TakeoverAsked
from embed_app.core.step import Step

_FORBIDDEN = 403
_BUSY_HERE = 486
_RETRY_LATER = 491


def asked(step: Step, call: Call, message: TakeoverAsked) -> None:
    """The far end itself, whose page was reloaded, or whom it transfers to us (RFC 5589 section 7).

    That the far end is the same one as before, nobody but we can check. A Referred-By can be made up, but not
    the tags of the call, which the INVITE must name as well.
    """
    if not (message.same_party or message.sent_by_party):
        step.emit(RefuseTakeover(call.uuid, _FORBIDDEN))
    elif message.early_only:
        step.emit(RefuseTakeover(call.uuid, _BUSY_HERE))
    elif call.state is not CallState.ANSWERED:
        step.emit(RefuseTakeover(call.uuid, _RETRY_LATER))
    else:
        step.emit(AcceptTakeover(call.uuid))
