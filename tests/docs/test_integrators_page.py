"""The integrator's page of docs/integration.md: complete, and typed as the documentation asks for."""

import re

from embed_app.protocol.commands import COMMANDS
from embed_app.protocol.events import EVENTS
from embed_app.shell.params import CHOICES
from tests.docs.pages import blocks, page

ORIGIN = "https://app.zorio.vn"


def integrators_page() -> str:
    """The page as an integrator copies it. Exactly one block is HTML, so there is no doubt which."""
    (block,) = blocks(page("integration.md"), "html")
    return block


def test_it_is_one_whole_page() -> None:
    text = integrators_page()
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    assert '<iframe id="webphone"' in text
    assert 'allow="microphone"' in text


def test_the_origin_stands_in_it_once() -> None:
    text = integrators_page()
    assert text.count(ORIGIN) == 1
    assert f"const ORIGIN = '{ORIGIN}';" in text


def test_it_checks_origin_and_source_before_anything_else() -> None:
    listener = integrators_page().split("addEventListener('message'", 1)[1]
    assert 0 < listener.index("e.origin !== ORIGIN") < listener.index("e.data.source !== 'zorio-webphone'")
    assert listener.index("e.data.source !==") < listener.index("switch (type)")


def test_it_never_posts_to_everybody_and_never_writes_markup() -> None:
    text = integrators_page()
    assert "'*'" not in text
    assert "innerHTML" not in text


def test_it_uses_names_that_exist() -> None:
    text = integrators_page()
    assert set(re.findall(r"case '(\w+)'", text)) <= {event.type for event in EVENTS}
    sent = set(re.findall(r"send\('(\w+)'", text))
    assert {"call", "refresh_token"} <= sent <= set(COMMANDS)
    query = re.search(r"URLSearchParams\(\{ (.*?) \}\)", text)
    assert query is not None
    given = {part.split(":")[0].strip() for part in query[1].split(",")}
    assert given == {"token", *CHOICES} - {"resume"}  # nobody who starts has a reason to turn it off
