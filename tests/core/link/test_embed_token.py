"""Embed tokens, as far as the frame reads them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.link.embed_token import TokenError, read_token
from tests.core.driver import T0, token


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def test_a_token_tells_whose_it_is() -> None:
    read = read_token(token("1001", "acme", T0, origins=["https://crm.example"]))
    assert (read.extension, read.customer, read.expires_at) == ("1001", "acme", T0)
    assert read.origins == ("https://crm.example",)


@pytest.mark.parametrize(
    "raw",
    [
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", " " + token(), token() + "\n", "x" * 10_000,
        jwt([]), jwt(None), jwt("text"), jwt({}), jwt({"sub": 5, "tid": "a", "exp": 1}),
        jwt({"sub": "1", "tid": "a"}), jwt({"sub": "1", "tid": "a", "exp": "soon"}),
        *(jwt({"sub": "1", "tid": "a", "exp": exp}) for exp in (float("nan"), float("inf"), 10**400)),
        *(jwt({"sub": "1", "tid": "a", "exp": 1, "origins": origins}) for origins in ("x", [5])),
        f"e30.{'W' * 4000}.c2ln",
    ],
)  # fmt: skip
def test_what_is_no_embed_token(raw: str) -> None:
    with pytest.raises(TokenError) as caught:
        read_token(raw)
    assert len(raw) < 3 or raw not in str(caught.value)


@given(st.text() | st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists).map(jwt))
def test_reading_a_token_raises_nothing_else(raw: str) -> None:
    with pytest.raises(TokenError):
        read_token(raw)
