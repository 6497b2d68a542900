"""Several tabs of one browser, each with a phone between fakes."""

from __future__ import annotations

from embed_app.core.call.messages import CallAccepted, DialogKnown
from embed_app.core.call.values import Dialog
from embed_app.core.link.messages import ConfigReceived, RegisterAccepted, TransportUp
from tests.core.driver import CALL, config, invite
from tests.fakes import FakeBrowser, FakeRecords, World

DIALOG = Dialog(
    sip_call_id="sip-1",
    local_tag="ours",
    remote_tag="theirs",
    remote_target="sip:x@far.invalid",
    remote_uri="sip:x@a",
)
SILENT = {"ready"}


class OpenTabs:
    """In the order they were opened; the first of them that lives is the owner."""

    def __init__(self) -> None:
        self.browser = FakeBrowser()
        self.alive: list[World] = []

    def open(self, locale: str = "en", records: FakeRecords | None = None) -> World:
        """A tab up to the point where it knows whether it registers. `records`: see World."""
        tab = World(self.browser, locale, records).start()
        self.alive.append(tab)
        tab.backend.answer(ConfigReceived(config=config()))
        self.browser.settle()
        return tab

    def settle(self) -> None:
        self.browser.settle()

    def register(self, tab: World) -> None:
        tab.user_agent.dispatch(TransportUp())
        tab.user_agent.dispatch(RegisterAccepted())
        self.settle()

    def kill(self, tab: World) -> None:
        self.alive.remove(tab)
        tab.tab_channel.leave()
        self.settle()


def three() -> tuple[OpenTabs, World, World, World]:
    """A registered tab and two more, their windows silent so far."""
    tabs = OpenTabs()
    first = tabs.open()
    tabs.register(first)
    second, third = tabs.open(), tabs.open("vi")
    for tab in tabs.alive:
        tab.window.posted.clear()
    return tabs, first, second, third


def events(tab: World) -> list[str]:
    return [type for type in tab.window.types() if type not in SILENT]


def ring(tabs: OpenTabs, tab: World) -> None:
    tab.user_agent.dispatch(invite())
    tabs.settle()


def answered(tabs: OpenTabs, tab: World) -> None:
    ring(tabs, tab)
    tab.window.send("answer")
    tab.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    tab.user_agent.dispatch(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    tabs.settle()
