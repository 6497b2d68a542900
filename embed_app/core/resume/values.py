"""What a page leaves of its calls to the next page, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.call.values import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRecord:
    """`call` and its `dialog`, and whose they are. Times are those of this machine's clock, in epoch seconds.
    `others` wait on hold beside it, ring or are dialled; one that is not answered is `call` only if none is.

    `alive_at` is the last time the page that owns the call was seen alive; `released` means that it has gone
    on purpose: reloaded, navigated or closed.
    """

    extension: str
    customer: str
    call: Call
    others: tuple[Call, ...] = ()
    alive_at: float = 0.0
    released: bool = False

    @property
    def calls(self) -> tuple[Call, ...]:
        """All of them, the one the agent was with first."""
        return (self.call, *self.others)
