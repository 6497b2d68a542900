"""A computer with networks of its own: a network namespace (ip-netns(8)) that changes, breaks or slows them.

Chromium runs in it, everything else stays outside. What `localhost` means to the browser is an address that
all networks lead to, so page, WebSocket and sound go over whichever is up. The cable and the Wi-Fi are veth
pairs, the mobile network is as slow as a test wants. What is lost on the way is dropped where it arrives
(nft(8)): no socket is told of it.
"""

from __future__ import annotations

import fcntl
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.e2e.gate import gate_to
from tests.e2e.phone import Home
from tests.e2e.slow_link import SlowLink
from tests.e2e.world import CHROMIUM, FLAGS, UNMUTED

SPACE = "zorio-phone"
HOME = "10.214.0.1"
"""Where the world is, seen from inside."""
NETWORKS = {"cable": 1, "wifi": 2, "mobile": 3}
"""The third number of their addresses; the lower one is preferred while both are up."""
UDP = "meta l4proto udp"
EVERYTHING = ""
"""What `drop` may be given."""


class NoNamespaces(Exception):
    """Not root, or a machine without the right to make them, or without ip(8) or nft(8)."""


def run(command: str, text: str = "") -> None:
    """Run it with `text` as its input. Raises NoNamespaces with what it said."""
    words = shlex.split(command)
    try:
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=20)
    except FileNotFoundError as error:
        raise NoNamespaces(f"there is no {words[0]}(8)") from error
    if done.returncode:
        raise NoNamespaces(f"{command}: {done.stderr.strip()}")


def ip(command: str) -> None:
    """`ip <command>`, as `run`."""
    run(f"ip {command}")


class Networks:
    """`up` and `down` are a plug put in or pulled: the browser is told. Nobody is told of `drop`.

    `mobile`: how slow that one is.
    """

    def __init__(self, mobile: SlowLink) -> None:
        self.mobile = mobile

    def up(self, name: str) -> None:
        number = NETWORKS[name]
        ip(f"-n {SPACE} link set {name} up")
        ip(f"-n {SPACE} route replace {HOME} via 10.214.{number}.1 dev {name} metric {number}")
        ip(f"-n {SPACE} route replace default via 10.214.{number}.1 dev {name} metric {number}")

    def down(self, name: str) -> None:
        ip(f"-n {SPACE} link set {name} down")

    def drop(self, what: str, percent: int = 100) -> None:
        """So much of what comes out of the namespace or into it is lost, the one as well as the other."""
        some = "" if percent == 100 else f"numgen random mod 100 < {percent}"
        _nft(f'iifname "phone-*" {what} {some} drop')
        _nft(f"{what} {some} drop", f"ip netns exec {SPACE} ")

    def mend(self) -> None:
        for inside in ("", f"ip netns exec {SPACE} "):
            _nft("", inside)


def _nft(rule: str, inside: str = "") -> None:
    """Our table holds this one rule; without one it is gone. Dropped before it is routed, a packet is as
    good as lost: whoever sent it knows nothing, which is not so where it is dropped on its way out."""
    table = f"table inet {SPACE}"
    chain = f"""{table} {{
        chain arriving {{
            type filter hook prerouting priority raw
            {rule}
        }}
    }}
    """
    run(f"{inside}nft -f -", f"{table} {{}}\ndelete {table}\n" + (chain if rule else ""))


class MovingWorld:
    """The world, for a browser in the namespace (`phone.Home`)."""

    def __init__(self, world: Home, browser: Browser, networks: Networks) -> None:
        self.browser = browser
        self.networks = networks
        self.phone_origin = world.phone_origin
        self.crm_origin = world.crm_origin
        self.token = world.token


@contextmanager
def moving_world(
    playwright: Playwright, world: Home, ports: Iterable[int], folder: Path
) -> Iterator[MovingWorld]:
    """With the cable plugged in. `ports`: those of this machine's loopback that the browser needs.
    `folder`: for a script. Raises NoNamespaces."""
    with ExitStack() as undo:
        networks = _make(undo)
        for port in ports:
            undo.enter_context(gate_to(port, HOME, port))
        script = folder / "chromium"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {SPACE} {CHROMIUM} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        names = ", ".join(f"MAP {name} {HOME}" for name in ("localhost", "*.localhost", "127.0.0.1"))
        rules = f"--host-resolver-rules={names}"
        browser = playwright.chromium.launch(executable_path=script, args=[*FLAGS, UNMUTED, rules])
        undo.callback(browser.close)
        yield MovingWorld(world, browser, networks)


def _make(undo: ExitStack) -> Networks:
    # Names and addresses are the machine's: another clone's tests wait for ours to end.
    lock = undo.enter_context((Path(tempfile.gettempdir()) / f"{SPACE}.lock").open("w"))
    fcntl.flock(lock, fcntl.LOCK_EX)
    for left in (f"netns del {SPACE}", f"addr del {HOME}/32 dev lo"):  # by tests that were killed
        with suppress(NoNamespaces):
            ip(left)
    ip(f"netns add {SPACE}")
    undo.callback(ip, f"netns del {SPACE}")
    ip(f"-n {SPACE} link set lo up")
    ip(f"addr add {HOME}/32 dev lo")
    undo.callback(ip, f"addr del {HOME}/32 dev lo")
    for name, number in NETWORKS.items():
        if name == "mobile":
            mobile = _mobile(undo, name)
        else:
            ip(f"link add phone-{name} type veth peer name {name} netns {SPACE}")
            undo.callback(ip, f"link del phone-{name}")
        ip(f"addr add 10.214.{number}.1/24 dev phone-{name}")
        ip(f"link set phone-{name} up")
        ip(f"-n {SPACE} addr add 10.214.{number}.2/24 dev {name}")
    networks = Networks(mobile)
    networks.up("cable")
    networks.mend()
    undo.callback(networks.mend)
    return networks


def _mobile(undo: ExitStack, name: str) -> SlowLink:
    try:
        link = SlowLink(f"phone-{name}", name)
    except OSError as error:
        raise NoNamespaces(f"no TUN devices: {error}") from error
    undo.callback(link.close)
    ip(f"link set {name} netns {SPACE}")
    return link
