"""Which parents may speak and listen: both lists must say so (contract section 3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.protocol.parent_origin import is_allowed, targets

CRM = "https://crm.example"


@pytest.mark.parametrize(
    ("origin", "pattern"),
    [
        (CRM, CRM),
        ("https://crm.example:8443", "https://crm.example:8443"),
        ("http://localhost:5173", "http://localhost:*"),
        ("http://localhost", "http://localhost:*"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:*"),
        ("https://a.b.crm.example", "https://*.crm.example"),
        ("http://[::1]:8000", "http://[::1]:*"),
        (CRM, "https://CRM.example"),
    ],
)
def test_allowed(origin: str, pattern: str) -> None:
    assert is_allowed(origin, ["https://other.example", pattern])


@pytest.mark.parametrize(
    ("origin", "pattern"),
    [
        ("http://crm.example", CRM),
        ("https://crm.example:8443", CRM),
        ("https://crm.example.evil.example", CRM),
        ("https://evilcrm.example", "https://*.crm.example"),
        (CRM, "https://*.crm.example"),
        ("https://.crm.example", "https://*.crm.example"),
        ("https://localhost:5173", "http://localhost:*"),
        ("http://localhost.evil.example:80", "http://localhost:*"),
        ("http://localhost:*", "http://localhost:*"),
        ("null", "null"),
        ("", ""),
        ("file://", "file://"),
        ("https://x.example", "*"),
        ("https://x.example", "https://*"),
        (CRM + "/path", CRM),
        (CRM + "\n", CRM),
        ("https://crmXexample", CRM),
    ],
)
def test_not_allowed(origin: str, pattern: str) -> None:
    assert not is_allowed(origin, [pattern])


@given(st.text(), st.text())
def test_nothing_is_raised(origin: str, pattern: str) -> None:
    is_allowed(origin, [pattern])


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
