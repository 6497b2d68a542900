"""How often somebody may call (contract section 2), counted in this process.

A sliding window: the exact times of the last `most` calls of each key. Refused calls are not counted,
so `Retry-After` is true for whoever waits. Two processes would count separately.
"""

import ipaddress
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import Scope

from server.errors import TooManyRequests

WINDOW = 60.0
"""Seconds."""

MOST_KEYS = 20_000
"""Per limit. The key that was quiet longest is forgotten first: memory stays bounded under a flood."""

_SCOPE_KEY = "zorio.allowance"
_NOBODY: Mapping[str, deque[float]] = {}


@dataclass(frozen=True)
class Limit:
    """At most `most` calls in `window` seconds."""

    name: str
    most: int
    window: float = WINDOW


LOGIN = Limit("login", 5)
"""Per customer, address and user name: agents who share an office address do not lock each other out."""

LOGINS_OF_ADDRESS = Limit("logins-of-address", 60)
"""Per address, whatever the user name: one password against many names, and bodies that are no login."""

WRONG_LOGINS_OF_NAME = Limit("wrong-logins-of-name", 20, 600.0)
"""Per customer and user name, whatever the address: somebody with many addresses guesses one password.
Only tries that were wrong count, and none from an address where this person has logged in: a stranger who
uses the places up does not lock the person out of their own CRM."""

KNOWN_ADDRESSES = Limit("known-addresses", 1, 30 * 86_400.0)
"""Per customer, user name and address: a login was right there."""

GUESSES = Limit("wrong-credentials", 100)
"""Per address: bearers, tokens and tickets that were never ours. Good ones of that address go on working."""

PBX_GUESSES = Limit("wrong-pbx-secrets", 10)
"""Per customer and address. A person may have made that secret up: beyond it the right one is refused too."""

AUTH = Limit("auth", 30)
WEBPHONE = Limit("webphone", 60)
LEASES = Limit("leases", 60)
"""Per ticket; a phone asks 12 times a minute."""

MISSED = Limit("missed-calls", 600)
"""Per secret: a PBX reports for all extensions of its customer."""

HISTORY = Limit("memory", 60)
"""Per ticket; a phone asks once after its start and once for each call."""


@dataclass(frozen=True)
class Allowance:
    """What a call was told: `reset_at` (epoch seconds) is when the next place gets free."""

    limit: int
    remaining: int
    reset_at: int
    retry_after: int
    """Whole seconds; 0: the call may go on."""

    def headers(self) -> dict[str, str]:
        """X-RateLimit-Limit, -Remaining and -Reset (epoch seconds)."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }


@dataclass
class RateLimits:
    """The counters. Used from the event loop only, so it needs no lock."""

    clock: Callable[[], float]
    _calls: dict[str, OrderedDict[str, deque[float]]] = field(default_factory=dict, init=False, repr=False)

    def take(self, limit: Limit, key: str) -> Allowance:
        """Counts one call of `key` if there is a place for it."""
        now = self.clock()
        keys = self._calls.setdefault(limit.name, OrderedDict())
        times = keys.setdefault(key, deque())
        keys.move_to_end(key)
        if len(keys) > MOST_KEYS:
            keys.popitem(last=False)
        # A clock that was set back leaves times in the future; they must not shut somebody out for hours.
        while times and not times[0] <= now < times[0] + limit.window:
            times.popleft()
        allowed = len(times) < limit.most
        if allowed:
            times.append(now)
        return self._allowance(limit, times, now, allowed)

    def look(self, limit: Limit, key: str) -> Allowance:
        """What `take` would say now; counts nothing."""
        now = self.clock()
        times = self._calls.get(limit.name, _NOBODY).get(key, ())
        fresh = deque(time for time in times if time <= now < time + limit.window)
        return self._allowance(limit, fresh, now, len(fresh) < limit.most)

    def give_back(self, limit: Limit, key: str) -> None:
        """The last call that `take` counted for this key was none after all."""
        times = self._calls.get(limit.name, _NOBODY).get(key)
        if times:
            times.pop()

    @staticmethod
    def _allowance(limit: Limit, times: deque[float], now: float, allowed: bool) -> Allowance:
        free_at = (times[0] if times else now) + limit.window
        return Allowance(
            limit=limit.most,
            remaining=limit.most - len(times),
            reset_at=math.ceil(free_at),
            retry_after=0 if allowed else min(int(limit.window), max(1, math.ceil(free_at - now))),
        )

    def count(self, request: Request, limit: Limit, key: str) -> None:
        """Counts this request; its answer will carry the X-RateLimit headers. Raises TooManyRequests."""
        allowance = self.take(limit, key)
        request.scope[_SCOPE_KEY] = allowance
        if allowance.retry_after:
            raise TooManyRequests(allowance.retry_after)


def allowance_of(scope: Scope) -> Allowance | None:
    """What `count` found for this request, if it was limited."""
    allowance = scope.get(_SCOPE_KEY)
    return allowance if isinstance(allowance, Allowance) else None


def address_of(request: Request) -> str:
    """The caller's address; for IPv6 its /64, because one household owns all of that."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address.packed, 64), strict=False))
