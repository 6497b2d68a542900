"""What a phone may not say (the edge of the PBX): headers that only the PBX writes, challenges of strangers.

A phone is outside, whatever it registered as. Inside are the PBX's own services and the extensions that the
operator names, a queue or a gateway to a trunk.
"""

from server.pbx.sip.message import Request, Response

_OWN_HEADERS = "x-zorio-"
"""Which record of the CRM a call belongs to: docs/pbx.md."""
_OF_A_CLICK = ("x-zorio-campaign-id", "x-zorio-lead-id")
"""What a colleague's CRM said of the call it dials (docs/protocol.md, `call`)."""
_CLAIMS = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "History-Info")
"""Who calls, who is called and who sent a call on (RFC 3325, RFC 5806, RFC 7044): the PBX says so itself."""
_CHALLENGES = (
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Authentication-Info",
    "Proxy-Authentication-Info",
)


def strip_claims(message: Request | Response) -> None:
    """Who somebody is, the PBX says."""
    for name in _CLAIMS:
        message.remove(name)


def strip_own_headers(message: Request | Response) -> None:
    """No `X-Zorio-` header any more."""
    _strip_own(message, ())


def strip_records(invite: Request) -> None:
    """Of a new call of an extension: what its CRM's click said stays, what names the caller does not."""
    _strip_own(invite, _OF_A_CLICK)


def _strip_own(message: Request | Response, kept: tuple[str, ...]) -> None:
    message.headers = [
        pair
        for pair in message.headers
        if not pair[0].lower().startswith(_OWN_HEADERS) or pair[0].lower() in kept
    ]


def strip_challenge(response: Response) -> None:
    """Only the PBX challenges its phones: from an answer to another's challenge a password can be guessed.
    The 401 or 407 of a phone becomes 403."""
    for name in _CHALLENGES:
        response.remove(name)
    if response.status in (401, 407):
        response.status, response.phrase = 403, "Forbidden"
