"""What the handlers work with, made once by the app factory and found through the request."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from server.api.rate_limits import RateLimits
from server.customers.passwords import PasswordChecker
from server.customers.tokens import EmbedTokens
from server.settings import Settings
from server.storage.database import Database
from server.storage.key_ring import KeyRing


@dataclass(frozen=True)
class Services:
    """`clock` gives epoch seconds; tests replace it."""

    settings: Settings
    database: Database
    limits: RateLimits
    passwords: PasswordChecker
    tokens: EmbedTokens
    ring: KeyRing
    clock: Callable[[], float]

    def now(self) -> int:
        """Whole epoch seconds."""
        return int(self.clock())


def services_of(request: Request) -> Services:
    """The services of the app that serves this request."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - the app factory put it there
    return services


def host_of(request: Request) -> str:
    """The Host header as it came; customers/accounts.py finds whose it is."""
    return request.headers.get("host", "")
