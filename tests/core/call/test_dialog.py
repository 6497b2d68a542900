"""Where the far end of a dialog is looked for."""

from __future__ import annotations

import pytest

from embed_app.core.call.dialog import replacement_targets
from embed_app.core.call.values import Dialog


@pytest.mark.parametrize(
    ("contact", "targets"),
    [
        ("sip:1002@acme.example;gr=urn:uuid:1", ("sip:1002@acme.example;gr=urn:uuid:1", "AOR")),
        ("sip:1002@acme.example;alias=10.0.0.1~4711~5;gr=x", ("sip:1002@acme.example;gr=x", "AOR")),
        ("sip:x1@y.invalid;alias=10.0.0.1~4711~5;transport=ws", ("AOR",)),
        ("sip:x1@y.invalid;transport=ws", ("sip:x1@y.invalid;transport=ws", "AOR")),
        ("sip:1002@acme.example", ("sip:1002@acme.example",)),
    ],
)
def test_targets(contact: str, targets: tuple[str, ...]) -> None:
    dialog = Dialog(
        sip_call_id="c",
        local_tag="l",
        remote_tag="r",
        remote_target=contact,
        remote_uri="sip:1002@acme.example",
    )
    expected = tuple("sip:1002@acme.example" if target == "AOR" else target for target in targets)
    assert replacement_targets(dialog) == expected
