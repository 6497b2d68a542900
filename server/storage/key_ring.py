"""Values encrypted at rest under the keys of ZORIO_DATA_KEYS: AES-256-GCM (NIST SP 800-38D).

Not `MultiFernet`: a Fernet token says nothing of whose it is, so whoever may write to the database could put
one user's password into another user's row and read it there. Here the owner (column and row) is
authenticated with the value, and so is the name of the key, by which a lost key can be told.

A sealed value: MARK, the length of the key's name in one byte, that name, a nonce of 12 bytes, what AES-GCM
makes of the text.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.settings import key_bytes
from server.storage.sealing import BadSeal

MARK = b"zdk1"
"""Begins every sealed value. What older versions sealed begins with a random nonce."""
_NONCE = 12


class NoKey(ValueError):
    """There is something to encrypt and nothing to encrypt it with."""

    def __init__(self) -> None:
        super().__init__(
            "ZORIO_DATA_KEYS is empty: secrets are encrypted with it; give it the value that `serve` has, "
            "or a new one from `zorio-webphone data-keys new` where there is none yet"
        )


class LostKey(BadSeal):
    """Sealed with a key that the ring does not have. The text names the key, never a value."""


def new_key() -> str:
    """32 random bytes in base64url (RFC 4648 section 5): the form of a Fernet key."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


class KeyRing:
    """Seals with the first key and opens with the one that the value names."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys`: name -> key in base64url, newest first; none at all opens and seals nothing.

        Raises ValueError for what is no key.
        """
        self._ciphers = {name: AESGCM(key_bytes(key)) for name, key in keys.items()}

    @property
    def head(self) -> bytes:
        """What every value begins with that is sealed by the newest key. Raises NoKey."""
        if not self._ciphers:
            raise NoKey
        return _head(next(iter(self._ciphers)))

    def seal(self, text: str, owner: str) -> bytes:
        """`owner`: column and row; the value opens for no other. Raises NoKey."""
        head, nonce = self.head, os.urandom(_NONCE)
        cipher = next(iter(self._ciphers.values()))
        return head + nonce + cipher.encrypt(nonce, text.encode(), head + owner.encode())

    def open(self, sealed: bytes, owner: str) -> str:
        """The text. Raises LostKey without its key; BadSeal for another owner, and for what was changed."""
        name = key_of(sealed)
        head = _head(name)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise LostKey(f"the key {name} is not in ZORIO_DATA_KEYS")
        nonce, rest = sealed[len(head) :][:_NONCE], sealed[len(head) + _NONCE :]
        try:
            return cipher.decrypt(nonce, rest, head + owner.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise BadSeal(f"the key {name} does not open it: another key, or a changed value") from error


NO_KEYS = KeyRing({})
"""For who writes no secret."""


@dataclass(frozen=True)
class Kept:
    """A secret as the database has it: sealed, or in clear where an older version has written it."""

    owner: str
    sealed: bytes | None = field(default=None, repr=False)
    plain: str | None = field(default=None, repr=False)

    def open(self, ring: KeyRing) -> str:
        """The secret. Raises BadSeal."""
        if self.plain is not None:  # newer than what is sealed: an older version has written it
            return self.plain
        return ring.open(self.sealed or b"", self.owner)


def kept(owner: str, sealed: bytes | None, plain: str | None = None) -> Kept | None:
    """None where there is no secret."""
    return None if sealed is None and plain is None else Kept(owner, sealed, plain)


def key_of(sealed: bytes) -> str:
    """The name of the key that sealed it. Raises BadSeal for what no ring has sealed."""
    length = len(MARK)
    if sealed[:length] != MARK or len(sealed) <= length:
        raise BadSeal(
            "not sealed with a data key; `serve` takes over at its start what an older version has sealed, "
            "with the signing keys of then"
        )
    return sealed[length + 1 :][: sealed[length]].decode("ascii", "replace")


def _head(name: str) -> bytes:
    return MARK + bytes([len(name)]) + name.encode("ascii", "replace")
