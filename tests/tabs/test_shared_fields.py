"""What leaves a tab, and what does not."""

from __future__ import annotations

from dataclasses import fields

from embed_app.core.link.messages import ConfigReceived
from embed_app.core.link.values import Link, SipConfig, Token
from embed_app.core.phone import Phone
from embed_app.tabs.codec import write_phone
from tests.core.driver import CALL, GOOD, config
from tests.fakes import World
from tests.tabs.open_tabs import OpenTabs, answered


def test_neither_token_nor_credentials_leave_the_tab() -> None:
    tabs = OpenTabs()
    secret = config(
        auth_password="swordfish", ice_servers=({"urls": ["turn:t"], "credential": "ice-secret"},)
    )
    first = World(tabs.browser).start()
    tabs.alive.append(first)
    first.backend.answer(ConfigReceived(config=secret))
    tabs.settle()
    tabs.register(first)
    second = tabs.open()
    answered(tabs, first)
    said = "".join(first.tab_channel.posted + second.tab_channel.posted)
    assert CALL in said
    for word in (GOOD, GOOD.split(".")[1], "swordfish", "ice-secret", "wss://"):
        assert word not in said


def test_of_these_only_what_is_listed_is_written() -> None:
    """A field added to one of them stays at home until somebody decides otherwise."""
    token = Token(raw=GOOD, extension="1001", customer="acme", origins=(), expires_at=1.0)
    written = write_phone(Phone(link=Link(token=token, config=config(), config_token=GOOD)))
    link = written["link"]
    assert set(link) - {"kind"} < {field.name for field in fields(Link)}
    assert not {"token", "config_token", "config_at"} & set(link)
    assert set(link["config"]) == {
        "kind",
        "extension",
        "display_name",
        "keeps_history",
        "account_name",
        "accent",
        "rules",
    }
    assert {field.name for field in fields(SipConfig)} > {"auth_password", "ice_servers"}
