"""The demo CRM page fits what it demonstrates: its hooks, its words, its numbers."""

import re

from embed_app.protocol.commands import COMMANDS
from embed_app.shell.params import CHOICES
from server.demo.people import PEOPLE
from tests.docs.pages import PROJECT, names, page, section

DEMO = PROJECT / "public" / "demo"
HTML = (DEMO / "index.html").read_text(encoding="utf-8")
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(DEMO.glob("*.js"))}
ALL = HTML + "".join(SCRIPTS.values())


def _texts(lang: str) -> dict[str, str]:
    block = re.search(rf"^  {lang}: \{{\n(.*?)^  \}},$", SCRIPTS["texts.js"], re.MULTILINE | re.DOTALL)
    assert block is not None
    return dict(re.findall(r'^    "([\w.]+)": "(.+)",$', block[1], re.MULTILINE))


def test_there_is_one_button_for_each_documented_command() -> None:
    buttons = re.findall(r'data-command="(\w+)"', HTML)
    assert sorted(buttons) == sorted(set(COMMANDS) - {"get_state"})


def test_there_is_a_link_for_each_layout_and_theme() -> None:
    for name in ("layout", "theme"):
        assert tuple(re.findall(rf'data-switch="{name}=(\w+)"', HTML)) == CHOICES[name]


def test_nothing_is_inline_so_that_a_strict_policy_holds() -> None:
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", HTML)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", ALL)


def test_both_languages_have_the_same_words_with_the_same_values() -> None:
    vi, en = _texts("vi"), _texts("en")
    assert vi
    assert vi.keys() == en.keys()
    for key, text in vi.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", en[key])), key


def test_every_word_the_page_asks_for_is_there() -> None:
    asked = set(re.findall(r'data-i18n(?:-label|-placeholder)?="([\w.]+)"', HTML))
    asked |= set(re.findall(r'\bt\("([\w.]+)"', ALL))
    asked |= set(re.findall(r'"((?:state|pop|service|recent|customer)\.[\w.]+)"', ALL))
    assert asked - {"vi", "en"} <= _texts("vi").keys()


def test_the_page_is_vietnamese_before_any_script_runs() -> None:
    vi = _texts("vi")
    for key, text in re.findall(r'data-i18n="([\w.]+)"[^>]*>([^<]+)<', HTML):
        assert text == vi[key]


def test_every_hangup_reason_has_words() -> None:
    reasons = names(section(page("protocol.md"), "Hangup reasons"))
    assert {f"reason.{reason}" for reason in reasons} <= _texts("vi").keys()


def test_contacts_are_the_users_of_the_demo() -> None:
    assert dict(re.findall(r'^  (\d{4}): "(.+)",$', SCRIPTS["contacts.js"], re.MULTILINE)) == PEOPLE


def test_services_are_those_of_the_documentation() -> None:
    shown = set(re.findall(r'^  \["(\*\d\d)", ', SCRIPTS["contacts.js"], re.MULTILINE))
    assert shown == {name for name in names(section(page("operating.md"), "The demo")) if name[0] == "*"}


def test_the_services_are_the_demo_pbxs() -> None:
    from server.pbx.services.extensions import Services

    services = Services(5.0, {})
    shown = re.findall(r'^  \["(\*\d\d)", ', SCRIPTS["contacts.js"], re.MULTILINE)
    assert shown
    assert all(services.has(number) for number in shown)
