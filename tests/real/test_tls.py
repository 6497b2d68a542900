"""wss by Kamailio itself, as deploy/kamailio does it by option."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import documented
from tests.real.kamailio import DEPLOY, SECRET, Kamailio
from tests.real.program import free_port
from tests.real.world import RealWorld

OpenPhone = Callable[..., Phone]


@pytest.fixture(scope="module")
def wss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kamailio, str]]:
    """A Kamailio with a certificate for `localhost` that nobody has signed, and its address."""
    folder: Path = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost -keyout tls.key -out tls.crt"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    port = free_port()
    running = Kamailio(
        {"##!define WITH_TLS": "#!define WITH_TLS", "WSS_PORT 7443": f"WSS_PORT {port}"},
        {name: (folder / name).read_text() for name in ("tls.key", "tls.crt")}
        | {"tls.cfg": (DEPLOY / "tls.cfg").read_text(encoding="utf-8")},
    )
    yield running, f"wss://localhost:{port}/ws"
    running.close()


def test_a_phone_registers_over_wss(
    world: RealWorld, open_phone: OpenPhone, wss: tuple[Kamailio, str]
) -> None:
    secure = world.account("secure.localhost", [wss[1]], sip_secret=SECRET)
    trusting = world.browser.new_context(ignore_https_errors=True)
    phone = open_phone("1004", at=secure, context=trusting)
    assert documented(phone) == ["connected", "registered"]


def test_fault_09_a_certificate_nobody_signed_is_said_and_not_hammered(
    world: RealWorld, open_phone: OpenPhone, wss: tuple[Kamailio, str]
) -> None:
    strict = world.account("strict.localhost", [wss[1]], sip_secret=SECRET)
    phone = open_phone("1004", at=strict, wait=None)
    # A page is never told why: an expired certificate looks the same as one nobody signed.
    with fault(9, "a certificate the browser refuses", "an error, slow retry") as row:
        phone.wait_event("auto_reconnect", seconds=40, attempt=3)
        assert phone.wait_event("error")["code"] == "network_unreachable"
        assert "connected" not in phone.types()
        errors = [e["payload"]["code"] for e in phone.since("error")]
        assert errors == ["network_unreachable"]
        delays = [e["payload"]["delay_ms"] for e in phone.since("auto_reconnect")]
        assert 250 <= delays[0] <= 500 <= delays[1] <= 1000 <= delays[2] <= 2000
        row.seen(f"one error{{{errors[0]}}}; waits of {delays} ms")
