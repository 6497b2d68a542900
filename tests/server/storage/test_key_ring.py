"""A sealed value opens with its key, for its owner, unchanged; and not otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.storage.key_ring import MARK, NO_KEYS, Kept, KeyRing, LostKey, NoKey, kept, key_of, new_key
from server.storage.sealing import BadSeal

KEYS = {"new": new_key(), "old": new_key()}
RING = KeyRing(KEYS)


@given(st.text(max_size=300), st.text(max_size=60))
def test_what_was_sealed_opens_for_its_owner(text: str, owner: str) -> None:
    sealed = RING.seal(text, owner)
    assert RING.open(sealed, owner) == text
    assert key_of(sealed) == "new"
    assert RING.seal(text, owner) != sealed


@given(st.data(), st.text(max_size=40))
def test_no_changed_byte_opens(data: st.DataObject, text: str) -> None:
    sealed = bytearray(RING.seal(text, "me"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadSeal):
        RING.open(bytes(sealed), "me")


@given(st.binary(max_size=60))
def test_other_bytes_open_for_nobody_and_are_no_exception_of_another_kind(found: bytes) -> None:
    for sealed in (found, MARK + found, MARK + bytes([len(found)]) + found):
        with pytest.raises(BadSeal):
            RING.open(sealed, "me")


@given(st.integers(0, 60))
def test_a_value_that_was_cut_off_opens_for_nobody(length: int) -> None:
    sealed = RING.seal("text", "me")
    if length < len(sealed):
        with pytest.raises(BadSeal):
            RING.open(sealed[:length], "me")


@given(st.text(max_size=40), st.text(max_size=40))
def test_another_owner_opens_nothing(owner: str, other: str) -> None:
    sealed = RING.seal("text", owner)
    if owner != other:
        with pytest.raises(BadSeal):
            RING.open(sealed, other)


def test_a_lost_key_is_named() -> None:
    sealed = KeyRing({"old": KEYS["old"]}).seal("text", "me")
    assert RING.open(sealed, "me") == "text"
    with pytest.raises(LostKey, match="the key old is not in ZORIO_DATA_KEYS"):
        KeyRing({"new": KEYS["new"]}).open(sealed, "me")
    with pytest.raises(LostKey):
        NO_KEYS.open(sealed, "me")
    with pytest.raises(BadSeal, match="the key old does not open it"):
        KeyRing({"old": new_key()}).open(sealed, "me")


def test_without_keys_nothing_is_sealed() -> None:
    with pytest.raises(NoKey, match="data-keys new"):
        NO_KEYS.seal("text", "me")


def test_a_secret_in_clear_is_newer_than_what_is_sealed_and_neither_is_in_a_repr() -> None:
    """A process of an older version has written it meanwhile."""
    secret = Kept("me", RING.seal("swordfish", "me"), "marlin")
    assert secret.open(RING) == "marlin"
    assert "marlin" not in repr(secret)
    sealed = kept("me", secret.sealed)
    assert sealed is not None
    assert sealed.open(RING) == "swordfish"
    assert kept("me", None) is None
    for key in KEYS.values():
        assert key not in repr(RING)
