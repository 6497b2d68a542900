"""Looks at every state without Python in the browser: renders the page's body and style sheets with the
projection of each state, saves screenshots and puts them into one page, OUT/index.html.
`make gallery` does it.

    python -m tests.ui.gallery OUT [--only answered,keypad] [--sizes 380x560,320x560]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from embed_app.core.phone import Phone
from embed_app.i18n.translator import Translator
from embed_app.ui.numbers import retyped
from embed_app.ui.people import suggested
from embed_app.ui.presenter import present
from embed_app.ui.projection import project
from embed_app.ui.suggestions import project_suggestions
from tests.ui.gallery_page import Shot, gallery_page
from tests.ui.markup import style_sheet
from tests.ui.states import OWN_SIZES, STATES, in_settings

PUBLIC = Path(__file__).parents[2] / "public"
LOCALES = ("vi", "en")
THEMES = ("light", "dark")
SUGGESTING = ("suggestions", "suggestions_above")
"""Somebody types a number: by keyboard, or by the keys on the screen, above which there is room for one."""
# What the page can show: every state of the phone, what only the page knows, and the frame whose Python never
# came (boot.js says so).
SHOWN: dict[str, Phone | None] = {
    **STATES,
    **dict.fromkeys(SUGGESTING, STATES["missed"]),
    "load_failed": None,
}
TYPED = {"connecting": "", "ready": "0912345678", **dict.fromkeys(SUGGESTING, "028")}

APPLY = """
({elements, lists}) => {
  const put = (element, properties) => {
    for (const [name, value] of Object.entries(properties)) {
      if (name === "text") element.textContent = value;
      else if (name === "value") element.value = value;
      else if (name.startsWith("--")) element.style.setProperty(name, value);
      else if (typeof value === "boolean") element.toggleAttribute(name, value);
      else element.setAttribute(name, value);
    }
  };
  for (const [id, items] of Object.entries(lists)) {
    const list = document.getElementById(id);
    list.replaceChildren();
    for (const parts of Object.values(items)) {
      const clone = document.getElementById(id + "-item").content.cloneNode(true);
      for (const [part, properties] of Object.entries(parts))
        put(clone.querySelector(`[data-part="${part}"]`), properties);
      list.append(clone);
    }
  }
  for (const [id, properties] of Object.entries(elements))
    put(id === ":root" ? document.documentElement : document.getElementById(id), properties);
  document.documentElement.dataset.boot = "started";
  const timer = document.getElementById("call-timer");
  timer.textContent = "12:34";
}
"""
# Without the focus, which fill() would take.
TYPE = "(number) => { document.getElementById('dial-number').value = number }"


def still_page(page: Page) -> None:
    """The page as it is before any script ran."""
    html = (PUBLIC / "webphone-embed.html").read_text(encoding="utf-8")
    html = re.sub(r"<script\b.*?</script>|<link\b[^>]*>|<audio\b.*?</audio>", "", html, flags=re.DOTALL)
    page.set_content(html)
    for sheet in ("boot.css", "phone.css"):
        page.add_style_tag(content=style_sheet(sheet))


def show(page: Page, state: str, locale: str, theme: str) -> None:
    phone = SHOWN[state] or STATES["starting"]
    view = present(in_settings(phone, locale, theme), Translator(locale))
    page.evaluate(APPLY, asdict(project(view)))
    found = suggested(view.people, TYPED[state]) if state in SUGGESTING else ()
    above = state == "suggestions_above"
    shown, active = (found[:1], None) if above or not found else (found, 0)
    page.evaluate(APPLY, asdict(project_suggestions(shown, active, above=above)))
    page.evaluate("document.body.offsetWidth, document.fonts.ready.then(() => true)")
    if state == "load_failed":
        page.evaluate("document.documentElement.dataset.boot = 'failed'")
    if state == "settings_absent":
        page.evaluate("document.getElementById('settings').scrollTop = 1e6")
    if state in TYPED:
        page.evaluate(TYPE, retyped(TYPED[state], len(TYPED[state]))[0])
    if state.startswith("keypad"):
        page.evaluate("document.getElementById('tones-sent').textContent = '1*2345#'")


def take(page: Page, out: Path, shots: list[Shot]) -> Iterator[Shot]:
    """Saves each picture in `out`, and says so."""
    for shot in shots:
        page.set_viewport_size({"width": shot.width, "height": shot.height})
        still_page(page)
        show(page, shot.state, shot.locale, shot.theme)
        page.screenshot(path=out / shot.file, animations="disabled")
        yield shot


def tell(done: int, total: int) -> None:
    """One line that counts, on a terminal; elsewhere only the last one."""
    if sys.stderr.isatty() or done == total:
        print(f"\rgallery  {done} of {total} pictures", end="", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default=",".join(SHOWN))
    parser.add_argument("--sizes", default="380x560,320x560")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    states = options.only.split(",")
    if unknown := set(states) - set(SHOWN):
        parser.error(f"no such state: {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    sizes = [(int(w), int(h)) for w, h in (size.split("x") for size in options.sizes.split(","))]
    shots = [
        Shot(state, locale, theme, width, height)
        for locale in LOCALES
        for theme in THEMES
        for state in states
        for width, height in ([OWN_SIZES[state]] if state in OWN_SIZES else sizes)
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        page = browser.new_page()
        for done, _ in enumerate(take(page, options.out, shots), start=1):
            tell(done, len(shots))
        browser.close()
    index = options.out / "index.html"
    index.write_text(gallery_page({state: SHOWN[state] for state in states}, shots), encoding="utf-8")
    print(f"\n{index}")


if __name__ == "__main__":
    main()
