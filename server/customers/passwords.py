"""Login passwords: argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane; about 50 ms each).

At most two are computed at once, whoever asks: more would take all the memory and both processors.
"""

from functools import cache

import anyio
import anyio.to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Unavailable

AT_ONCE = 2
LONGEST_QUEUE = 40
"""Waiting logins. Beyond about one second of work the answer is 503: a queue without end helps nobody."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """The PHC string to keep in `users.password_hash`. Blocks for about 50 ms."""
    return _hasher.hash(password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


class PasswordChecker:
    """Checks passwords in threads, two at once."""

    def __init__(self) -> None:
        self._threads = anyio.CapacityLimiter(AT_ONCE)
        self._waiting = 0

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. `None` (no such user) takes as long and is never right.

        Raises Unavailable when too many logins wait already.
        """
        if self._waiting >= LONGEST_QUEUE:
            raise Unavailable(2)
        self._waiting += 1
        try:
            right = await anyio.to_thread.run_sync(
                _matches, password_hash or _nobodys_hash(), password, limiter=self._threads
            )
        finally:
            self._waiting -= 1
        return right and password_hash is not None
