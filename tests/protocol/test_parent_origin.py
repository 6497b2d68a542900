"""Which parents may speak and listen: both lists must say so (contract section 3)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embed_app.protocol.parent_origin import is_allowed, targets

CRM = "https://crm.example"


CASES = json.loads(Path(__file__).with_name("parent_origins.json").read_text("utf-8"))
"""Origin, pattern, and when it is allowed: "early" by public/boot.js too, before Python is there; "later" by
Python alone; "never". tests/build/test_early_origins.py has boot.js answer the same."""


@pytest.mark.parametrize(("origin", "pattern", "when"), CASES)
def test_which_origins_are_allowed(origin: str, pattern: str, when: str) -> None:
    assert is_allowed(origin, ["https://other.example", pattern]) is (when != "never")


SCHEMES = st.sampled_from(["http", "https"])
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
PORTS = st.none() | st.integers(1, 65535)


@st.composite
def origins(draw: st.DrawFn) -> tuple[str, str, int | None]:
    """Scheme, host and port: the parts an origin and a pattern are made of."""
    return draw(SCHEMES), draw(HOSTS), draw(PORTS)


def written(scheme: str, host: str, port: object) -> str:
    return f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"


@given(origins(), st.booleans())
def test_an_origin_is_allowed_by_itself_in_any_case(origin: tuple[str, str, int | None], upper: bool) -> None:
    pattern = written(*origin)
    assert is_allowed(pattern, [pattern.upper() if upper else pattern])


@given(origins())
def test_any_port_is_allowed_by_a_star(origin: tuple[str, str, int | None]) -> None:
    scheme, host, _port = origin
    assert is_allowed(written(*origin), [written(scheme, host, "*")])


@given(origins(), HOSTS, st.sampled_from(["the same", "*"]))
def test_any_subdomain_is_allowed_by_a_star_and_the_domain_is_not(
    origin: tuple[str, str, int | None], below: str, star: str
) -> None:
    scheme, host, port = origin
    pattern = written(scheme, f"*.{host}", port if star == "the same" else star)
    assert is_allowed(written(scheme, f"{below}.{host}", port), [pattern])
    assert not is_allowed(written(scheme, host, port), [pattern])
    assert not is_allowed(written(scheme, f"{below}{host}", port), [pattern])
    behind = f"{host}.{below}"  # "0.0" and "0" make a subdomain of "0.0"
    assert is_allowed(written(scheme, behind, port), [pattern]) is behind.endswith(f".{host}")


@given(origins(), origins(), st.sampled_from(["scheme", "host", "port", "below", "above", "beside"]))
def test_one_part_that_differs_is_enough_to_refuse(
    origin: tuple[str, str, int | None], other: tuple[str, str, int | None], differs: str
) -> None:
    """`below`, `above`, `beside`: one more label before the host or after it, and one more letter."""
    scheme, host, port = origin
    changed = {
        "scheme": ("https" if scheme == "http" else "http", host, port),
        "host": (scheme, other[1], port),
        "port": (scheme, host, other[2]),
        "below": (scheme, f"{other[1]}.{host}", port),
        "above": (scheme, f"{host}.{other[1]}", port),
        "beside": (scheme, f"x{host}", port),
    }[differs]
    assume(changed != origin)
    assert not is_allowed(written(*changed), [written(*origin)])
    assert is_allowed(written(*changed), [written(*origin), written(*changed)]), "one of the list is enough"


@given(origins(), st.sampled_from(["/", "/path", "?", "#", " ", "\n", "@evil.example", ":", ";"]))
def test_an_origin_or_pattern_with_more_behind_it_matches_nothing(
    origin: tuple[str, str, int | None], more: str
) -> None:
    text = written(*origin)
    assert not is_allowed(text, [text + more])
    assert not is_allowed(text + more, [text])


ANYTHING_LIKE_A_PATTERN = st.text() | st.builds(
    "{}://{}:{}".format, st.sampled_from(["http", "https", "file", ""]), HOSTS | st.text(), PORTS | st.text()
)


@given(ANYTHING_LIKE_A_PATTERN, ANYTHING_LIKE_A_PATTERN)
def test_nothing_is_raised_and_only_an_origin_is_allowed(origin: str, pattern: str) -> None:
    if is_allowed(origin, [pattern]):
        assert re.fullmatch(r"https?://[^/@\s*]+", origin)
        assert pattern.lower().startswith(origin.partition("://")[0] + "://")


@pytest.mark.parametrize(
    ("hint", "customer", "token", "found"),
    [
        (CRM, [CRM], [], (CRM,)),
        (CRM, [CRM], [CRM], (CRM,)),
        (CRM, [CRM], ["https://other.example"], ()),
        ("https://evil.example", [CRM], [], ()),
        ("https://evil.example", [CRM], ["https://evil.example"], ()),
        ("", [CRM, "http://localhost:*"], [], (CRM,)),
        ("", [CRM, "https://two.example"], [CRM], (CRM,)),
        ("", [], [], ()),
        ("http://localhost:1", ["http://localhost:*"], ["http://localhost:1"], ("http://localhost:1",)),
    ],
)
def test_events_go_to_known_parents_only(
    hint: str, customer: list[str], token: list[str], found: tuple[str, ...]
) -> None:
    assert targets(hint, customer, token) == found
    assert "*" not in found
