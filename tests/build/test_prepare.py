"""What is done to our dataclasses before the memory image is taken."""

import sys
import types
from dataclasses import FrozenInstanceError, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.build.scripts import script


@dataclass(frozen=True, slots=True)
class Secret:
    name: str
    password: str = field(repr=False)
    tries: int = 0
    seen: int = field(default=0, compare=False)


@dataclass
class Plain:
    count: int

    def __repr__(self) -> str:
        return "its own"


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Any:
    prepare = script("prepare")
    module = types.ModuleType("app_to_prepare")
    module.__dict__.update(Secret=Secret, Plain=Plain, other=Path, text="text")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for made in (Secret, Plain):
        for name in ("__repr__", "__setattr__", "__delattr__", "__eq__", "__hash__"):
            if name in vars(made):
                monkeypatch.setattr(made, name, vars(made)[name])
    before = vars(Secret)["__repr__"]
    prepare.share_methods([module.__name__])
    assert vars(Secret)["__repr__"] is not before
    return prepare


@pytest.mark.usefixtures("shared")
def test_a_dataclass_still_shows_its_fields_but_no_secret() -> None:
    assert repr(Secret("Lan", "geheim")) == "Secret(name='Lan', tries=0, seen=0)"


@pytest.mark.usefixtures("shared")
def test_it_is_still_frozen_equal_and_replaceable() -> None:
    one = Secret("Lan", "geheim")
    with pytest.raises(FrozenInstanceError, match="tries"):
        one.tries = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="name"):
        del one.name
    assert replace(one, tries=2) == Secret("Lan", "geheim", 2)
    assert hash(one) == hash(Secret("Lan", "geheim"))
    assert one == Secret("Lan", "geheim", seen=5)
    assert one != Secret("Lan", "other")
    assert one.__eq__(("Lan", "geheim", 0)) is NotImplemented
    assert hash(one) != hash(Secret("Lan", "other"))
    assert one.tries == 0


@pytest.mark.usefixtures("shared")
def test_one_that_may_be_changed_still_may() -> None:
    plain = Plain(1)
    plain.count = 2
    assert plain == Plain(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(plain)
    assert plain.count == 2
    assert repr(plain) == "its own"


def test_a_module_forgets_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("app_to_prepare", "Its text.")
    module.__dict__.update(__file__="/somewhere/app_to_prepare.py", answer=42)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    script("prepare").forget_origins([module.__name__])
    assert module.__file__ is None
    from app_to_prepare import answer  # type: ignore[import-not-found]

    assert answer == 42
