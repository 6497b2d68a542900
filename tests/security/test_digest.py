"""Digest only to whom it belongs: whoever asks for credentials without being the PBX gets none.

What was sent is checked by a computation of its own (RFC 7616 section 3.4.1, RFC 8760).
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from server.pbx.proxy.digest import parse_credentials
from server.pbx.sip.message import Request, Response
from tests.e2e.phone import Phone
from tests.e2e.world import World, until
from tests.security.conftest import OpenVictim
from tests.security.hostile_peer import (
    HostilePeer,
    accept,
    challenging,
    credentials_of,
    grant,
    keep_invite,
)

DOMAIN = "localhost"
"""The host part of the victim's SIP URI."""
NO_QOP = f'Digest realm="{DOMAIN}", nonce="n0"'
MD5 = f'Digest realm="{DOMAIN}", nonce="n1", algorithm=MD5, qop="auth", opaque="o\\"1"'
SHA_256 = f'Digest realm="{DOMAIN}", nonce="n2", algorithm=SHA-256, qop="auth"'
SHA_512 = f'Digest realm="{DOMAIN}", nonce="n3", algorithm=SHA-512-256, qop="auth"'
EVIL = 'Digest realm="evil.example", nonce="n4", algorithm=MD5, qop="auth"'
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def assert_proved(phone: Phone, request: Request, challenge: str, count: int = 1) -> None:
    """The request carries the right credentials for this challenge."""
    asked, said = parse_credentials(challenge), credentials_of(request)
    assert isinstance(phone.world, World)
    secret_of_pbx = phone.world.pbx._proxy._digest._secret
    assert secret_of_pbx
    user = said["username"]
    password = base64.b64encode(hmac.digest(secret_of_pbx, user.encode(), "sha1")).decode()
    algorithm = said["algorithm"].upper()
    assert algorithm == asked.get("algorithm", "MD5").upper()
    assert {name: said.get(name) for name in ("realm", "nonce", "opaque")} == {
        name: asked.get(name) for name in ("realm", "nonce", "opaque")
    }
    assert user.endswith(f":{phone.extension}")
    assert said["uri"] == request.uri

    def digest(text: str) -> str:
        return hashlib.new(HASHES[algorithm], text.encode()).hexdigest()

    middle = said["nonce"]
    if "qop" in asked:
        assert (said["qop"], said["nc"]) == ("auth", f"{count:08x}")
        assert len(said["cnonce"]) >= 16
        middle += f":{said['nc']}:{said['cnonce']}:auth"
    secret = digest(f"{user}:{asked['realm']}:{password}")
    assert said["response"] == digest(f"{secret}:{middle}:{digest(f'{request.method}:{request.uri}')}")


def proved(peer: HostilePeer) -> list[Request]:
    """All requests with credentials since `reset`."""
    return [request for request in peer.requests() if credentials_of(request)]


def refusal_of(phone: Phone) -> tuple[str, str, str]:
    """What the parent is told of a challenge that was not answered: reason, realm, method."""
    error = phone.wait_event("error", code="challenge_refused")
    return error["detail"]["reason"], error["detail"]["realm"], error["detail"]["method"]


# ---- REGISTER

ANSWERED: dict[str, tuple[list[str], int]] = {
    "as it was before qop": ([NO_QOP], 0),
    "MD5": ([MD5], 0),
    "SHA-256": ([SHA_256], 0),
    "SHA-512-256": ([SHA_512], 0),
    "the strongest, whatever comes last": ([MD5, SHA_512, SHA_256], 1),
    "the strongest of one header": ([f"{MD5}, {SHA_256}"], 0),
    "what is known of several": ([MD5.replace("MD5", "SHA3-512"), MD5], 1),
    "what is ours of several": ([EVIL, 'Basic realm="localhost"', MD5], 2),
    "any case, any quoting": ([f'dIGEST ALGORITHM="md5",QOP=auth, Nonce="x" ,realm="{DOMAIN.upper()}"'], 0),
    "auth of a list": ([MD5.replace('"auth"', '"auth-int, auth"')], 0),
}


