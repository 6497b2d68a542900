"""deploy/kamailio as SIP sees it: who is let in, who is found, what is refused."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.real.kamailio import DEPLOY, STATIC, Kamailio, named, time_limited
from tests.real.story import story
from tests.server.pbx.phone import Phone
from tests.server.pbx.proxy.test_trust import CLAIMS, NAMES, names_in
from tests.server.pbx.world import DOMAIN, until

SUPPORTED = [("Supported", "path, gruu, outbound")]
"""As SIP.js says it: without "gruu" there is no GRUU, without "outbound" no binding is replaced."""


def phone(kamailio: Kamailio, extension: str, credentials: tuple[str, str] | None = None) -> Phone:
    name, password = credentials or time_limited(extension)
    return Phone(kamailio.url, extension, password, name)


@story
async def _registers(kamailio: Kamailio, extension: str, credentials: tuple[str, str]) -> None:
    async with phone(kamailio, extension, credentials) as mine:
        answer = await mine.register(headers=SUPPORTED)
        assert answer.code == 200
        contact = answer.headers["Contact"]
        assert "pub-gruu=" in contact
        assert f"urn:uuid:{mine.instance}" in contact


def test_static_and_time_limited_credentials_register(kamailio: Kamailio) -> None:
    _registers(kamailio, "2001", ("2001", STATIC["2001"]))
    _registers(kamailio, "1001", time_limited("1001"))
    _registers(kamailio, "7001", time_limited("7001"))  # on no list: the shared secret vouches for it


@pytest.mark.parametrize(
    ("extension", "credentials"),
    [
        ("2001", ("2001", "wrong")),
        ("2001", ("2002", STATIC["2002"])),
        ("2999", ("2999", "nobody")),
        ("1001", ("1001", "-")),
        ("1001", time_limited("1001", seconds=-10)),
        ("1001", time_limited("1001", secret="another")),
        ("1001", time_limited("1002")),
        ("1001", (time_limited("1001")[0], "wrong")),
    ],
    ids=[
        "wrong password",
        "another's user",
        "unknown user",
        "time-limited only",
        "expired",
        "other secret",
        "another's time-limited",
        "wrong time-limited",
    ],
)
@story
async def test_wrong_credentials_are_refused_and_never_challenged_again(
    kamailio: Kamailio, extension: str, credentials: tuple[str, str]
) -> None:
    async with phone(kamailio, extension, credentials) as mine:
        assert (await mine.register()).code == 403


@story
async def test_a_nonce_outlives_a_restart(kamailio: Kamailio) -> None:
    """Else the first request of a running call after it would be refused for ever."""
    async with phone(kamailio, "1001") as mine:
        uri, to = f"sip:{DOMAIN}", f"<sip:1001@{DOMAIN}>"
        await mine.send(mine.build("REGISTER", uri, to=to))
        challenge = await mine.final("REGISTER")
        kamailio.restart()
        await mine.close()
        await mine.connect()
        answer = mine.credentials(challenge, "REGISTER", uri)
        await mine.send(mine.build("REGISTER", uri, [answer], to=to))
        # Good, or stale and to be asked anew: that hangs on the second of the start
        assert (await mine.final("REGISTER")).code in (200, 401)


@story
async def test_guessing_is_stopped_for_that_user_and_address(kamailio: Kamailio) -> None:
    async with phone(kamailio, "2003", ("2003", "wrong")) as guesser:
        phrases = [str((await guesser.register()).phrase) for _ in range(12)]
        assert phrases[0] == "Forbidden"
        assert phrases[-1] == "Too many wrong passwords"
        guesser.password = STATIC["2003"]
        assert (await guesser.register()).code == 403
    async with phone(kamailio, "2001", ("2001", STATIC["2001"])) as neighbour:
        assert (await neighbour.register()).code == 200


@story
async def test_away_is_480_and_unknown_is_404(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as mine:
        await mine.register()
        assert (await mine.ask("INVITE", f"sip:2003@{DOMAIN}")).code == 480
        assert (await mine.ask("INVITE", f"sip:8004@{DOMAIN}")).code == 404
        async with phone(kamailio, "8004") as seen:
            await seen.register()
        # Its binding goes with its socket, within a second; until then 480 as well
        assert (await mine.ask("INVITE", f"sip:8004@{DOMAIN}")).code == 480


@story
async def test_a_phone_that_says_nothing_is_away(kamailio: Kamailio) -> None:
    async with phone(kamailio, "7103") as silent, phone(kamailio, "1001") as caller:
        await silent.register()
        await caller.register()
        call_id = secrets.token_hex(8)
        try:
            answer = await caller.ask("INVITE", f"sip:7103@{DOMAIN}", call_id=call_id)
        except TimeoutError:  # Kamailio waits as long as `ask` does
            answer = await caller.final("INVITE", call_id)
        assert answer.code == 480


@story
async def test_a_new_socket_replaces_the_binding_of_the_instance(kamailio: Kamailio) -> None:
    async with phone(kamailio, "7102") as old:
        await old.register(headers=SUPPORTED)
        new = phone(kamailio, "7102")
        new.instance = old.instance
        async with new:
            answer = await new.register(headers=SUPPORTED)
            assert answer.headers.getlist("Contact")[0].count("<sip:") == 1
            async with phone(kamailio, "1001") as caller:
                await caller.register()
                call = asyncio.create_task(caller.ask("INVITE", f"sip:7102@{DOMAIN}"))
                invite = await new.request("INVITE")
                await new.reply(invite, 486, "Busy Here")
                assert (await call).code == 486
            assert [m for m in old.inbox if "INVITE" in str(m)] == []


@story
async def test_replaces_reaches_the_one_phone_a_gruu_means(kamailio: Kamailio) -> None:
    """How a reloaded page takes its call back (RFC 3891, RFC 5627)."""
    async with phone(kamailio, "7104") as meant, phone(kamailio, "7104") as other:
        answer = await meant.register(headers=SUPPORTED)
        await other.register(headers=SUPPORTED)
        gruu = answer.headers["Contact"].split('pub-gruu="')[1].split('"')[0]
        assert gruu.startswith("sip:7104@")
        async with phone(kamailio, "1001") as caller:
            replaces = "abc@example.com;to-tag=1;from-tag=2"
            headers = [("Replaces", replaces), ("Require", "replaces")]
            call = asyncio.create_task(caller.ask("INVITE", gruu, headers))
            invite = await meant.request("INVITE")
            assert (invite.headers["Replaces"], invite.headers["Require"]) == (replaces, "replaces")
            await meant.reply(invite, 481, "Call/Transaction Does Not Exist")
            assert (await call).code == 481
        assert other.inbox == []


@story
async def test_nobody_calls_without_credentials_or_as_somebody_else(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as mine:
        await mine.send(mine.build("INVITE", f"sip:1002@{DOMAIN}"))
        assert (await mine.final("INVITE")).code == 407
        liar = await mine.ask("INVITE", f"sip:1002@{DOMAIN}", from_=f"<sip:1003@{DOMAIN}>;tag=1")
        assert liar.code == 403
        assert (await mine.ask("INVITE", "sip:1002@elsewhere.example")).code == 403


@story
async def test_requests_of_no_call_are_not_carried(kamailio: Kamailio) -> None:
    """Else anybody could send anything to any address through us, by naming a To tag."""
    async with phone(kamailio, "1001") as mine:
        route = ("Route", f"<sip:127.0.0.1:{kamailio.ws_port};transport=ws;lr>")
        sealed = ("Route", f"<sip:127.0.0.1:{kamailio.ws_port};transport=ws;lr;seal={'0' * 32}>")
        for headers in ([route], [sealed]):
            target = f"sip:x@127.0.0.1:{kamailio.sip_port}"
            answer = await mine.ask("BYE", target, headers, to="<sip:x@example.com>;tag=1")
            assert answer.code == 403
        assert (await mine.ask("BYE", f"sip:1002@{DOMAIN}", to="<sip:x@example.com>;tag=1")).code == 481


@story
async def test_a_message_too_large_is_refused(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as mine:
        answer = await mine.ask("OPTIONS", f"sip:{DOMAIN}", [("X-Filler", "x" * 20_000)])
        assert answer.code == 513
        assert (await mine.ask("OPTIONS", f"sip:{DOMAIN}")).code == 200


@story
async def test_a_keep_alive_is_answered(kamailio: Kamailio) -> None:
    """RFC 5626 section 4.4.1: the phone's own ping, by which it notices a dead line."""
    async with phone(kamailio, "1001") as mine:
        await mine.send("\r\n\r\n")
        await until(lambda: mine.pongs > 0)


