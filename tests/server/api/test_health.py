"""GET /healthz."""

from tests.server.world import World


def test_health(world: World) -> None:
    answer = world.ask("GET", "/healthz", host="anything.example")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
