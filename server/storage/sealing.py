"""Text encrypted at rest: AES-256-GCM (NIST SP 800-38D) under keys derived from the signing keys (RFC 5869).

Derived, so that there is one secret to keep and to rotate. A text is sealed for one owner: sealed text that
was moved to another row of the database does not open there.
"""

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class BadSeal(Exception):
    """Not sealed by us, for somebody else, or changed."""


class Sealer:
    """Seals with the first key and opens with any, so that keys can be rotated."""

    def __init__(self, keys: Mapping[str, str], purpose: str) -> None:
        """`keys`: kid -> secret, newest first (see settings.py). `purpose`: other ones have other keys."""
        self._ciphers = [AESGCM(_derive(secret, purpose)) for secret in keys.values()]

    def seal(self, text: str, owner: str) -> bytes:
        """A nonce of 12 bytes and what AES-GCM makes of the text; `owner` is authenticated with it."""
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[0].encrypt(nonce, text.encode(), owner.encode())

    def open(self, sealed: bytes, owner: str) -> str:
        """The text. Raises BadSeal for what no key opens, for another owner, and for what was changed."""
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode()).decode()
            except (InvalidTag, ValueError):
                continue
        raise BadSeal


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"zorio {purpose}".encode()).derive(
        secret.encode()
    )
