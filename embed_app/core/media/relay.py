"""Which relay is waited for."""

from __future__ import annotations

from embed_app.core.media.effects import AwaitRelay
from embed_app.core.media.messages import RelayReported
from embed_app.core.step import Step


def reported(step: Step, message: RelayReported) -> None:
    """One that was waited for in vain makes no further call late, until it answers after all."""
    step.emit(AwaitRelay(message.answers))
