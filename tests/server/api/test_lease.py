"""One place at a time: sip-config gives the lease, POST /api/webphone/lease keeps it."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from server.customers.leases import LIFE
from server.storage.tables import accounts, leases
from tests.server.world import ALPHA, BETA, World

HERE, THERE = "browser-1", "browser-2"


def config(world: World, holder: str | None, host: str = ALPHA) -> dict[str, Any]:
    token = world.embed_token(world.login(host=host), host=host)
    headers = {} if holder is None else {"X-Zorio-Holder": holder}
    answer = world.ask("GET", "/api/webphone/sip-config", host=host, bearer=token, headers=headers)
    assert answer.status_code == 200
    data: dict[str, Any] = answer.json()["data"]
    return data


def lease(world: World, holder: str, host: str = ALPHA) -> dict[str, Any]:
    found: dict[str, Any] = config(world, holder, host)["lease"]
    return found


def ask(world: World, ticket: str, host: str = ALPHA, **body: Any) -> httpx.Response:
    return world.ask("POST", "/api/webphone/lease", host=host, bearer=ticket, json=body)


def held(world: World, ticket: str, **body: Any) -> bool:
    answer = ask(world, ticket, **body)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"data"}
    return bool(answer.json()["data"]["held"])


def test_the_first_browser_gets_it_and_the_second_is_told(world: World) -> None:
    first, second = lease(world, HERE), lease(world, THERE)
    assert (first["held"], second["held"]) == (True, False)
    assert first["renew_after"] == 5
    assert lease(world, HERE)["held"] is True, "another frame of the same browser"


@pytest.mark.parametrize("holder", [None, "", "x" * 65])
def test_without_a_holder_there_is_no_lease(world: World, holder: str | None) -> None:
    assert "lease" not in config(world, holder)
    assert lease(world, HERE)["held"] is True


def test_a_customer_may_allow_several_places(world: World) -> None:
    world.services.database.write_now(
        lambda connection: connection.execute(
            update(accounts).where(accounts.c.domain == ALPHA).values(features={"one_place": False})
        )
    )
    assert "lease" not in config(world, HERE)


def test_it_is_kept_for_as_long_as_it_is_renewed(world: World) -> None:
    first, second = lease(world, HERE), lease(world, THERE)
    for _ in range(10):
        world.clock.now += LIFE - 1
        assert held(world, first["ticket"])
        assert not held(world, second["ticket"])


def test_most_renewals_write_nothing(world: World) -> None:
    ticket = lease(world, HERE)["ticket"]

    def expires_at() -> int:
        found = world.services.database.write_now(
            lambda connection: connection.execute(select(leases.c.expires_at)).scalar_one()
        )
        return int(found)

    before = expires_at()
    world.clock.now += 5
    assert held(world, ticket)
    assert expires_at() == before
    world.clock.now += LIFE / 2
    assert held(world, ticket)
    assert expires_at() > before


def test_one_that_ran_out_goes_to_whoever_asks_first(world: World) -> None:
    first, second = lease(world, HERE), lease(world, THERE)
    world.clock.now += LIFE
    assert held(world, second["ticket"])
    assert not held(world, first["ticket"])


def test_one_that_was_given_up_is_free_at_once_or_after_a_while(world: World) -> None:
    first, second = lease(world, HERE), lease(world, THERE)
    assert held(world, first["ticket"], seconds=10)
    assert not held(world, second["ticket"])
    world.clock.now += 10
    assert held(world, second["ticket"])
    assert held(world, second["ticket"], seconds=0)
    assert held(world, first["ticket"])


def test_a_renewal_that_comes_after_it_was_given_up_takes_nothing(world: World) -> None:
    """The last two requests of a page cross; the next page has another name where storage is denied."""
    first, second = lease(world, HERE), lease(world, THERE)
    world.clock.now += 50  # so long that a renewal would write
    assert held(world, first["ticket"], seconds=0)
    assert held(world, first["ticket"], renew=True), "nobody else has it"
    assert held(world, second["ticket"])
    assert not held(world, first["ticket"], renew=True)
    world.clock.now += LIFE
    assert held(world, second["ticket"], renew=True), "a machine that has slept"


def test_nobody_gives_up_what_another_has(world: World) -> None:
    first, second = lease(world, HERE), lease(world, THERE)
    assert not held(world, second["ticket"], seconds=0)
    assert held(world, first["ticket"])
    assert not held(world, second["ticket"])


def test_taking_over_is_told_to_the_former_holder_which_never_gets_it_back_by_asking(world: World) -> None:
    first, second = lease(world, HERE), lease(world, THERE)
    assert held(world, second["ticket"], take_over=True)
    for _ in range(3):
        assert not held(world, first["ticket"])
        assert held(world, second["ticket"])
    assert held(world, first["ticket"], take_over=True)
    assert not held(world, second["ticket"])


def test_the_ticket_works_long_after_the_token_has_run_out(world: World) -> None:
    ticket = lease(world, HERE)["ticket"]
    world.clock.now += 3600
    assert held(world, ticket)
    world.clock.now += world.services.settings.sip_seconds
    assert ask(world, ticket).status_code == 401


def test_another_customers_extension_is_another_one(world: World) -> None:
    """Both have a user `an` at 1001."""
    ours, theirs = lease(world, HERE), lease(world, THERE, host=BETA)
    assert ours["held"]
    assert theirs["held"]
    crossed = ask(world, theirs["ticket"], take_over=True)
    assert (crossed.status_code, crossed.json()) == (404, {"message": "Resource not found"})
    assert ask(world, ours["ticket"], host="phone.gamma.example").status_code == 404
    assert held(world, ours["ticket"])


@pytest.mark.parametrize("ticket", ["x", "AAAA", "a" * 5000])
def test_what_is_no_ticket_is_404(world: World, ticket: str) -> None:
    answer = world.ask("POST", "/api/webphone/lease", bearer=ticket, json={})
    assert answer.status_code == 404


def test_without_a_ticket_it_is_401(world: World) -> None:
    assert world.ask("POST", "/api/webphone/lease", json={}).status_code == 401


@pytest.mark.parametrize(
    "body", [{"seconds": -1}, {"seconds": 91}, {"seconds": "1"}, {"take_over": "yes"}, {"renew": 1}]
)
def test_a_wrong_body_is_422(world: World, body: dict[str, Any]) -> None:
    ticket = lease(world, HERE)["ticket"]
    assert ask(world, ticket, **body).status_code == 422


def test_a_ticket_may_ask_60_times_a_minute(world: World) -> None:
    ticket = lease(world, HERE)["ticket"]
    codes = [ask(world, ticket).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    assert ask(world, lease(world, THERE)["ticket"]).status_code == 200


def test_a_ticket_names_nobody(world: World) -> None:
    ticket = lease(world, HERE)["ticket"]
    assert HERE not in ticket
    assert lease(world, HERE)["ticket"] != ticket