@story
async def test_http_gets_nothing_but_the_upgrade(kamailio: Kamailio) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{kamailio.sip_port}/ws", proxy=None)
    assert refused.value.response.status_code == 403
    reader, writer = await asyncio.open_connection("127.0.0.1", kamailio.ws_port)
    writer.write(b"GET /RPC HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert b"404" in await reader.readline()
    writer.close()


@pytest.fixture
def narrow() -> Iterator[Kamailio]:
    """A small limit for each address."""
    running = Kamailio({"RATE_PER_ADDRESS 300": "RATE_PER_ADDRESS 20"})
    yield running
    running.close()


@story
async def _flood(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as mine:
        codes = [(await mine.ask("OPTIONS", f"sip:{DOMAIN}")).code for _ in range(80)]
        assert codes[0] == 200
        assert codes[-1] == 503


def test_a_flood_is_stopped(narrow: Kamailio) -> None:
    _flood(narrow)


def test_the_examples_start_as_they_are() -> None:
    example = (DEPLOY / "users.example.cfg").read_text(encoding="utf-8")
    running = Kamailio(files={"users.cfg": example})
    _registers(running, "1001", time_limited("1001"))
    running.close()


def test_the_log_names_nobody(kamailio: Kamailio) -> None:
    """Numbers, names and passwords stay out, also after a message that cannot be read."""
    marker = secrets.token_hex(8)

    @story
    async def provoke() -> None:
        async with phone(kamailio, "1003", ("1003", "wrong")) as mine:
            await mine.register()
            await mine.send(f"INVITE sip:{marker}@{DOMAIN} SIP/2.0\r\nFrom: <sip:{marker}\r\n\r\n")
            await mine.send(f"{marker}\r\n\r\n")
        async with phone(kamailio, "1003") as mine:
            await mine.ask("OPTIONS", f"sip:{DOMAIN}")

    provoke()
    log = kamailio.program.text()
    assert "refused credentials" in log
    assert marker not in log
    assert named(log) == []


@story
async def test_what_a_phone_says_of_itself_and_of_records_goes_no_further(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7301") as callee:
        await caller.register()
        await callee.register()
        call_id = secrets.token_hex(8)
        calling = asyncio.create_task(caller.ask("INVITE", f"sip:7301@{DOMAIN}", CLAIMS, call_id=call_id))
        invite = await callee.request("INVITE")
        assert not names_in(invite) & NAMES
        assert invite.headers.getlist("P-Asserted-Identity") == [f"<sip:1001@{DOMAIN}>"]
        said = "".join(f"{name}: {value}\r\n" for name, value in CLAIMS)
        await callee.reply(invite, 200, "OK", headers=said)
        answer = await calling
        assert not names_in(answer) & NAMES
        assert answer.headers.getlist("P-Asserted-Identity") == [f"<sip:7301@{DOMAIN}>"]


@pytest.mark.parametrize("code", [401, 407])
@story
async def test_a_callee_asks_for_nobody_s_password(kamailio: Kamailio, code: int) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7302") as callee:
        await caller.register()
        await callee.register()
        call_id = secrets.token_hex(8)
        calling = asyncio.create_task(caller.ask("INVITE", f"sip:7302@{DOMAIN}", call_id=call_id))
        invite = await callee.request("INVITE")
        foreign = "".join(
            f'{name}: Digest realm="{DOMAIN}", nonce="n", qop="auth"\r\n'
            for name in ("WWW-Authenticate", "proxy-authenticate", "Authentication-Info")
        )
        await callee.reply(invite, code, "No", headers=foreign)
        answer = await calling
        assert answer.code == 403
        assert not names_in(answer) & {"www-authenticate", "proxy-authenticate", "authentication-info"}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("1003", 480),
        ("0912345678", 404),
        ("+84912345678", 404),
        ("18001234", 404),
        ("+8821699", 403),
        ("0084912345678", 403),
        ("19001234", 403),
        ("+8419001234", 403),
        ("+841900561234", 403),
        ("*43", 403),
        ("abc", 403),
    ],
)
@story
async def test_the_dial_plan(kamailio: Kamailio, number: str, code: int) -> None:
    async with phone(kamailio, "1001") as mine:
        await mine.register()
        async with phone(kamailio, "1003") as seen:
            await seen.register()
        assert (await mine.ask("INVITE", f"sip:{number}@{DOMAIN}")).code in (
            code,
            480 if code == 404 else code,
        )


@pytest.mark.parametrize("address", ["+8821699@{}", "19001234@{}", "+8821699@{};user=phone"])
@story
async def test_who_replaces_a_call_dials_no_other_number(kamailio: Kamailio, address: str) -> None:
    """A made-up Replaces opens nothing: a trunk that does not know it would just dial."""
    async with phone(kamailio, "1001") as mine:
        await mine.register()
        headers = [("Replaces", "abc@example.com;to-tag=1;from-tag=2")]
        assert (await mine.ask("INVITE", f"sip:{address.format(DOMAIN)}", headers)).code == 403


@story
async def test_a_name_outside_the_dial_plan_may_be_replaced(kamailio: Kamailio) -> None:
    """A phone that is registered here, whatever it is called: its call is taken back after a reload."""
    async with phone(kamailio, "an.nguyen") as callee, phone(kamailio, "1001") as mine:
        await callee.register()
        await mine.register()
        headers = [("Replaces", "abc@example.com;to-tag=1;from-tag=2"), ("Require", "replaces")]
        asking = asyncio.create_task(mine.ask("INVITE", f"sip:an.nguyen@{DOMAIN}", headers))
        await callee.reply(await callee.request("INVITE"), 481, "Call/Transaction Does Not Exist")
        assert (await asking).code == 481


def test_settings_of_an_older_version_have_the_default_dial_plan() -> None:
    """settings.cfg is the operator's: a new kamailio.cfg beside an old one starts, and lets phones call."""
    example = (DEPLOY / "settings.example.cfg").read_text(encoding="utf-8")
    newer = [line for line in example.splitlines() if re.search(r"!DIAL_|CALLS_PER_M", line)]
    running = Kamailio(dict.fromkeys(newer, ""))

    @story
    async def calls() -> None:
        async with phone(running, "1001") as mine:
            await mine.register()
            codes = {
                number: (await mine.ask("INVITE", f"sip:{number}@{DOMAIN}")).code
                for number in ("1002", "0912345678", "+8821699", "19001234", "*43")
            }
            assert codes == {"1002": 480, "0912345678": 404, "+8821699": 403, "19001234": 403, "*43": 403}

    try:
        assert len(newer) == 3
        calls()
    finally:
        running.close()


@pytest.fixture
def strict() -> Iterator[Kamailio]:
    """Few calls a minute, and a queue."""
    users = (DEPLOY / "users.example.cfg").read_text(encoding="utf-8")
    users = users.replace("# $sht(trusted=>9000)", "$sht(trusted=>9000)")
    running = Kamailio({"CALLS_PER_MINUTE 30": "CALLS_PER_MINUTE 5"}, files={"users.cfg": users})
    yield running
    running.close()


def test_calls_a_minute_and_the_queue_that_is_trusted(strict: Kamailio) -> None:
    @story
    async def calls() -> None:
        async with (
            phone(strict, "1001") as mine,
            phone(strict, "9000") as queue,
            phone(strict, "7303") as callee,
        ):
            await mine.register()
            await queue.register()
            await callee.register()
            # A minute may begin among them
            phrases = [str((await mine.ask("INVITE", f"sip:8004@{DOMAIN}")).phrase) for _ in range(11)]
            assert "Too Many Calls" in phrases
            assert "Too Many Calls" not in phrases[:5]
            assert (await mine.ask("INVITE", f"sip:113@{DOMAIN}")).code == 404  # nobody's here; not refused
            calling = asyncio.create_task(queue.ask("INVITE", f"sip:7303@{DOMAIN}", CLAIMS))
            invite = await callee.request("INVITE")
            assert invite.headers["X-Zorio-Contact-Id"] == "VIP-1"
            assert invite.headers.getlist("P-Asserted-Identity") == [f"<sip:9000@{DOMAIN}>"]
            await callee.reply(invite, 486, "Busy Here")
            assert (await calling).code == 486

    calls()


@pytest.fixture
def trunk() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.2", 0))
        opened.settimeout(5)
        yield opened


@pytest.fixture
def behind(trunk: socket.socket) -> Iterator[Kamailio]:
    """With a trunk at an address of its own."""
    port = trunk.getsockname()[1]
    running = Kamailio(
        {
            '##!substdef "!TRUNK_IP!192.0.2.20!g"': '#!substdef "!TRUNK_IP!127.0.0.2!g"',
            '##!substdef "!TRUNK_PORT!5060!g"': f'#!substdef "!TRUNK_PORT!{port}!g"',
        }
    )
    yield running
    running.close()


def test_a_trunk_is_believed_and_gets_the_numbers_that_are_no_extension(
    behind: Kamailio, trunk: socket.socket
) -> None:
    @story
    async def calls() -> None:
        async with phone(behind, "1001") as mine:
            await mine.register()
            host, port = trunk.getsockname()
            said = "".join(f"{name}: {value}\r\n" for name, value in CLAIMS)
            text = (
                f"INVITE sip:1001@{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK1\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:0912345678@{DOMAIN}>;tag=1\r\nTo: <sip:1001@{DOMAIN}>\r\n"
                f"Call-ID: trunk-1\r\nCSeq: 1 INVITE\r\nContact: <sip:x@{host}:{port}>\r\n{said}"
                "Content-Length: 0\r\n\r\n"
            )
            trunk.sendto(text.encode(), ("127.0.0.1", behind.sip_port))
            invite = await mine.request("INVITE")
            assert invite.headers["X-Zorio-Contact-Id"] == "VIP-1"
            assert invite.headers.getlist("P-Asserted-Identity") == [f"<sip:1003@{DOMAIN}>"]
            await mine.reply(invite, 486, "Busy Here")
            async with phone(behind, "1002") as caller:
                number = f"sip:0987654321@{DOMAIN}"
                asking = asyncio.create_task(caller.ask("INVITE", number, CLAIMS))
                sent = ""
                while not sent.startswith("INVITE"):
                    sent = (await asyncio.to_thread(trunk.recv, 65536)).decode()
                assert sent.startswith("INVITE sip:0987654321@")
                assert f"P-Asserted-Identity: <sip:1002@{DOMAIN}>" in sent
                assert "<sip:1003@" not in sent
                assert "X-Zorio-Contact-Id: VIP-1" in sent  # for the PBX there
                asking.cancel()

    calls()


def test_a_browser_behind_a_proxy_at_the_trunk_s_address_is_no_trunk() -> None:
    """nginx, Kamailio and Asterisk on one machine: every WebSocket comes from the address of the trunk."""
    running = Kamailio({'##!substdef "!TRUNK_IP!192.0.2.20!g"': '#!substdef "!TRUNK_IP!127.0.0.1!g"'})

    @story
    async def calls() -> None:
        async with phone(running, "1001") as mine, phone(running, "7304") as callee:
            await mine.register()
            await callee.register()
            await mine.send(mine.build("INVITE", f"sip:7304@{DOMAIN}"))
            assert (await mine.final("INVITE")).code == 407
            calling = asyncio.create_task(mine.ask("INVITE", f"sip:7304@{DOMAIN}", CLAIMS))
            invite = await callee.request("INVITE")
            assert not names_in(invite) & NAMES
            assert invite.headers.getlist("P-Asserted-Identity") == [f"<sip:1001@{DOMAIN}>"]
            await callee.reply(invite, 486, "Busy Here")
            assert (await calling).code == 486

    try:
        calls()
    finally:
        running.close()


ODD_NAMES = [
    "X-Zorio-Contact-Id : VIP-1",
    "X-Zorio-Contact-Id\t: VIP-1",
    "X-Zorio-Contact-Id:\r\n VIP-1",
    "X-ZORIO-contact-id:VIP-1",
    "P-Asserted-Identity : <sip:1003@pbx>",
    "P-ASSERTED-IDENTITY:\r\n <sip:1003@pbx>",
    "Diversion : <sip:1003@pbx>",
]


@pytest.mark.parametrize("line", ODD_NAMES)
@story
async def test_odd_spellings_of_what_only_the_proxy_says(kamailio: Kamailio, line: str) -> None:
    """RFC 3261 section 7.3.1: white space before the colon, folded lines, any case."""
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7305") as callee:
        await caller.register()
        await callee.register()
        name, _, value = line.partition(":")
        calling = asyncio.create_task(caller.ask("INVITE", f"sip:7305@{DOMAIN}", [(name, value)]))
        invite = await callee.request("INVITE")
        assert "VIP-1" not in str(invite)
        assert "1003" not in str(invite)
        await callee.reply(invite, 486, "Busy Here")
        assert (await calling).code == 486