def register_anew(phone: Phone, peer: HostilePeer) -> None:
    """The phone leaves and comes back."""
    phone.mark()
    phone.send("disconnect")
    phone.wait_event("disconnected")
    peer.reset()
    phone.mark()


def test_the_registrar_may_ask(peer: HostilePeer, open_victim: OpenVictim) -> None:
    """One phone for all rows: starting one takes seconds."""
    phone = open_victim()
    for row, (challenges, which) in ANSWERED.items():
        register_anew(phone, peer)
        peer.on["REGISTER"] = challenging(401, *challenges, then=grant)
        phone.send("connect")
        phone.wait_event("registered")
        (request,) = proved(peer)
        chosen = challenges[which]
        if row == "the strongest of one header":
            chosen = SHA_256
        count = int(credentials_of(request).get("nc", "1"), 16)  # a nonce that was used before
        assert_proved(phone, request, chosen, count)


def test_the_first_realm_of_the_registrar_is_kept(peer: HostilePeer, open_victim: OpenVictim) -> None:
    """PBXs have realms that are not the domain. Who asks later for another one gets nothing, nor does who
    asks a caller for the domain's."""
    phone = open_victim(wait=None)
    asterisk = MD5.replace(DOMAIN, "asterisk")
    peer.on["REGISTER"] = challenging(407, asterisk, then=grant)
    phone.wait_event("registered", seconds=40)
    (request,) = proved(peer)
    assert_proved(phone, request, asterisk)

    peer.on["INVITE"] = challenging(401, MD5, then=keep_invite)
    phone.send("call", {"number": "1001"})
    assert refusal_of(phone) == ("realm", DOMAIN, "INVITE")
    assert len(proved(peer)) == 1

    register_anew(phone, peer)
    peer.on["REGISTER"] = challenging(401, EVIL, then=grant)
    phone.send("connect")
    error = phone.wait_event("error", code="registration_refused")
    assert (error["fatal"], error["detail"]) == (True, {"reason": "realm", "realm": "evil.example"})
    assert proved(peer) == []


# ---- a call

REFUSED = {
    "another realm": ([EVIL], "realm"),
    "an algorithm nobody knows": ([MD5.replace("MD5", "SHA3-512")], "algorithm"),
    "a session algorithm without quotes": ([MD5.replace("MD5", "MD5-sess")], "algorithm"),
    "only auth-int": ([MD5.replace('"auth"', '"auth-int"')], "qop"),
    "no nonce": ([f'Digest realm="{DOMAIN}"'], "malformed"),
    "two realms at once": ([f'Digest realm="evil.example", realm="{DOMAIN}", nonce="n"'], "malformed"),
    "no Digest": ([f'Basic realm="{DOMAIN}"'], "malformed"),
    "no challenge": ([], "malformed"),
    "noise": (['Digest realm="localhost, nonce=\x7f"%%%'], "malformed"),
}


@pytest.mark.parametrize("status", [401, 407])
def test_the_pbx_may_ask_a_caller(peer: HostilePeer, victim: Phone, status: int) -> None:
    """Once; and again only where the nonce was too old."""
    challenge = MD5.replace("n1", f"call-{status}")
    stale = challenge.replace(f"call-{status}", f"fresh-{status}") + ", stale=TRUE"
    asked = iter([challenge, stale, stale.replace("fresh", "third")])
    peer.on["INVITE"] = lambda peer, request: request.reply(
        status, [("WWW-Authenticate" if status == 401 else "Proxy-Authenticate", next(asked))]
    )
    victim.send("call", {"number": "1001"})
    assert victim.wait_event("call_hangup")["reason"] == "forbidden"
    first, second = proved(peer)
    assert_proved(victim, first, challenge)
    assert_proved(victim, second, stale)
    assert len(peer.requests("ACK")) == 3
    assert len({request.cseq[0] for request in peer.requests("INVITE")}) == 3


