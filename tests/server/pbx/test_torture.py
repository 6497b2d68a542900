"""Whatever a socket sends, the PBX goes on serving and nothing is raised (contract section 4)."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, Host, World

T = TypeVar("T")
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WHOLE = (
    f"INVITE sip:1002@{DOMAIN} SIP/2.0\r\n"
    "Via: SIP/2.0/WS a.invalid;branch=z9hG4bKtorture\r\n"
    "Max-Forwards: 70\r\n"
    f"From: <sip:1001@{DOMAIN}>;tag=a\r\n"
    f"To: <sip:1002@{DOMAIN}>\r\n"
    "Call-ID: torture\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:x@a.invalid;transport=ws>\r\n"
    "Content-Length: 0\r\n\r\n"
)
# In the spirit of RFC 4475: each is wrong, or right but odd, in one way.
ODD = [
    "",
    "\r\n",
    "\x00",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "SIP/2.0 200 OK\r\n\r\n",
    "SIP/2.0 4294967301 better\r\n\r\n",
    WHOLE[:-2],
    WHOLE.replace("\r\n", "\n"),
    WHOLE.replace("Max-Forwards: 70", "Max-Forwards: 0068"),
    WHOLE.replace("Max-Forwards: 70", "Max-Forwards: -1"),
    WHOLE.replace("Max-Forwards: 70", "Max-Forwards: ٣"),
    WHOLE.replace("CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE"),
    WHOLE.replace("CSeq: 1 INVITE", "CSeq: 1 REGISTER"),
    WHOLE.replace("Content-Length: 0", "Content-Length: 99999"),
    WHOLE.replace("Content-Length: 0", "Content-Length: -999"),
    WHOLE.replace("Via: SIP/2.0/WS a.invalid;branch=z9hG4bKtorture", "Via: ;;,;,,"),
    WHOLE.replace("branch=z9hG4bKtorture", "branch=z9hG4bK"),
    WHOLE.replace(f"<sip:1002@{DOMAIN}>", '"Unterminated <sip:1002>'),
    WHOLE.replace(f"From: <sip:1001@{DOMAIN}>", "From: <tel:113>"),
    WHOLE.replace(f"From: <sip:1001@{DOMAIN}>", "From: *"),
    WHOLE.replace("INVITE sip", "INVITE  sip"),
    WHOLE.replace(f"sip:1002@{DOMAIN} SIP", f"<sip:1002@{DOMAIN}> SIP"),
    WHOLE.replace(f"sip:1002@{DOMAIN} SIP", "sip:%00%ff@[::1] SIP"),
    WHOLE.replace("Contact: <sip:x@a.invalid;transport=ws>", 'Contact: "\\" <sip:x>, *, ,;'),
    WHOLE.replace("INVITE", "!interesting-Method0123456789_*+`.%indeed'~"),
    WHOLE.replace("INVITE", "ACK"),
    WHOLE.replace("INVITE", "CANCEL"),
    WHOLE.replace("INVITE", "REGISTER"),
    WHOLE.replace("CSeq", "Authorization: Digest\r\nProxy-Authorization: Digest ,,=\"\r\nCSeq"),
    WHOLE.replace("Call-ID", 'Proxy-Authorization: Digest realm="pbx.test", nonce="-1.x"\r\nCall-ID'),
    WHOLE + WHOLE,
    WHOLE.replace("\r\nCSeq", "\r\n ,;\r\n\t\r\nCSeq"),
    WHOLE.replace("Call-ID: torture", "Call-ID: " + "a" * 70_000),
    WHOLE.replace("Via", "X-A: 1\r\n" * 3000 + "Via"),
]  # fmt: skip


class Torturer:
    """One event loop and one authenticated phone for a whole module of examples."""

    def __init__(self, world: World) -> None:
        self.errors: list[str] = []
        self._runner = asyncio.Runner()
        self.phone = Phone(world.url, "1001")
        self.run(self.phone.connect())
        assert self.run(self.phone.register()).code == 200

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def send_and_see_it_serve(self, *messages: str | bytes) -> None:
        async def example() -> None:
            for message in messages:
                await self.phone.send(message)
            assert (await self.phone.ask("OPTIONS", f"sip:{DOMAIN}")).code == 200
            self.phone.inbox.clear()

        self.run(example())

    def close(self) -> None:
        self.run(self.phone.close())
        self._runner.close()


@contextmanager
def new_torturer(host: Host) -> Iterator[Torturer]:
    torturer = Torturer(world := World(host))

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            torturer.errors.append(record.getMessage())

    watch = Watch(logging.WARNING)
    logger = logging.getLogger("server")
    logger.addHandler(watch)
    yield torturer
    torturer.close()
    world.stop()
    logger.removeHandler(watch)
    assert torturer.errors == [], "something was raised inside the PBX"


@pytest.fixture(scope="module")
def torturer(host: Host) -> Iterator[Torturer]:
    with new_torturer(host) as made:
        yield made


@pytest.fixture
def fresh(host: Host) -> Iterator[Torturer]:
    """With a PBX that keeps no requests of other examples, which it would route once more."""
    with new_torturer(host) as made:
        yield made


def test_odd_messages_one_by_one(torturer: Torturer) -> None:
    for text in ODD:
        torturer.send_and_see_it_serve(text, text.encode())


def test_bytes_that_are_no_text(torturer: Torturer) -> None:
    torturer.send_and_see_it_serve(b"\xff\xfe\x00", WHOLE.encode() + b"\xc3", b"")


def test_a_bad_request_that_can_be_answered_is_answered(torturer: Torturer) -> None:
    async def example() -> None:
        await torturer.phone.send(WHOLE.replace("Content-Length: 0", "Content-Length: many"))
        assert (await torturer.phone.final("INVITE")).code == 400

    torturer.run(example())


@CALM
@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_message(torturer: Torturer, message: str | bytes) -> None:
    torturer.send_and_see_it_serve(
        message.encode("utf-8", "replace") if isinstance(message, str) else message
    )


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A whole message with one line changed, doubled, or a piece cut out or put in."""
    text = WHOLE.replace(
        "INVITE", draw(st.sampled_from(["INVITE", "ACK", "BYE", "REFER", "REGISTER", "CANCEL"]))
    )
    if draw(st.booleans()):
        text = text.replace(f"To: <sip:1002@{DOMAIN}>", f"To: <sip:1002@{DOMAIN}>;tag=z")
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        piece = draw(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
            | st.sampled_from(
                ['"', "<", ">", ";", ",", "\r\n", "\r\n\r\n", ":", "%", "@", "?", "*", "\\", "="]
            )
        )
        text = text[:start] + piece + text[end:]
    return text


