"""Writes a `Projection` into the page: only what differs from the last one, into nodes that stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import js

from embed_app.ui.projection import ROOT, Projection
from embed_app.ui.properties import Items, Properties


class Node:
    """One element and what was last written to it."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self._written: dict[str, str | bool] = {}

    def write(self, properties: Properties) -> None:
        for name, value in properties.items():
            if name == "value":  # the agent changes it too, so what was written last says nothing
                if self.element.value != value:
                    self.element.value = value
                continue
            if self._written.get(name) == value:
                continue
            self._written[name] = value
            if name == "text":
                self.element.textContent = value
            elif name.startswith("--"):
                self.element.style.setProperty(name, value)
            elif isinstance(value, bool):
                self.element.toggleAttribute(name, value)
            else:
                self.element.setAttribute(name, value)


class Item:
    """One entry of a list: a clone of the list's template."""

    def __init__(self, template: Any) -> None:
        self.root = template.content.firstElementChild.cloneNode(True)
        self._parts: dict[str, Node] = {}

    def write(self, parts: Mapping[str, Properties]) -> None:
        for part, properties in parts.items():
            if part not in self._parts:
                here = self.root.getAttribute("data-part") == part
                element = self.root if here else self.root.querySelector(f'[data-part="{part}"]')
                self._parts[part] = Node(element)
            self._parts[part].write(properties)


class Page:
    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {ROOT: Node(js.document.documentElement)}
        self._lists: dict[str, dict[str, Item]] = {}
        self._shown: dict[str, Items] = {}

    def write(self, projection: Projection) -> None:
        for id_, wanted in projection.lists.items():  # first: a select takes no value it has no option for
            self._write_list(id_, wanted)
        for id_, properties in projection.elements.items():
            if id_ not in self._nodes:
                self._nodes[id_] = Node(js.document.getElementById(id_))
            self._nodes[id_].write(properties)

    def _write_list(self, id_: str, wanted: Items) -> None:
        if self._shown.get(id_) is wanted:
            return
        self._shown[id_] = wanted
        items = self._lists.setdefault(id_, {})
        for key in [key for key in items if key not in wanted]:
            items.pop(key).root.remove()
        following: Item | None = None
        for key, parts in reversed(list(wanted.items())):
            if key in items:
                items[key].write(parts)
            else:
                item = items[key] = Item(js.document.getElementById(f"{id_}-item"))
                item.write(parts)  # before it is in the page, so that it is announced once and whole
                if following is None:
                    js.document.getElementById(id_).append(item.root)
                else:
                    following.root.before(item.root)
            following = items[key]
