"""What the dialer suggests, as properties of the page. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from embed_app.ui.numbers import shown
from embed_app.ui.people import Person
from embed_app.ui.projection import Projection
from embed_app.ui.properties import Properties, yes


def project_suggestions(found: tuple[Person, ...], active: int | None, *, above: bool) -> Projection:
    """The combobox of the dialer (WAI-ARIA 1.2, combobox with a list). `above`: not over the keys."""
    options: dict[str, Mapping[str, Properties]] = {}
    for index, person in enumerate(found):
        options[str(index)] = {
            "option": {
                "id": f"dial-option-{index}",
                "aria-selected": yes(index == active),
                "data-number": person.number,
            },
            "name": {"text": person.name or shown(person.number)},
            "number": {"text": shown(person.number) if person.name else "", "hidden": not person.name},
        }
    field_: Properties = {
        "aria-expanded": yes(bool(found)),
        "aria-activedescendant": "" if active is None else f"dial-option-{active}",
    }
    list_: Properties = {"hidden": not found, "data-above": above}
    return Projection({"dial-number": field_, "dial-suggestions": list_}, {"dial-suggestions": options})
