"""docs/protocol.md and docs/integration.md say exactly what the code does: no name more, none less."""

from dataclasses import fields
from typing import get_args

import pytest

from embed_app.core.call.values import Reason
from embed_app.protocol.commands import COMMANDS
from embed_app.protocol.errors import ERRORS
from embed_app.protocol.events import EVENTS, CallObject, Contact, ErrorObject, Event, HangupReason
from embed_app.shell.params import CHOICES, DEFAULTS
from tests.docs.pages import names, page, rows, section

BEYOND_COMMANDS = {"get_state", "accept_transfer", "decline_transfer"}
BEYOND_EVENTS = {
    "ready",
    "call_updated",
    "transfer_requested",
    "token_expiring",
    "do_not_disturb",
    "resize",
}


def test_every_command_is_documented() -> None:
    assert names(section(page("protocol.md"), "Commands")) == set(COMMANDS)
    assert names(section(page("integration.md"), "5. Commands")) == set(COMMANDS) - BEYOND_COMMANDS


def test_every_event_is_documented() -> None:
    types = {event.type for event in EVENTS}
    assert names(section(page("protocol.md"), "Events")) == types
    assert names(section(page("integration.md"), "6. Events")) == types - BEYOND_EVENTS


@pytest.mark.parametrize("heading", ["Commands", "Events"])
def test_additions_are_marked(heading: str) -> None:
    marked = {
        row[0].split("`")[1] for row in rows(section(page("protocol.md"), heading)) if "**+**" in row[0]
    }
    assert marked == (BEYOND_COMMANDS if heading == "Commands" else BEYOND_EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_payload_fields_of_events(event: type[Event]) -> None:
    row = next(r for r in rows(section(page("protocol.md"), "Events")) if r[0].startswith(f"`{event.type}`"))
    expected = [field.name for field in fields(event)]
    if event.type == "error":
        assert row[1] == "the error object"
    else:
        assert [name.rstrip("?") for name in _listed(row[1])] == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_payload_fields_of_commands(name: str) -> None:
    row = next(r for r in rows(section(page("protocol.md"), "Commands")) if r[0].startswith(f"`{name}`"))
    assert [part.rstrip("?") for part in _listed(row[1])] == [field.name for field in fields(COMMANDS[name])]


def _listed(cell: str) -> list[str]:
    inside = cell.strip("`{}")
    return [part.strip() for part in inside.split(",") if part.strip()]


def test_objects_are_documented() -> None:
    objects = section(page("protocol.md"), "Objects").split("### ")[0]
    assert [row[0].split("`")[1] for row in rows(objects)] == [
        field.name for shape in (CallObject, Contact, ErrorObject) for field in fields(shape)
    ]


def test_every_hangup_reason_is_documented() -> None:
    documented = names(section(page("protocol.md"), "Hangup reasons"))
    assert documented == set(get_args(HangupReason)) == {reason.value for reason in Reason}


def test_every_error_code_is_documented_as_it_is() -> None:
    documented = ["| " + " | ".join(row) + " |" for row in rows(section(page("protocol.md"), "Error codes"))]
    assert documented == [
        f"| `{code}` | {'yes' if error.fatal else 'no'} | {error.cause} | {error.cure} |"
        for code, error in ERRORS.items()
    ]


def test_troubleshooting_knows_every_error_code() -> None:
    assert names(section(page("integration.md"), "8. Troubleshooting")) == set(ERRORS)


def test_every_parameter_of_the_frame_is_documented() -> None:
    table = rows(section(page("integration.md"), "3. The page"))
    documented = {row[0].strip("`"): row for row in table}
    assert set(documented) == {"token", *CHOICES}
    for name, values in CHOICES.items():
        assert {value.strip("`") for value in documented[name][1].split()} >= set(values)
        assert documented[name][2].split()[0].strip("`") == DEFAULTS[name]
