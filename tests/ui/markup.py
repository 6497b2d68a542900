"""The page as a tree, read with the standard library: enough to ask what is in it and what it is called."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

PUBLIC = Path(__file__).parents[2] / "public"
NODE_MODULES = PUBLIC.parent / "node_modules"
PAGE = PUBLIC / "webphone-embed.html"
VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def ancestors(self) -> Iterator[Element]:
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent

    def text(self, lang: str = "vi", *, spoken: bool = False) -> str:
        """What is read in that language; `spoken` leaves out what is hidden from screen readers."""
        if self.attributes.get("data-lang", lang) != lang:
            return ""
        if spoken and self.attributes.get("aria-hidden") == "true":
            return ""
        parts = (c if isinstance(c, str) else c.text(lang, spoken=spoken) for c in self.children)
        return " ".join(" ".join(parts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1])
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {n: v or "" for n, v in attrs}, self._open[-1]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_page() -> Element:
    reader = _Reader()
    reader.feed(PAGE.read_text(encoding="utf-8"))
    return reader.root


def by_id(root: Element) -> dict[str, Element]:
    found = [e for e in root.walk() if "id" in e.attributes]
    ids = [e.attributes["id"] for e in found]
    assert len(ids) == len(set(ids)), "an id is used twice"
    return dict(zip(ids, found, strict=True))


def style_sheet(name: str) -> str:
    """A style sheet with what it imports, as the build puts it together, and its fonts inside."""
    text = (PUBLIC / name).read_text(encoding="utf-8")
    text = re.sub(r'@import "(.+?)";', lambda found: style_sheet(found[1]), text)
    return re.sub(r'url\("(.+?\.woff2)"\)', lambda found: f'url("{_font(found[1])}")', text)


@cache
def _font(name: str) -> str:
    return "data:font/woff2;base64," + base64.b64encode((NODE_MODULES / name).read_bytes()).decode()
