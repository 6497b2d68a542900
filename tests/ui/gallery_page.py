"""One HTML page of all the pictures: a row for each state, chosen by language, theme and size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from embed_app.core.call.selection import rings_here
from embed_app.core.phone import Phone

STYLE = """
:root { color-scheme: light dark;
  --line: light-dark(#d3dbe5, #37414e); --back: light-dark(#f6f8fb, #10141a); }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--back); }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.25rem 2rem;
  align-items: center; padding: 0.75rem 1.5rem; background: Canvas; border-bottom: 1px solid var(--line); }
header h1 { font-size: 1.125rem; margin: 0; }
fieldset { display: flex; gap: 0.75rem; margin: 0; padding: 0; border: 0; }
.frame { display: grid; grid-template-columns: 13rem minmax(0, 1fr); }
nav { position: sticky; top: 3.25rem; align-self: start; max-height: calc(100vh - 3.25rem); overflow: auto;
  padding: 1rem 1.5rem; font-size: 0.8125rem; }
nav a { display: block; color: inherit; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav b, h2 { display: block; margin-top: 1rem; }
main { padding: 0 1.5rem 4rem 0; min-width: 0; }
h3 { margin: 1.25rem 0 0.5rem; font: 600 0.9375rem/1.4 ui-monospace, monospace; scroll-margin-top: 4rem; }
.row { display: flex; align-items: start; gap: 1rem; overflow-x: auto; padding-bottom: 0.75rem; }
figure { flex: none; margin: 0; }
figure img { display: block; border: 1px solid var(--line); border-radius: 0.5rem; }
figcaption { font-size: 0.75rem; opacity: 0.75; }
"""
SCALE = 0.7
"""A row of four is seen at once; a click opens the picture as it is."""


@dataclass(frozen=True)
class Shot:
    """One picture; `width` and `height` in CSS pixels."""

    state: str
    locale: str
    theme: str
    width: int
    height: int

    @property
    def file(self) -> str:
        return f"{self.state}-{self.locale}-{self.theme}-{self.width}x{self.height}.png"

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"


def chapter(phone: Phone | None) -> str:
    """Where a state stands in the page; `None` is the frame whose Python never came."""
    if phone is None:
        return "Not loaded"
    if any(rings_here(call) for call in phone.calls):
        return "Incoming"
    return ("The line and its notices", "One call")[len(phone.calls)] if len(phone.calls) < 2 else "Two calls"


def _choice(title: str, name: str, values: Iterable[str]) -> str:
    boxes = (
        f'<label><input type="checkbox" id="{name}-{value}" checked> {value}</label>' for value in values
    )
    return f'<fieldset aria-label="{title}">{"".join(boxes)}</fieldset>'


def _figure(shot: Shot) -> str:
    words = f"{shot.locale} {shot.theme} {shot.size}"
    return (
        f'<figure class="{words}"><a href="{shot.file}"><img src="{shot.file}" loading="lazy" '
        f'width="{shot.width * SCALE:.0f}" height="{shot.height * SCALE:.0f}" alt="{shot.state} {words}"></a>'
        f"<figcaption>{words.replace(' ', ' · ')}</figcaption></figure>"
    )


def gallery_page(states: dict[str, Phone | None], shots: list[Shot]) -> str:
    """The whole page. Boxes in its head hide what is not wanted, by CSS alone."""
    kinds = {
        "Language": list(dict.fromkeys(shot.locale for shot in shots)),
        "Theme": list(dict.fromkeys(shot.theme for shot in shots)),
        "Size": list(dict.fromkeys(shot.size for shot in shots)),
    }
    hiding = "".join(
        f':root:has(#{title.lower()}-{value}:not(:checked)) figure[class~="{value}"] {{ display: none; }}\n'
        for title, values in kinds.items()
        for value in values
    )
    chapters: dict[str, list[str]] = {}
    for state, phone in states.items():
        chapters.setdefault(chapter(phone), []).append(state)
    nav, main = [], []
    for title, names in chapters.items():
        nav.append(f"<b>{escape(title)}</b>")
        main.append(f"<h2>{escape(title)}</h2>")
        for state in names:
            nav.append(f'<a href="#{state}">{state}</a>')
            figures = "".join(_figure(shot) for shot in shots if shot.state == state)
            main.append(f'<h3 id="{state}">{state}</h3><div class="row">{figures}</div>')
    choices = "".join(_choice(title, title.lower(), values) for title, values in kinds.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery of the webphone</title>'
        f"<style>{STYLE}{hiding}</style>"
        f"<header><h1>{len(states)} states, {len(shots)} pictures</h1>{choices}</header>"
        f'<div class="frame"><nav>{"".join(nav)}</nav><main>{"".join(main)}</main></div></html>\n'
    )
