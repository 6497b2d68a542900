"""The service extensions, with real ICE, DTLS and RTP on both sides."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.server.pbx.ear import Ear
from tests.server.pbx.leg import SDP, Leg
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, World, story, until


@story
async def test_the_echo(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear(says=600) as ear:
        leg = await Leg.dial(phone, "*43", ear)
        await until(lambda: ear.hears(600))
        ear.mouth.hertz = 900
        await until(lambda: ear.hears(900))
        ear.mouth.hertz = 0
        await until(lambda: ear.loudness < 50)
        assert (await leg.bye()).code == 200
        assert (await leg.bye()).code == 481


@story
async def test_the_tone_rings_first_and_stops_while_held(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        leg = await Leg.dial(phone, "*44", ear)
        assert any("SIP/2.0 180 Ringing" in text for direction, text in world.taped if direction == "out")
        await until(lambda: ear.hears(440))
        for hold, answered in (("sendonly", "recvonly"), ("inactive", "inactive")):
            ear.direction(hold)
            answer = await leg.reinvite(await ear.offer())
            assert f"a={answered}\r\n" in answer.body.decode()
            await ear.accept(answer.body.decode())
            before, since = ear.sent_to_us(), time.monotonic()
            await until(lambda since=since: time.monotonic() > since + 0.25)  # type: ignore[misc]
            assert ear.sent_to_us() - before < 3, "packets came while the call was held"
            ear.direction("sendrecv")
            answer = await leg.reinvite(await ear.offer())
            assert "a=sendrecv\r\n" in answer.body.decode()
            await ear.accept(answer.body.decode())
            ear.forget()
            await until(lambda: ear.hears(440))
        await leg.bye()


@story
async def test_media_moves_with_an_ice_restart(world: World) -> None:
    # aiortc cannot restart ICE: a second peer with another ice-ufrag offers what a browser would.
    async with Phone(world.url, "1001") as phone, Ear() as ear, Ear() as restarted:
        leg = await Leg.dial(phone, "*44", ear)
        await until(lambda: ear.hears(440))
        answer = await leg.reinvite(await restarted.offer())
        assert answer.code == 200
        await restarted.accept(answer.body.decode())
        await until(lambda: restarted.hears(440))
        await until(lambda: ear.peer.connectionState == "closed")
        assert (await leg.bye()).code == 200


@story
async def test_a_bad_offer_in_a_call_changes_nothing(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear, Ear() as other:
        leg = await Leg.dial(phone, "*44", ear)
        for offer in ("", "nonsense", (await other.offer()).replace("a=setup:", "a=nothing:"), "v=0"):
            assert (await leg.reinvite(offer)).code == 488, offer
        ear.forget()
        await until(lambda: ear.hears(440))
        await leg.bye()


@story
async def test_digits_come_back_the_way_they_came(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        leg = await Leg.dial(phone, "*45", ear)
        await until(lambda: ear.packets > 0)
        for digit in "1590#*ADD":
            assert ear.events.send(digit)
        await until(lambda: "".join(ear.digits) == "1590#*ADD")
        assert not any("INFO " in text for _, text in world.taped), "not by INFO as well"
        for kind, body, digit in (
            ("application/dtmf-relay", "Signal=7\r\nDuration=160\r\n", "7"),
            ("application/dtmf-relay", "signal = #\r\nDuration=160", "#"),
            ("application/dtmf", "5", "5"),
        ):
            assert (await leg.request("INFO", [("Content-Type", kind)], body)).code == 200
            info = await phone.request("INFO")
            assert info.headers["Content-Type"] == "application/dtmf-relay"
            assert info.body.decode().startswith(f"Signal={digit}\r\n")
            await phone.reply(info, 200, "OK")
        for kind, body in (
            ("application/dtmf-relay", "Signal=77"),
            ("text/plain", "5"),
            ("application/dtmf", ""),
        ):
            assert (await leg.request("INFO", [("Content-Type", kind)], body)).code == 200
        await leg.bye()
        assert not [m for m in phone.inbox if b"Signal" in m.body]
        assert "".join(ear.digits) == "1590#*ADD"


@story
async def test_the_goodbye_and_the_call_back(make_world: Callable[..., World]) -> None:
    world = make_world(callback_delay=0.1)
    async with Phone(world.url, "1001") as phone, Ear() as ear, Ear(says=600) as second:
        await phone.register()
        leg = await Leg.dial(phone, "*48", ear)
        await until(lambda: ear.loudness > 300)
        await leg.hung_up()
        leg = await Leg.pick_up(phone, second)
        assert leg.remote.startswith(f'"Khách hàng thử" <sip:0912345678@{DOMAIN}>;tag=')
        await until(lambda: second.hears(600))
        assert (await leg.bye()).code == 200


@story
async def test_the_call_back_stops_ringing(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pbx.services.extensions.CALLBACK_RINGS", 0.2)
    world = make_world(callback_delay=0.0)
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        await phone.register()
        leg = await Leg.dial(phone, "*48", ear)
        await leg.hung_up()
        invite = await phone.request("INVITE")
        cancel = await phone.request("CANCEL")
        assert cancel.call_id == invite.call_id
        assert "No answer" in cancel.headers["Reason"]


@pytest.mark.parametrize(("number", "code"), [("*46", 486), ("*49", 603), ("*503", 503), ("*500", 500)])
@story
async def test_scripted_refusals(make_world: Callable[..., World], number: str, code: int) -> None:
    world = make_world(scripted={"*503": 503, "*500": 500})
    async with Phone(world.url, "1001") as phone:
        assert (await phone.ask("INVITE", f"sip:{number}@{DOMAIN}")).code == code


@story
async def test_the_one_that_never_answers(make_world: Callable[..., World]) -> None:
    world = make_world(no_answer_after=0.2)
    async with Phone(world.url, "1001") as phone:
        assert (await phone.ask("INVITE", f"sip:*47@{DOMAIN}", call_id="never")).code == 180
        assert (await phone.final("INVITE", "never")).code == 408


@story
async def test_cancelling_a_service_that_rings(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        assert (await phone.ask("INVITE", f"sip:*47@{DOMAIN}", call_id="c", branch="z9hG4bKc")).code == 180
        [sent] = [text for direction, text in world.taped if direction == "in" and "Proxy-Auth" in text]
        cancel = sent.partition("\r\nContent-")[0].replace("INVITE", "CANCEL")
        await phone.send(
            "\r\n".join(line for line in cancel.split("\r\n") if "Proxy-Auth" not in line) + "\r\n\r\n"
        )
        assert (await phone.final("CANCEL")).code == 200
        assert (await phone.final("INVITE", "c")).code == 487


@pytest.mark.parametrize("offer", ["", "v=0", "v=0\r\nm=audio x", "m=audio 9 RTP/AVP 0\r\n"])
@story
async def test_a_bad_offer_is_488(world: World, offer: str) -> None:
    async with Phone(world.url, "1001") as phone:
        assert (await phone.ask("INVITE", f"sip:*43@{DOMAIN}", [SDP], offer)).code == 488


@story
async def test_without_aiortc_services_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "server.pbx.media.media", None)
    async with Phone(world.url, "1001") as phone:
        await phone.register()
        answer = await phone.ask("INVITE", f"sip:*43@{DOMAIN}", [SDP], "v=0")
        assert (answer.code, answer.phrase) == (501, "Not Implemented")
        assert (await phone.ask("INVITE", f"sip:*46@{DOMAIN}")).code == 486
        with pytest.raises(ModuleNotFoundError):
            await world.at_pbx(world.pbx.call("1001", "1", "A"))


@story
async def test_without_services_there_are_none(make_world: Callable[..., World]) -> None:
    world = make_world(services=False)
    async with Phone(world.url, "1001") as phone:
        assert (await phone.ask("INVITE", f"sip:*43@{DOMAIN}")).code == 404


@story
async def test_stopping_ends_calls_and_their_media(make_world: Callable[..., World]) -> None:
    world = make_world()
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        await Leg.dial(phone, "*44", ear)
        await until(lambda: ear.hears(440))
        await world.at_pbx(world.pbx.aclose())
        await phone.request("BYE")
        await until(lambda: ear.peer.connectionState == "closed")


@story
async def test_a_phone_that_dies_is_hung_up_on_in_the_end(make_world: Callable[..., World]) -> None:
    world = make_world(media_grace=0.5)
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        leg = await Leg.dial(phone, "*43", ear)
        await until(lambda: ear.peer.connectionState == "connected")
        await ear.close()
        await leg.hung_up()


def test_the_pbx_starts_without_the_media_extra() -> None:
    code = "import sys, server.pbx; print(sorted({'aiortc', 'av', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
