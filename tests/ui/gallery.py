"""Looks at every state without Python in the browser: renders the page's body and style sheets with the
projection of each state, and saves screenshots.

    python -m tests.ui.gallery OUT [--only answered,keypad] [--sizes 380x560,320x560]
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from embed_app.i18n.translator import Translator
from embed_app.ui.presenter import present
from embed_app.ui.projection import project
from tests.ui.markup import style_sheet
from tests.ui.states import STATES, in_settings

PUBLIC = Path(__file__).parents[2] / "public"

APPLY = """
({elements, lists}) => {
  const put = (element, properties) => {
    for (const [name, value] of Object.entries(properties)) {
      if (name === "text") element.textContent = value;
      else if (typeof value === "boolean") element.toggleAttribute(name, value);
      else element.setAttribute(name, value);
    }
  };
  for (const [id, properties] of Object.entries(elements))
    put(id === ":root" ? document.documentElement : document.getElementById(id), properties);
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
  document.documentElement.dataset.boot = "started";
  const timer = document.getElementById("call-timer");
  timer.textContent = "12:34";
}
"""


def still_page(page: Page) -> None:
    """The page as it is before any script ran."""
    html = (PUBLIC / "webphone-embed.html").read_text(encoding="utf-8")
    html = re.sub(r"<script\b.*?</script>|<link\b[^>]*>|<audio\b.*?</audio>", "", html, flags=re.DOTALL)
    page.set_content(html)
    for sheet in ("boot.css", "phone.css"):
        page.add_style_tag(content=style_sheet(sheet))


def show(page: Page, state: str, locale: str, theme: str, layout: str = "docked") -> None:
    view = present(in_settings(STATES[state], locale, theme, layout), Translator(locale))
    page.evaluate(APPLY, asdict(project(view)))
    if state in ("ready", "connecting"):
        page.fill("#dial-number", "0912345678" if state == "ready" else "")
    if state.startswith("keypad"):
        page.evaluate("document.getElementById('tones-sent').textContent = '1*2345#'")


def shots(page: Page, out: Path, states: list[str], sizes: list[tuple[int, int]]) -> Iterator[Path]:
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        for locale in ("vi", "en"):
            for theme in ("light", "dark"):
                for state in states:
                    still_page(page)
                    show(page, state, locale, theme)
                    target = out / f"{state}-{locale}-{theme}-{width}x{height}.png"
                    page.screenshot(path=target, animations="disabled")
                    yield target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default=",".join(STATES))
    parser.add_argument("--sizes", default="380x560,320x560")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sizes = [(int(w), int(h)) for w, h in (size.split("x") for size in options.sizes.split(","))]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        page = browser.new_page()
        count = sum(1 for _ in shots(page, options.out, options.only.split(","), sizes))
        browser.close()
    print(f"{count} screenshots in {options.out}")


if __name__ == "__main__":
    main()
