"""What a page finds of the calls of the page before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.call.messages import CallReport
from embed_app.core.message import Message
from embed_app.core.resume.values import ResumeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFound(Message):
    """`record`: what a former page left behind (`resume.py`); `owner_gone`: whether that page is gone for
    certain, None where the browser cannot tell."""

    record: ResumeRecord = field(repr=False)
    owner_gone: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverAsked(CallReport):
    """Another session wants the place of the one we are in (RFC 3891).

    same_party: it is the far end itself; the PBX has checked the From. sent_by_party: it says that the far
    end sent it (Referred-By, RFC 3892). early_only: it wants a call that is not answered yet.
    """

    same_party: bool
    sent_by_party: bool
    early_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementFailed(CallReport):
    """A try to take the call back. status: the final one; 0: no answer."""

    status: int
