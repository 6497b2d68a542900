"""Text that is sealed opens under its keys, for its owner and its purpose, and not otherwise."""

from __future__ import annotations

import pytest

from server.storage.sealing import BadSeal, Sealer
from tests.server.world import KEYS


def test_a_key_may_be_rotated_meanwhile() -> None:
    old = Sealer({"old": KEYS["old"]}, "p").seal("text", "me")
    assert Sealer(KEYS, "p").open(old, "me") == "text"
    with pytest.raises(BadSeal):
        Sealer({"new": KEYS["new"]}, "p").open(old, "me")


def test_what_was_sealed_for_one_owner_or_purpose_opens_for_no_other() -> None:
    sealer = Sealer(KEYS, "p")
    sealed = sealer.seal("text", "me")
    assert b"text" not in sealed
    assert sealer.seal("text", "me") != sealed
    damaged = bytes([sealed[0] ^ 1]) + sealed[1:]
    for found, owner in ((sealed, "you"), (damaged, "me"), (b"", "me"), (sealed[:12], "me")):
        with pytest.raises(BadSeal):
            sealer.open(found, owner)
    with pytest.raises(BadSeal):
        Sealer(KEYS, "other").open(sealed, "me")
