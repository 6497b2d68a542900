"""What Python and the scripts of the page (`public/`) must both know. Once: in `shared.json`.

The scripts need it before Python is there; the build puts the values into them (public/build/build.mjs). This
module is imported while the frame is built, so nothing is read at the start.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    source: str
    """`source` of every message between the parent and us (contract section 3)."""
    longest_message: int
    """Characters of JSON. A longer one is no message."""
    kept_messages: int
    """Of the parent, from before Python listens. Those beyond are counted and dropped."""
    record_key: str
    """Of the session storage: the record of the calls, for the next page."""
    record_lives_s: int
    """A record that is older is of no use: a far end of ours has given the call up after 30 seconds."""
    address_key: str
    """Of the state of the session history: the address, while there is a call."""
    sound_key: str
    """Of the local storage: the devices and sounds that the agent chose."""
    browser_key: str
    """Of the local storage: the name of this browser (`browser/lease_holder.py`)."""
    sip_longest_message: int
    """Characters of a SIP message that the far end may send. A browser's offer has below 10,000. This and the
    following: see public/sip/intake.js."""
    sip_longest_head: int
    """Characters of all its header fields."""
    sip_longest_line: int
    """Characters of one of them."""
    sip_most_lines: int
    """Header fields."""
    sip_turn_ms: int
    """Milliseconds of work on SIP messages after which the page has its turn. The parent is answered within
    200 ms whatever a PBX sends, and one message may take some ten milliseconds more than this."""
    sip_most_unread: int
    """Messages that nobody has looked at. Those beyond are dropped."""
    sip_most_waiting: int
    """Messages of our calls that wait, and as many of others."""
    sip_longest_waiting: int
    """Characters of all that wait."""
    sip_calls_known: int
    """Call-IDs and callers that are remembered: those of the newest messages."""
    sip_rates: Mapping[str, Sequence[float]]
    """Messages of a kind that reach SIP.js: [how many at once, how many a second in the long run].

    `*_of_call`: with one Call-ID. `invite`: new calls; more than `ring_flood.py` lets ring, so that the core
    sees that there is a flood. `offer`: re-INVITE and UPDATE. `provisional`: 1xx, each of which may begin a
    dialog (RFC 3261 section 12.1). `final`: 2xx to 6xx, also to the digits we send as INFO. `closing`: BYE,
    CANCEL, ACK, PRACK. `outside`: new requests that are no calls. `stranger`: of no call of
    ours, though it says that there is one. `refusal`: answers to what is too much.
    """


def _read() -> Shared:
    data = pkgutil.get_data(__package__ or "embed_app.core", "shared.json")
    if data is None:
        raise FileNotFoundError("shared.json")
    return Shared(**json.loads(data))


SHARED = _read()
