"""Text by key, in the frame's locale.

The texts live in `vi.json` and `en.json`: flat objects, key -> text with `{named}` placeholders.
Both have the same keys with the same placeholders; `tests/i18n` holds them to it.
"""

from __future__ import annotations

import json
import pkgutil
from functools import cache

LOCALES = ("vi", "en")
DEFAULT_LOCALE = "vi"


class Translator:
    """`Translator("en").text("status.ready", extension="1001")`.

    A locale we do not speak falls back to Vietnamese (contract section 1).
    """

    def __init__(self, locale: str = DEFAULT_LOCALE) -> None:
        self.locale = locale if locale in LOCALES else DEFAULT_LOCALE
        self._texts = load_texts(self.locale)

    def has(self, key: str) -> bool:
        return key in self._texts

    def text(self, key: str, **values: object) -> str:
        """The text for `key`. Never raises: an unknown key comes back as it is, a value that
        is missing leaves its placeholder, so that a slip in a text cannot stop the phone."""
        return self._texts.get(key, key).format_map(_Lenient(values))

    def error(self, code: str) -> str:
        """What happened and what to do about it, for an error code; an unknown code reads as `internal`."""
        key = f"error.{code}"
        return self.text(key if self.has(key) else "error.internal")


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@cache
def load_texts(locale: str) -> dict[str, str]:
    """All texts of one of `LOCALES`. Read through the loader, because the frame ships as a zip, and once: the
    fast start has read them when the frame was built."""
    data = pkgutil.get_data(__package__ or "embed_app.i18n", f"{locale}.json")
    if data is None:
        raise FileNotFoundError(f"{locale}.json")
    texts: dict[str, str] = json.loads(data)
    return texts
