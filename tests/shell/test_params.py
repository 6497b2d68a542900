"""The frame's address (contract section 1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.phone import Settings
from embed_app.shell.params import read_params

DEFAULT = Settings(layout="docked", theme="auto", locale="vi", auto_register=True)


@pytest.mark.parametrize("search", ["", "?", "#", "?unknown=1", "?&&", "?=", "?token"])
def test_the_defaults(search: str) -> None:
    params = read_params(search)
    assert (params.settings, params.token, params.problems) == (DEFAULT, None, ())


def test_everything_given() -> None:
    params = read_params("?token=a.b.c&layout=overlay&theme=dark&locale=en&auto_register=0")
    assert params.settings == Settings(layout="overlay", theme="dark", locale="en", auto_register=False)
    assert (params.token, params.problems) == ("a.b.c", ())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("layout", ["docked", "overlay", "fullscreen"]),
        ("theme", ["light", "dark", "auto"]),
        ("locale", ["vi", "en"]),
    ],
)
def test_every_documented_value(name: str, values: list[str]) -> None:
    assert [getattr(read_params(f"?{name}={value}").settings, name) for value in values] == values


@pytest.mark.parametrize("value", ["", "wide", "DOCKED", "docked ", "0", "<b>", "%00"])
@pytest.mark.parametrize("name", ["layout", "theme", "locale"])
def test_an_unknown_value_falls_back_and_is_reported(name: str, value: str) -> None:
    params = read_params(f"?{name}={value}&token=t")
    assert (params.settings, params.problems, params.token) == (DEFAULT, (name,), "t")


@pytest.mark.parametrize("value", ["", "true", "yes", "2", "01"])
def test_auto_register_is_one_or_nought(value: str) -> None:
    params = read_params(f"?auto_register={value}")
    assert (params.settings.auto_register, params.problems) == (True, ("auto_register",))


def test_several_unknown_values_are_each_reported() -> None:
    assert set(read_params("?layout=x&theme=y&locale=z&auto_register=9").problems) == {
        "layout",
        "theme",
        "locale",
        "auto_register",
    }


@given(st.text())
def test_nothing_is_raised(search: str) -> None:
    read_params("?" + search)


def test_the_token_is_not_shown() -> None:
    assert "a.b.c" not in repr(read_params("?token=a.b.c"))
