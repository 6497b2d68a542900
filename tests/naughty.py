"""Names nobody should have: the Big List of Naughty Strings, and what it leaves out."""

from __future__ import annotations

import json
from pathlib import Path

_LIST = Path(__file__).parents[1] / "node_modules/big-list-of-naughty-strings/blns.json"

OF_OURS: dict[str, str] = {
    "long": "Nguyễn Thị Ngọc Quỳnh " * 9 + "An",
    "long_word": "W" * 200,
    "emoji": "👩‍👩‍👧‍👦 Gia đình 🇻🇳 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "right_to_left": "مرحبا بالعالم שלום",
    "override": "\u202emoc.elgoog\u202c \u2066An\u2069 \u200fBình\u200e",
    "markup": '<img src=x onerror="hacked()"><script>hacked()</script>&amp;<b>An</b>',
    "percent": "100%% %s %41 %0d%0aX-Injected: 1 %",
    "quotes": 'An "Bo" \\ O\'Hara; tag=evil <sip:evil@example.com>, "x',
    "lines": "An\r\nX-Injected: 1\r\n\r\nBye",
    "control": "A\x00n\x07\x1b[31m\x7f\x9b",
    "surrogate": "An\ud83d\udc00\ude00 \udfff",
    "stacked": "A" + "\u0301" * 198 + "n",
    "invisible": "\u200b\u2060\u3164\u00ad",
    "template": "{name} {0.__class__} ${name} {{name}}",
}
"""By what is bad about them; 200 characters is the longest name the contract promises to bear."""

NAUGHTY: tuple[str, ...] = (*json.loads(_LIST.read_text(encoding="utf-8")), *OF_OURS.values())
