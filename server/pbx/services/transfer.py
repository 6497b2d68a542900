"""A service as the transferred party: it carries out a REFER (RFC 3515, and RFC 3891 for Replaces)."""

from server.pbx.services.call import Call
from server.pbx.services.outbound import Dial
from server.pbx.sip.address import NameAddr, unescape
from server.pbx.sip.message import PHRASES, Request

_RING_SECONDS = 60.0
HANG_UP_AFTER = 3.0
"""Seconds the transferring phone has to hang up itself, as RFC 5589 section 6.1 wants it to."""
_PASSED_ON = ("Replaces", "Referred-By")


async def carry_out(call: Call, request: Request, dial: Dial) -> None:
    """202, call the target with the same sound, report by NOTIFY, and leave the old call if it worked.

    `call` is the one in whose dialog the REFER came; `dial` makes the call to the target.
    """
    try:
        target = NameAddr.parse(request.get("Refer-To")).sip_uri
    except ValueError:
        call.phone.send(request.reply(400))
        return
    headers = {"Referred-By": request.get("Referred-By")} if request.get("Referred-By") else {}
    for part in target.headers.split("&"):
        name, _, value = part.partition("=")
        if name in _PASSED_ON:
            headers[name] = unescape(value)
    call.phone.send(request.reply(202))
    _report(call, 100)
    leg = await dial("", call.user, "Demo PBX", call.sound, headers, uri=target.bare)
    if call.sound == "silence":
        leg.on_digit = leg.send_digit
    await leg.wait_for("ringing", _RING_SECONDS)
    if leg.rang:
        _report(call, 180)
    if await leg.wait_for("answered", _RING_SECONDS):
        _report(call, 200)
        if not await call.wait_for("ended", HANG_UP_AFTER):
            call.bye()
    else:
        leg.cancel()
        _report(call, leg.status or 408)


def _report(call: Call, status: int) -> None:
    subscription = "active;expires=60" if status < 200 else "terminated;reason=noresource"
    call.notify(f"SIP/2.0 {status} {PHRASES.get(status, 'Unknown')}", subscription)
