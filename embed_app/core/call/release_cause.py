"""Why a call ended: SIP status and Reason header -> the `reason` of `call_hangup` (contract section 3).

Sources: RFC 3261 section 21 (status codes), RFC 3326 (Reason), RFC 4497 section 8.4.4 and
ITU-T Q.850 (causes a gateway puts there).
"""

from __future__ import annotations

import re

from embed_app.core.call.values import Reason

# 487 is here for a request that somebody else terminated (a PBX whose ring time ran out):
# the one we cancelled ourselves has ended before its 487 arrives.
_BY_STATUS = {
    401: Reason.FORBIDDEN,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    407: Reason.FORBIDDEN,
    408: Reason.NO_ANSWER,
    410: Reason.NOT_FOUND,
    480: Reason.UNAVAILABLE,
    484: Reason.NOT_FOUND,
    486: Reason.BUSY,
    487: Reason.NO_ANSWER,
    600: Reason.BUSY,
    603: Reason.REJECTED,
    604: Reason.NOT_FOUND,
    607: Reason.REJECTED,
}
_BY_Q850 = {
    1: Reason.NOT_FOUND,
    16: Reason.REMOTE_HANGUP,
    17: Reason.BUSY,
    18: Reason.NO_ANSWER,
    19: Reason.NO_ANSWER,
    20: Reason.UNAVAILABLE,
    21: Reason.REJECTED,
    22: Reason.NOT_FOUND,
    26: Reason.ANSWERED_ELSEWHERE,
    27: Reason.UNAVAILABLE,
    28: Reason.NOT_FOUND,
}
_REASON = re.compile(r"\s*(SIP|Q\.850)\s*;(?:[^,]*;)?\s*cause\s*=\s*(\d{1,3})", re.IGNORECASE)


def parse_reason_header(value: str) -> dict[str, int]:
    """`Reason: Q.850;cause=17;text="busy", SIP;cause=486` -> {"Q.850": 17, "SIP": 486}. Never raises."""
    return {m[1].upper(): int(m[2]) for m in _REASON.finditer(value[:1000])}


def release_cause(kind: str, status: int, reason_header: str, *, by_remote: bool, answered: bool) -> Reason:
    """The reason for one `ended` report of the user agent.

    kind: "bye", "cancel", "reject" or "failed"; status: the final SIP status, 0 where none came.
    """
    causes = parse_reason_header(reason_header)
    if kind == "bye":
        return Reason.REMOTE_HANGUP if by_remote else Reason.LOCAL_HANGUP
    if kind == "cancel":
        elsewhere = causes.get("SIP") == 200 or causes.get("Q.850") == 26
        return Reason.ANSWERED_ELSEWHERE if elsewhere else Reason.CANCELLED
    if kind == "reject":
        if "Q.850" in causes and not answered:
            found = _BY_Q850.get(causes["Q.850"])
            if found is not None and found is not Reason.REMOTE_HANGUP:
                return found
        return _BY_STATUS.get(status, Reason.ERROR)
    return _BY_STATUS.get(status, Reason.ERROR) if status else Reason.SIGNALING_LOST
