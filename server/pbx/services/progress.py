"""How far a call is.

calling -> ringing -> answered -> ended          (ringing may be skipped, and so may answered)
"""

import asyncio
from typing import Literal

State = Literal["calling", "ringing", "answered", "ended"]


class Progress:
    """`state` moves as above, and never back."""

    def __init__(self) -> None:
        self.state: State = "calling"
        self._seen: set[State] = {"calling"}
        self._changed = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.state == "ended"

    async def wait_for(self, state: State, within: float | None = None) -> bool:
        """True once the call is or was in `state`; False when it ended without, or `within` s have passed.

        A call that was answered counts as having rung.
        """
        try:
            async with asyncio.timeout(within):
                while state not in self._seen and not self.is_over:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return state in self._seen

    async def over(self) -> None:
        """Wait for the end of the call."""
        await self.wait_for("ended")

    def _enter(self, state: State) -> None:
        if not self.is_over:
            self.state = state
            self._seen |= {"ringing", state} if state == "answered" else {state}
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
