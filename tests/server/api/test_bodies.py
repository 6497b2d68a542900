"""Bodies: any object is read or refused with its fields, any bytes are read or malformed."""

import contextlib
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from server.api.bodies import parse_body
from server.api.embed_token import EmbedTokenBody
from server.api.login import LoginBody
from server.errors import Invalid, Malformed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


FIELDS = st.sampled_from(["username", "password", "device_name", "ttl_seconds", "x"])


@given(st.dictionaries(FIELDS, JSON, max_size=5))
def test_any_object_is_read_or_refused_with_the_fields(value: dict[str, Any]) -> None:
    for model in (LoginBody, EmbedTokenBody):
        wrong: set[str] | None = None
        try:
            parse_body(msgspec.json.encode(value), model)
        except Invalid as error:
            wrong = set(error.errors or ())
        assert wrong is None or set() < wrong <= set(model.__struct_fields__)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(content: bytes) -> None:
    with contextlib.suppress(Malformed, Invalid):
        parse_body(content, LoginBody)
