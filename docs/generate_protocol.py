"""Writes `protocol.schema.json` and `zorio-webphone.d.ts` from the dataclasses in `embed_app/protocol`.

    .venv/bin/python -m docs.generate_protocol

Both files are committed; a test holds them current. Desk only: the frame itself never imports this.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import msgspec

from embed_app.core.link.values import LinkState
from embed_app.protocol.commands import COMMANDS, CallOptions
from embed_app.protocol.envelope import MAX_ID, SOURCE
from embed_app.protocol.errors import ERRORS
from embed_app.protocol.events import EVENTS, CallObject, Contact, Error, ErrorObject, Event

HERE = Path(__file__).parent
OBJECTS = (CallObject, Contact, ErrorObject, CallOptions)
STATE_ANSWER = {
    "type": "object",
    "properties": {
        "state": {"enum": [state.value for state in LinkState]},
        "extension": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "calls": {"type": "array", "items": {"$ref": "#/$defs/CallObject"}},
        "active_call_uuid": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "do_not_disturb": {"type": "boolean"},
        "attempt": {"type": "integer"},
        "size": {"anyOf": [{"$ref": "#/$defs/Resize"}, {"type": "null"}]},
    },
    "required": ["state", "extension", "calls", "active_call_uuid", "do_not_disturb", "attempt", "size"],
}
ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID}

Schema = dict[str, Any]


def definitions() -> dict[str, Schema]:
    """JSON Schema by dataclass name. What the frame leaves out where it has nothing to say is never null."""
    shapes = [*COMMANDS.values(), *EVENTS, *OBJECTS]
    _, found = msgspec.json.schema_components(shapes, ref_template="#/$defs/{name}")
    for shape in (*EVENTS, ErrorObject, CallObject):
        definition = found[shape.__name__]
        for name in set(definition["properties"]) - set(definition.get("required", ())):
            definition["properties"][name] = without_null(definition["properties"][name])
    found["ErrorObject"]["properties"]["code"] = {"enum": list(ERRORS)}
    found["StateAnswer"] = STATE_ANSWER
    return dict(sorted(found.items()))


def without_null(schema: Schema) -> Schema:
    kinds: list[Schema] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def payload_name(event: type[Event]) -> str:
    """The payload of `error` is the error object itself."""
    return (ErrorObject if event is Error else event).__name__


def message(type: Schema, payload: str, *, required: bool, **more: Schema) -> Schema:
    properties = {"source": {"const": SOURCE}, "type": type, "payload": {"$ref": f"#/$defs/{payload}"}}
    needed = ["source", "type", *(["payload"] if required else [])]
    return {"type": "object", "properties": {**properties, **more}, "required": needed}


def schema() -> Schema:
    commands = []
    for name, shape in COMMANDS.items():
        required = any(f.default is MISSING and f.default_factory is MISSING for f in fields(shape))
        commands.append(message({"const": name}, shape.__name__, required=required, id=ID))
    events = [message({"const": event.type}, payload_name(event), required=True) for event in EVENTS]
    head = {"source": {"const": SOURCE}, "type": {"const": "response"}, "id": ID}
    good = {**head, "ok": {"const": True}, "payload": {"$ref": "#/$defs/StateAnswer"}}
    bad = {**head, "ok": {"const": False}, "error": {"$ref": "#/$defs/ErrorObject"}}
    responses = [{"type": "object", "properties": answer, "required": list(answer)} for answer in (good, bad)]
    sides = {"command": commands, "event": events, "response": responses}
    found = {name: shape for name, shape in definitions().items() if name != "Error"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages between the Zorio webphone and its parent",
        "anyOf": [{"$ref": f"#/$defs/{side}"} for side in sides],
        "$defs": {**{side: {"anyOf": kinds} for side, kinds in sides.items()}, **found},
    }


def typescript(given: Schema) -> str:
    """A JSON Schema of the few forms our dataclasses make -> a TypeScript type."""
    if "$ref" in given:
        return str(given["$ref"]).rpartition("/")[2]
    if "anyOf" in given:
        return " | ".join(dict.fromkeys(typescript(kind) for kind in given["anyOf"]))
    if "enum" in given:
        return " | ".join("null" if value is None else json.dumps(value) for value in given["enum"])
    if given.get("type") == "array":
        return f"Array<{typescript(given['items'])}>"
    if given.get("type") == "object" and "properties" not in given:
        inner = given.get("additionalProperties")
        return f"Record<string, {typescript(inner) if isinstance(inner, dict) else 'unknown'}>"
    if given.get("type") == "object":
        mark = dict.fromkeys(given.get("required", ()), "")
        lines = [
            f"{name}{mark.get(name, '?')}: {typescript(kind)}" for name, kind in given["properties"].items()
        ]
        return "{ " + "; ".join(lines) + " }" if lines else "Record<string, never>"
    kind = str(given.get("type", "unknown"))
    return "number" if kind == "integer" else kind


def declarations() -> str:
    found = definitions()
    lines = ["// Made by docs/generate_protocol.py from embed_app/protocol. Do not edit.", ""]
    for name in (*(shape.__name__ for shape in OBJECTS), "StateAnswer"):
        lines += [f"export type {name} = {typescript(found[name])};", ""]
    tables = {
        "CommandPayloads": {name: shape.__name__ for name, shape in COMMANDS.items()},
        "EventPayloads": {event.type: payload_name(event) for event in EVENTS},
    }
    for table, rows in tables.items():
        kinds = {
            row: name if name == "ErrorObject" else typescript(found[name]) for row, name in rows.items()
        }
        members = [f"  {row}: {kind};" for row, kind in kinds.items()]
        lines += [f"export interface {table} {{", *members, "}", ""]
    source = f'source: "{SOURCE}"'
    lines += [
        "export type Command = { [T in keyof CommandPayloads]:",
        f"  {{ {source}; type: T; payload?: CommandPayloads[T]; id?: string }} }}[keyof CommandPayloads];",
        "export type Event = { [T in keyof EventPayloads]:",
        f"  {{ {source}; type: T; payload: EventPayloads[T] }} }}[keyof EventPayloads];",
        f'export type Response = {{ {source}; type: "response"; id: string }} &',
        "  ({ ok: true; payload: StateAnswer } | { ok: false; error: ErrorObject });",
    ]
    return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    return {HERE / "protocol.schema.json": text, HERE / "zorio-webphone.d.ts": declarations()}


if __name__ == "__main__":
    for path, content in files().items():
        path.write_text(content)
