"""Python and public/sip/interface.d.ts agree. The other side, public/sip/, is held to it by tsc."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from embed_app.browser.shim_events import MESSAGES, message_of, sample_of, settings_of, with_dialog
from embed_app.core.link.challenges import answer_rules
from embed_app.core.link.values import Link
from embed_app.core.message import UserAgentFault
from tests.build.frame_site import ROOT
from tests.core.driver import DIALOG, config

INTERFACE = re.sub(
    r"/\*\*.*?\*/\n?", "", (ROOT / "public/sip/interface.d.ts").read_text("utf-8"), flags=re.DOTALL
)
SHIM = [ROOT / "public/sip-ua.js", *sorted((ROOT / "public/sip").glob("*.js"))]
_FIELD = re.compile(r"(\w+): ([^;]+?);?$")
_FUNCTION = re.compile(r"(\w+)\((.*)\): (.+);$")
SAMPLES = {
    "string": "x",
    "string | null": "x",
    "number": 1,
    "boolean": True,
    "string[]": ["x"],
    "Headers": {"X-A": "b"},
}
PYTHON = {"str": "string", "bool": "boolean", "int": "number"}


@dataclass(frozen=True)
class Function:
    arguments: tuple[tuple[str, str], ...]
    result: str


def lines_of(name: str) -> Iterator[str]:
    """The members of an interface, those it extends first."""
    found = re.search(
        rf"export interface {name}(?: extends (\w+))? \{{\n(.*?)^\}}", INTERFACE, re.DOTALL | re.MULTILINE
    )
    assert found, name
    if found[1]:
        yield from lines_of(found[1])
    yield from (line.strip() for line in found[2].splitlines() if line.strip())


def fields_of(name: str) -> dict[str, str]:
    found = [_FIELD.fullmatch(line) for line in lines_of(name)]
    assert all(found), name
    return {match[1]: match[2] for match in found if match}


def _payload(text: str) -> dict[str, str]:
    """`Dialog & { user: string; on: boolean }` -> its fields."""
    fields: dict[str, str] = {}
    for part in text.split(" & "):
        inline = re.fullmatch(r"\{(.*)\}", part)
        if inline is None:
            fields |= fields_of(part)
        else:
            fields |= {
                m[1]: m[2]
                for m in map(_FIELD.fullmatch, filter(None, map(str.strip, inline[1].split(";"))))
                if m
            }
    return fields


@cache
def events() -> Mapping[str, Mapping[str, str]]:
    """Type -> field -> type of it."""
    found: dict[str, dict[str, str]] = {}
    for group, common in (("PhoneEvents", {}), ("CallEvents", {"call_uuid": "string"})):
        for line in lines_of(group):
            name, _, payload = line.removesuffix(";").partition(": ")
            found[name] = common | _payload(payload)
    return found


@cache
def functions() -> Mapping[str, Function]:
    found = {}
    for line in lines_of("ZorioSip"):
        match = _FUNCTION.fullmatch(line)
        assert match, line
        listed = re.findall(r"(\w+): ((?:\(.*\) => \w+|[^,])+)", match[2])
        found[match[1]] = Function(tuple(listed), match[3])
    return found


def sample(kind: str) -> Any:
    if kind in SAMPLES:
        return SAMPLES[kind]
    alias = re.search(rf'^export type {kind} = (?:\w+ \| )?"(\w+)"', INTERFACE, re.MULTILINE)
    assert alias, kind
    return alias[1]


class Declared(dict[str, Any]):
    """An event with every field that is declared; another one is not there to be read."""

    def __init__(self, name: str) -> None:
        super().__init__({field: sample(kind) for field, kind in events()[name].items()} | {"type": name})


def test_the_description_is_read_whole() -> None:
    assert len(functions()) > 25
    assert len(events()) > 25
    assert events()["hold_failed"] == {"call_uuid": "string", "on": "boolean", "status": "number"}
    assert {"routes", "user", "call_uuid"} <= events()["dialog"].keys()
    assert functions()["reject"].arguments == (("call_uuid", "string"), ("status", "number"))
    assert functions()["stats"].result == "Promise<Json<Stats>>"


def test_python_has_a_message_for_every_event_and_no_other() -> None:
    assert MESSAGES.keys() == events().keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_made_of_declared_fields(name: str) -> None:
    message = message_of(Declared(name))
    assert isinstance(message, UserAgentFault) is (name == "fault")


def test_every_event_is_sent_by_the_shim() -> None:
    source = "\n".join(path.read_text("utf-8") for path in SHIM)
    assert [name for name in events() if f'type: "{name}"' not in source] == []


@pytest.mark.parametrize(
    ("event", "kind", "where"),
    [
        ({"type": "sung"}, "UnknownEvent", "event sung"),
        ({}, "UnknownEvent", "event None"),
        ({"type": "held", "call_uuid": "c1"}, "KeyError", "event held"),
        ({"type": "invite"} | dict.fromkeys(events()["invite"]), "AttributeError", "event invite"),
    ],
)
def test_what_makes_no_sense_is_a_fault_and_no_exception(
    event: dict[str, Any], kind: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message_of(event) == UserAgentFault(kind=kind, where=where)
    assert capsys.readouterr().out == f"zorio-webphone: {kind} at {where}\n"


# ---- calls of the functions


@dataclass(frozen=True)
class Called:
    path: Path
    name: str
    arguments: tuple[str, ...]
    """The TypeScript type of each, "Json" for JSON text, "" where the source does not say."""


def _types(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    known = {a.arg: PYTHON.get(a.annotation.id, "") for a in arguments if isinstance(a.annotation, ast.Name)}
    for node in ast.walk(function):  # how = with_dialog(…)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_json(node.value):
            known[node.targets[0].id] = "Json"
    return known


def _is_json(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"dumps", "settings_of", "with_dialog"}


def _type_of(node: ast.expr, known: Mapping[str, str]) -> str:
    if _is_json(node):
        return "Json"
    if isinstance(node, ast.Constant):
        return PYTHON.get(type(node.value).__name__, "")
    return known.get(node.id, "") if isinstance(node, ast.Name) else ""


@cache
def called() -> tuple[Called, ...]:
    found = []
    for path in sorted((ROOT / "embed_app").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            known = _types(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("js.zorioSip."):
                    name = ast.unparse(node.func).rpartition(".")[2]
                    found.append(Called(path, name, tuple(_type_of(item, known) for item in node.args)))
    return tuple(found)


def test_python_calls_every_function_there_is_and_no_other() -> None:
    assert {call.name for call in called()} == functions().keys()


@pytest.mark.parametrize("call", called(), ids=lambda call: call.name)
def test_the_arguments_are_those_of_the_function(call: Called) -> None:
    wanted = [kind.partition("<")[0] for _, kind in functions()[call.name].arguments]
    assert len(call.arguments) == len(wanted)
    said = [(given, kind) for given, kind in zip(call.arguments, wanted, strict=True) if given]
    assert all(given == kind for given, kind in said), said


def test_the_types_of_most_arguments_are_known() -> None:
    every = [given for call in called() for given in call.arguments]
    assert len([given for given in every if given]) > 0.8 * len(every)


JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "string[]": list,
    "RTCIceServer[]": list,
    "AnswerRule[]": list,
}


def assert_is(name: str, text: str, *, more: bool = False) -> None:
    fields, found = fields_of(name), json.loads(text)
    assert fields.keys() <= found.keys() if more else fields.keys() == found.keys()
    assert [field for field, kind in fields.items() if not isinstance(found[field], JSON_TYPES[kind])] == []


def test_json_arguments_have_the_declared_fields() -> None:
    answers = answer_rules(Link(config=config()))
    assert_is("Settings", settings_of(config(), answers, "1b4e28ba-2fa1-4d3a-883f-0016d3cca427"))
    for rule in answers:
        assert_is("AnswerRule", json.dumps(asdict(rule)))
    assert_is("Dialog", with_dialog(DIALOG))
    how = {"target": "sip:1002@acme.example", "muted": False, "held": True, "in_dialog": False}
    assert_is("Replacement", with_dialog(DIALOG, **how))
    assert_is("TransferTarget", with_dialog(DIALOG, target="sip:1002@acme.example", name="Bình"), more=True)


def test_a_sample_is_made_of_declared_statistics() -> None:
    stats = {name: 1 if kind.startswith("number") else "x" for name, kind in fields_of("Stats").items()}
    assert sample_of(json.dumps(stats)) is not None
    assert sample_of("{}") is None
