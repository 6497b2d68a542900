"""How long the SIP credentials and the token of the configuration are valid, and when to renew them.

Both are durations in seconds from the server's answer, so a wrong clock on this machine harms nothing.
"""

from __future__ import annotations

from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

TOKEN_AHEAD = 120.0
"""Seconds before its end. Chromium may hold back the timers of a hidden page by a minute."""
MARGIN = 60.0
"""Seconds before the end of the credentials at which new ones are fetched."""
NEARLY_OUT = 30.0
"""Seconds before the end of the credentials from which on no REGISTER is begun: it might be refused."""
SHORTEST = 10.0
"""Seconds: however soon the server says credentials end, they are not renewed more often than this."""


def start_timers(step: Step) -> None:
    """Start the timers of both, for what is left of them."""
    config = step.link.config
    if config is None:
        return
    passed = step.at - step.link.config_at
    # A quarter of its time for a short one: a parent that refreshes at once must not go round and round.
    warn_at = max(config.token_expires_in / 4, config.token_expires_in - TOKEN_AHEAD)
    step.start_timer(Timer(TimerKind.TOKEN_EXPIRY), max(0.0, warn_at - passed))
    if config.credentials_expire_in is not None:
        left = config.credentials_expire_in
        renew_at = max(SHORTEST, left / 2, left - MARGIN)
        step.start_timer(Timer(TimerKind.CREDENTIALS_EXPIRY), max(0.0, renew_at - passed))


def ran_out(step: Step, margin: float = 0.0) -> bool:
    """Whether the credentials have expired. `margin`: seconds by which they count as expired earlier."""
    config = step.link.config
    if config is None or config.credentials_expire_in is None:
        return False
    # A fresh answer is used whatever it says: asking again at once would be a loop.
    return step.at - step.link.config_at >= max(SHORTEST, config.credentials_expire_in - margin)
