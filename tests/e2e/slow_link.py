"""A network that takes its time: two TUN devices and what carries packets from one to the other.

The kernel's own way, tc-netem(8), is a module that not every machine has.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import threading
import time
from collections import deque
from contextlib import suppress

_TUNSETIFF = 0x400454CA
_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
_LARGEST = 65_536


class SlowLink:
    """`near` and `far`: the names of its ends; where they are put is up to whoever makes it. `delay`: seconds
    each way, for packets that set out from now on. `worst`: the longest that one has taken,
    which is more on a busy machine."""

    def __init__(self, near: str, far: str) -> None:
        """Raises OSError where there are no TUN devices."""
        self.delay = self.worst = 0.0
        self._ends = (_open(near), _open(far))
        self._waker, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Both ends are gone."""
        os.write(self._wake, b"x")
        self._thread.join(5)
        for each in (*self._ends, self._waker, self._wake):
            os.close(each)

    def _carry(self) -> None:
        near, far = self._ends
        other_end = {near: far, far: near}
        under_way: deque[tuple[float, int, bytes]] = deque()
        while True:
            wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
            ready, _, _ = select.select([near, far, self._waker], [], [], wait)
            if self._waker in ready:
                return
            for end in ready:
                under_way.append((time.monotonic() + self.delay, other_end[end], os.read(end, _LARGEST)))
            while under_way and under_way[0][0] <= time.monotonic():
                due, end, packet = under_way.popleft()
                self.worst = max(self.worst, time.monotonic() - due + self.delay)
                with suppress(OSError):  # an end that is down
                    os.write(end, packet)


def _open(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", name.encode(), _TUN_WITHOUT_HEADER))
    except OSError:
        os.close(end)
        raise
    return end
