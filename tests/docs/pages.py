"""Reads the documentation: tables, fenced blocks, words in code font."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
_CODE = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    """The text of docs/<name>, or of the README."""
    folder = PROJECT if name == "README.md" else DOCS
    return (folder / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of the same or a higher level.

    Raises LookupError where there is no such heading.
    """
    found = re.search(rf"^(#+) {re.escape(heading)}( \*\*\+\*\*)?$", text, re.MULTILINE)
    if not found:
        raise LookupError(heading)
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, without heads and rulers."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        ruler_next = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("| ") and not ruler_next:
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def names(text: str) -> set[str]:
    """Everything in code font in the first cell of each row."""
    return {name for row in rows(text) for name in _CODE.findall(row[0])}


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
