"""REGISTER over a real WebSocket."""

import base64
import hmac
import time

from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, SECRET, World, story, until


@story
async def test_registering_refreshing_and_unregistering(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        answer = await phone.register(expires=90)
        assert answer.code == 200
        [contact] = answer.contact
        assert str(contact.uri) == phone.contact
        assert contact.parameters["expires"] == "90"
        assert (await phone.register(expires=60)).contact[0].parameters["expires"] == "60"
        assert world.pbx.bindings == {"1001": 1}
        assert (await phone.register(expires=0)).contact == []
        assert world.pbx.bindings == {}
        assert world.pbx.connections == 1
    await until(lambda: world.pbx.connections == 0)


@story
async def test_two_phones_of_one_extension(world: World) -> None:
    async with Phone(world.url, "1001") as one, Phone(world.url, "1001") as two:
        await one.register()
        assert len((await two.register()).contact) == 2
        assert world.pbx.bindings == {"1001": 2}
        await one.close()
        await until(lambda: world.pbx.bindings == {"1001": 1})
        assert (
            await two.ask("REGISTER", f"sip:{DOMAIN}", to=f"<sip:1001@{DOMAIN}>", contact="<*>")
        ).code == 400
        star = await two.ask(
            "REGISTER", f"sip:{DOMAIN}", [("Expires", "0")], to=f"<sip:1001@{DOMAIN}>", contact="*"
        )
        assert star.code == 200
        assert world.pbx.bindings == {}


@story
async def test_a_reloaded_page_replaces_its_old_contact(world: World) -> None:
    async with Phone(world.url, "1001") as old, Phone(world.url, "1001") as new:
        await old.register()
        new.instance = old.instance
        [contact] = (await new.register()).contact
        assert str(contact.uri) == new.contact


@story
async def test_wrong_password_foreign_user_and_foreign_domain_are_403(world: World) -> None:
    async with Phone(world.url, "1001", password="wrong") as phone:
        assert (await phone.register()).code == 403
    async with Phone(world.url, "1001", password="pw-1002", auth_user="1002") as phone:
        assert (await phone.register()).code == 403
    async with Phone(world.url, "1001") as phone:
        assert (await phone.ask("REGISTER", f"sip:{DOMAIN}", to="<sip:1001@elsewhere.test>")).code == 403
        other_from = f"<sip:1002@{DOMAIN}>;tag=x"
        answer = await phone.ask("REGISTER", f"sip:{DOMAIN}", to=f"<sip:1001@{DOMAIN}>", from_=other_from)
        assert answer.code == 403
        assert (await phone.ask("INVITE", f"sip:1002@{DOMAIN}", from_=other_from)).code == 403
    assert world.pbx.bindings == {}


@story
async def test_time_limited_credentials(world: World) -> None:
    for expires, code in ((time.time() + 60, 200), (time.time() - 1, 403)):
        username = f"{int(expires)}:1009"
        password = base64.b64encode(hmac.digest(SECRET, username.encode(), "sha1")).decode()
        async with Phone(world.url, "1009", password=password, auth_user=username) as phone:
            assert (await phone.register()).code == code


@story
async def test_an_older_register_does_not_undo_a_newer_one(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        call_id = "same-call"
        contact = f"<{phone.contact}>;expires=60"
        to = f"<sip:1001@{DOMAIN}>"
        assert (
            await phone.ask("REGISTER", f"sip:{DOMAIN}", to=to, contact=contact, call_id=call_id)
        ).code == 200
        phone._sequence = 0
        answer = await phone.ask("REGISTER", f"sip:{DOMAIN}", to=to, contact=contact, call_id=call_id)
        assert answer.code == 500
