"""`project`, as far as it is about the frame as a whole: its colour, and the overlay's button."""

from __future__ import annotations

from embed_app.ui.accent import Accent
from embed_app.ui.properties import Properties
from embed_app.ui.view import Folding


def project_accent(accent: Accent | None) -> dict[str, str]:
    if accent is None:
        return {"--accent": "", "--on-accent": ""}
    return {
        "--accent": f"light-dark({accent.light},{accent.dark})",
        "--on-accent": f"light-dark({accent.on_light},{accent.on_dark})",
    }


def project_folding(folding: Folding | None) -> dict[str, Properties]:
    if folding is None:
        return {"fold": {"hidden": True}}
    return {
        "fold": {"hidden": False},
        "unfold": {"data-tone": folding.tone.value},
        "unfold-badge": {"text": folding.badge},
        "unfold-state": {"text": folding.state},
    }
