"""A computer that goes from its cable to the Wi-Fi: a network namespace with two networks (ip-netns(8)).

Chromium runs in it, everything else stays outside. Each network is a veth pair; what `localhost` means to the
browser is an address that both lead to, so page, WebSocket and sound all go over whichever is up.
"""

from __future__ import annotations

import shlex
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.e2e.gate import Gate
from tests.e2e.world import CHROMIUM, FLAGS, UNMUTED, World

SPACE = "zorio-moving"
HOME = "10.213.0.1"
"""Where the world is, seen from inside."""
NETWORKS = {"cable": 1, "wifi": 2}
"""The third number of their addresses; the lower one is preferred while both are up."""


class NoNamespaces(Exception):
    """Not root, or a container without the right to make them."""


def ip(command: str) -> None:
    """`ip <command>`. Raises NoNamespaces with what it said."""
    words = ["ip", *shlex.split(command)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    except FileNotFoundError as error:
        raise NoNamespaces("there is no ip(8)") from error
    if done.returncode:
        raise NoNamespaces(f"ip {command}: {done.stderr.strip()}")


class Networks:
    def up(self, name: str) -> None:
        number = NETWORKS[name]
        ip(f"-n {SPACE} link set {name} up")
        ip(f"-n {SPACE} route replace {HOME} via 10.213.{number}.1 dev {name} metric {number}")
        ip(f"-n {SPACE} route replace default via 10.213.{number}.1 dev {name} metric {number}")

    def down(self, name: str) -> None:
        ip(f"-n {SPACE} link set {name} down")


class MovingWorld:
    """The world, for a browser in the namespace (`phone.Home`)."""

    def __init__(self, world: World, browser: Browser, networks: Networks) -> None:
        self.browser = browser
        self.networks = networks
        self.phone_origin = world.phone_origin
        self.crm_origin = world.crm_origin
        self.token = world.token


@contextmanager
def moving_world(playwright: Playwright, world: World, folder: Path) -> Iterator[MovingWorld]:
    """With the cable plugged in. `folder`: for a script. Raises NoNamespaces."""
    with ExitStack() as undo:
        networks = _make(undo)
        gate = Gate(world.port, world.loop)
        gate.port = world.port  # of another address than the world's own
        gate.run(gate.open(host=HOME))
        undo.callback(gate.refuse)
        undo.callback(gate.cut)
        script = folder / "chromium"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {SPACE} {CHROMIUM} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        rules = f"--host-resolver-rules=MAP localhost {HOME}, MAP 127.0.0.1 {HOME}"
        browser = playwright.chromium.launch(executable_path=script, args=[*FLAGS, UNMUTED, rules])
        undo.callback(browser.close)
        yield MovingWorld(world, browser, networks)


def _make(undo: ExitStack) -> Networks:
    for left in (f"netns del {SPACE}", f"addr del {HOME}/32 dev lo"):  # by tests that were killed
        with suppress(NoNamespaces):
            ip(left)
    ip(f"netns add {SPACE}")
    undo.callback(ip, f"netns del {SPACE}")
    ip(f"-n {SPACE} link set lo up")
    ip(f"addr add {HOME}/32 dev lo")
    undo.callback(ip, f"addr del {HOME}/32 dev lo")
    for name, number in NETWORKS.items():
        ip(f"link add zorio-{name} type veth peer name {name} netns {SPACE}")
        undo.callback(ip, f"link del zorio-{name}")
        ip(f"addr add 10.213.{number}.1/24 dev zorio-{name}")
        ip(f"link set zorio-{name} up")
        ip(f"-n {SPACE} addr add 10.213.{number}.2/24 dev {name}")
    networks = Networks()
    networks.up("cable")
    return networks
