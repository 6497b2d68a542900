"""The schema and the type declarations in docs/ are those of the dataclasses."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.generate_protocol import definitions, files, schema
from embed_app.core.phone import Phone
from embed_app.protocol.commands import COMMANDS
from embed_app.protocol.events import EVENTS
from embed_app.protocol.to_parent import state_payload


@pytest.mark.parametrize(("path", "content"), files().items(), ids=lambda value: getattr(value, "name", ""))
def test_the_committed_file_is_current(path: Path, content: str) -> None:
    assert path.read_text() == content, "run: python -m docs.generate_protocol"


def test_every_command_and_event_is_in_both() -> None:
    found = schema()["$defs"]
    names = [
        {kind["properties"]["type"]["const"] for kind in found[side]["anyOf"]}
        for side in ("command", "event")
    ]
    assert names == [set(COMMANDS), {event.type for event in EVENTS}]
    declared = next(text for path, text in files().items() if path.suffix == ".ts")
    assert [name for name in names[0] | names[1] if f"\n  {name}: " not in declared] == []


def test_every_reference_leads_somewhere() -> None:
    text = str(schema())
    targets = {part.partition("'")[0] for part in text.split("#/$defs/")[1:]}
    assert targets <= set(schema()["$defs"])


def test_the_answer_is_what_the_schema_says() -> None:
    assert state_payload(Phone()).keys() == definitions()["StateAnswer"]["properties"].keys()