@pytest.mark.parametrize("row", REFUSED)
def test_nobody_else_may(peer: HostilePeer, victim: Phone, row: str) -> None:
    """The call ends at once and says why; its INVITE gets the ACK."""
    challenges, reason = REFUSED[row]
    peer.on["INVITE"] = challenging(407, *challenges, then=keep_invite)
    victim.send("call", {"number": "1001"})
    assert refusal_of(victim)[0::2] == (reason, "INVITE")
    assert victim.wait_event("call_hangup")["reason"] == "forbidden"
    assert peer.wait_request("ACK").cseq[0] == peer.requests("INVITE")[0].cseq[0]
    assert proved(peer) == []


def test_who_rings_is_too_late_to_ask(peer: HostilePeer, victim: Phone) -> None:
    """What passed the INVITE on would have asked before."""
    victim.send("call", {"number": "1001"})
    call = peer.take_invite()
    call.ring()
    victim.wait_event("call_ringing")
    call.refuse(407, [("Proxy-Authenticate", MD5)])
    assert refusal_of(victim) == ("request", DOMAIN, "INVITE")
    assert proved(peer) == []


def challenge_all(status: int) -> dict[str, object]:
    """Handlers that ask for credentials in a call, with the PBX's own realm."""
    handler = challenging(status, MD5, then=accept)
    return dict.fromkeys(("BYE", "INFO", "REFER", "NOTIFY"), handler)


def test_the_other_side_of_a_call_gets_nothing(peer: HostilePeer, victim: Phone) -> None:
    """Every request that the phone sends in a call is challenged, in the name of the PBX."""
    victim.send("call", {"number": "1001"})
    call = peer.take_invite()
    call.answer()
    victim.wait_event("call_answered")
    peer.on |= challenge_all(407)  # type: ignore[arg-type]
    peer.on["INVITE"] = challenging(401, MD5, then=keep_invite)
    victim.send("hold")
    assert refusal_of(victim) == ("request", DOMAIN, "INVITE")
    victim.mark()
    victim.send("send_dtmf", {"digits": "1"})
    assert refusal_of(victim) == ("request", DOMAIN, "INFO")
    victim.mark()
    victim.send("transfer", {"target": "1003"})
    assert refusal_of(victim) == ("request", DOMAIN, "REFER")
    victim.mark()
    victim.send("hangup")
    assert refusal_of(victim) == ("request", DOMAIN, "BYE")
    assert proved(peer) == []
    assert [method for method in ("INFO", "REFER", "BYE") if len(peer.requests(method)) != 1] == []


def test_a_cancel_is_never_repeated(peer: HostilePeer, victim: Phone) -> None:
    """RFC 3261 section 22.1: nobody may challenge a CANCEL."""
    peer.on["CANCEL"] = challenging(401, MD5)
    victim.send("call", {"number": "1001"})
    call = peer.take_invite()
    call.ring()
    victim.wait_event("call_ringing")
    victim.send("hangup")
    call.wait_request("CANCEL")
    call.refuse(487)
    assert (len(peer.requests("CANCEL")), proved(peer)) == (1, [])


def test_a_pbx_may_ask_in_calls_where_its_account_says_so(peer: HostilePeer, open_victim: OpenVictim) -> None:
    phone = open_victim(columns={"rules": {"digest_in_dialog": True}})
    phone.send("call", {"number": "1001"})
    peer.take_invite().answer()
    phone.wait_event("call_answered")
    peer.on["INFO"] = peer.on["BYE"] = challenging(407, MD5)
    phone.send("send_dtmf", {"digits": "1"})
    until(lambda: len(proved(peer)) == 1, "the digit")
    phone.send("hangup")
    until(lambda: len(proved(peer)) == 2, "the BYE")
    for request in proved(peer):
        assert_proved(phone, request, MD5, int(credentials_of(request)["nc"], 16))
    numbers = [request.cseq[0] for request in peer.requests() if request.method in ("INFO", "BYE")]
    assert numbers == sorted(set(numbers)), "each request has a CSeq of its own"
    assert [each for each in peer.said if "assword" in each.text] == []
    assert all(not isinstance(each.message, Response) or each.message.status < 500 for each in peer.said)
