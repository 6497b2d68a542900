"""The frame's address -> settings, the token and what was wrong with it (contract section 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from embed_app.core.phone import Settings

CHOICES = {
    "layout": ("docked", "overlay", "fullscreen"),
    "theme": ("auto", "light", "dark"),
    "locale": ("vi", "en"),
    "auto_register": ("1", "0"),
    "resume": ("1", "0"),
}
DEFAULTS = {"layout": "docked", "theme": "auto", "locale": "vi", "auto_register": "1", "resume": "1"}


@dataclass(frozen=True, slots=True)
class EmbedParams:
    settings: Settings
    token: str | None = field(repr=False)
    problems: tuple[str, ...] = ()
    """Names of parameters with an unknown value; their default is used."""


def read_params(search: str) -> EmbedParams:
    """`?token=…&layout=docked` -> EmbedParams. Never raises; unknown parameters are ignored."""
    try:
        given = dict(parse_qsl(search.lstrip("?#"), keep_blank_values=True))
    except ValueError:
        given = {}
    problems = tuple(name for name, allowed in CHOICES.items() if given.get(name, allowed[0]) not in allowed)
    value = {
        name: DEFAULTS[name] if name in problems else given.get(name, DEFAULTS[name]) for name in CHOICES
    }
    settings = Settings(
        layout=value["layout"],
        theme=value["theme"],
        locale=value["locale"],
        auto_register=value["auto_register"] == "1",
        resume=value["resume"] == "1",
    )
    return EmbedParams(settings, given.get("token") or None, problems)
