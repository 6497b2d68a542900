"""Tickets: what proves later that a browser once had a good embed token.

A token is good for minutes, a phone works for hours. So `sip-config` gives tickets, each for one purpose and
sealed for one customer (sealing.py): whoever holds one reads nothing in it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from server.customers.accounts import Account
from server.errors import Unauthenticated, WrongTicket
from server.storage.sealing import BadSeal, Sealer


class Facts(Protocol):
    """What a ticket says. `expires_at`: epoch seconds."""

    @property
    def expires_at(self) -> int:
        """Epoch seconds."""


Said = TypeVar("Said", bound=Facts)


class Tickets(Generic[Said]):
    """Those of one purpose. `keys` are those of the settings: kid -> secret, newest first."""

    def __init__(self, purpose: str, says: type[Said]) -> None:
        """`purpose`: a ticket of another one does not open. `says`: a msgspec.Struct."""
        self._purpose, self._says = purpose, says

    def seal(self, facts: Said, account: Account, keys: Mapping[str, str]) -> str:
        """A ticket, in characters that a header may have."""
        text = msgspec.json.encode(facts).decode()
        return base64.urlsafe_b64encode(Sealer(keys, self._purpose).seal(text, account.public_id)).decode()

    def open(self, ticket: str, account: Account, keys: Mapping[str, str], now: int) -> Said:
        """Raises NotFound for what is no ticket of this customer, Unauthenticated for one that ran out, or
        that an older version made and that says less."""
        try:
            sealed = base64.urlsafe_b64decode(ticket)
            text = Sealer(keys, self._purpose).open(sealed, account.public_id)
        except (BadSeal, binascii.Error, ValueError) as error:
            raise WrongTicket from error
        try:
            facts = msgspec.json.decode(text, type=self._says)
        except msgspec.ValidationError as error:
            raise Unauthenticated from error
        if facts.expires_at <= now:
            raise Unauthenticated
        return facts