@CALM
@given(st.lists(damaged(), min_size=1, max_size=3))
def test_damaged_messages(torturer: Torturer, messages: list[str]) -> None:
    torturer.send_and_see_it_serve(*messages)


NAMES = [
    "From",
    "To",
    "Contact",
    "Route",
    "Record-Route",
    "Expires",
    "Refer-To",
    "Proxy-Require",
    "Content-Type",
]


@CALM
@given(
    st.sampled_from(["INVITE", "MESSAGE", "REGISTER", "SUBSCRIBE", "FOO"]),
    st.sampled_from(["1001", "1002", "*43", "*44", "*46", "*48", "7777", ""]),
    st.lists(
        st.tuples(
            st.sampled_from(NAMES), st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"))
        )
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
)
def test_odd_requests_of_somebody_with_a_password(
    torturer: Torturer, method: str, number: str, headers: list[tuple[str, str]], body: str
) -> None:
    async def example() -> None:
        await torturer.phone.ask(method, f"sip:{number}@{DOMAIN}".replace(":@", ":"), headers, body)

    if any(name in ("From", "To", "Contact") for name, _ in headers) or method == "SUBSCRIBE":
        torturer.send_and_see_it_serve(torturer.phone.build(method, f"sip:{number}@{DOMAIN}", headers, body))
    elif number not in ("1001", "1002") or method == "REGISTER":
        torturer.run(example())
    torturer.send_and_see_it_serve()


def test_a_fault_of_ours_is_a_500_and_names_nobody(
    torturer: Torturer, fresh: Torturer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("1001")

    async def example() -> None:
        await fresh.phone.register()
        with monkeypatch.context() as patch:
            patch.setattr("server.pbx.proxy.proxy.Proxy._targets", fail)
            assert (await fresh.phone.ask("MESSAGE", f"sip:1002@{DOMAIN}")).code == 500

    assert fresh.errors == [], "something was raised by an earlier test's messages"
    fresh.run(example())
    assert [error.partition(" at ")[0] for error in fresh.errors] == ["message not handled: KeyError"]
    assert "1001" not in caplog.text
    fresh.errors.clear()
    torturer.errors.clear()  # it hears the same log
    fresh.send_and_see_it_serve()
