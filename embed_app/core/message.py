"""What every message has. Stamped by the shell, because the core has no clock and no randomness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that has happened. `at`: when, in seconds since the epoch."""

    at: float = 0.0
    chance: float = 0.5
    """0 to 1, drawn by the shell for each message: what jitter is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentMistake(Message):
    """The parent sent something that is no command, or the address had a wrong parameter."""

    code: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgentFault(Message):
    """A fault of ours in the SIP user agent. kind: the name of the error; where: the place. Never data."""

    kind: str
    where: str
