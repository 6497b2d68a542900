"""The checks of an embed token, one by one: RFC 8725 and what PyJWT leaves to us."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.customers.claims import Claims
from server.customers.tokens import LONGEST_TOKEN, BadToken, EmbedTokens
from tests.server.world import KEYS

TOKENS = EmbedTokens(KEYS)
WHOSE = ("uid", "bid", "epo")


def good_claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": "phone.alpha.example",
        "aud": "zorio-webphone",
        "sub": "1001",
        "tid": "t",
        "jti": "j",
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "origins": ["https://crm.alpha.example"],
        "uid": 1,
        "bid": 2,
        "epo": 3,
    }
    return claims | changes


def raw(header: object, claims: object, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed(claims: dict[str, Any], key: str = KEYS["new"], alg: str = "HS256", **header: Any) -> str:
    """Made without PyJWT, which refuses to make most of these. A header of None is left out."""
    headers = {"alg": alg, "typ": "JWT", "kid": "new"} | header
    unsigned = raw({name: value for name, value in headers.items() if value is not None}, claims)[:-1]
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[alg]
    signature = hmac.digest(key.encode(), unsigned.encode(), digest)
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_good_token_gives_its_claims() -> None:
    token = TOKENS.check(signed(good_claims()))
    assert (token.customer_domain, token.customer_id, token.extension) == ("phone.alpha.example", "t", "1001")
    assert token.origins == ("https://crm.alpha.example",)
    assert token.claims == Claims(1, 2, 3, "1001")


@pytest.mark.parametrize("name", WHOSE)
@pytest.mark.parametrize("value", [-1, 2**31, 1.0, True, "1", None, [1]])
def test_whose_it_is_is_said_in_small_numbers(name: str, value: object) -> None:
    with pytest.raises(BadToken):
        TOKENS.check(signed(good_claims(**{name: value})))


def now() -> int:
    return int(time.time())


@pytest.mark.parametrize(
    "make",  # made when the test runs: made minutes before, each would be refused for its age
    [
        pytest.param(lambda: raw({"alg": "none", "typ": "JWT", "kid": "new"}, good_claims()), id="alg none"),
        pytest.param(lambda: raw({"alg": "NONE", "typ": "JWT", "kid": "new"}, good_claims()), id="alg NONE"),
        pytest.param(lambda: raw({"alg": 1, "typ": "JWT", "kid": "new"}, good_claims()), id="alg number"),
        pytest.param(lambda: signed(good_claims(), KEYS["new"] * 2, "HS512"), id="HS512"),
        pytest.param(lambda: signed(good_claims(), KEYS["new"] * 2, "HS384"), id="HS384"),
        pytest.param(lambda: signed(good_claims(), kid="unknown"), id="unknown kid"),
        pytest.param(lambda: signed(good_claims(), kid=None), id="no kid"),
        pytest.param(lambda: signed(good_claims(), kid="../../dev/null"), id="kid a path"),
        pytest.param(
            lambda: raw({"alg": "HS256", "typ": "JWT", "kid": ["new"]}, good_claims()), id="kid a list"
        ),
        pytest.param(lambda: signed(good_claims(), typ=None), id="no typ"),
        pytest.param(lambda: signed(good_claims(), typ="at+jwt"), id="another typ"),
        pytest.param(lambda: signed(good_claims(), crit=["exp"]), id="crit"),
        pytest.param(lambda: signed(good_claims(), KEYS["old"]), id="another key"),
        pytest.param(lambda: signed(good_claims(aud="zorio-crm")), id="another aud"),
        pytest.param(lambda: signed(good_claims(aud=["zorio-webphone", "x"])), id="aud a list"),
        pytest.param(lambda: signed(good_claims(exp=now() - 40, iat=now() - 300)), id="expired"),
        pytest.param(lambda: signed(good_claims(nbf=now() + 100)), id="not yet"),
        pytest.param(
            lambda: signed(good_claims(iat=now() + 100, exp=now() + 300)), id="issued in the future"
        ),
        pytest.param(lambda: signed(good_claims(exp=now() + 1000)), id="too long a life"),
        pytest.param(lambda: signed(good_claims(exp=10**18)), id="for ever"),
        pytest.param(lambda: signed(good_claims(iat=now() - 30, exp=now() - 30)), id="no life"),
        pytest.param(lambda: signed(good_claims(exp=1e999)), id="exp infinite"),
        pytest.param(lambda: signed(good_claims(exp=str(now() + 300))), id="exp a text"),
        pytest.param(lambda: signed(good_claims(exp=now() + 300.5)), id="exp a fraction"),
        pytest.param(lambda: signed(good_claims(iat=True)), id="iat a boolean"),
        pytest.param(lambda: signed(good_claims(sub="")), id="sub empty"),
        pytest.param(lambda: signed(good_claims(tid=7)), id="tid a number"),
        pytest.param(lambda: signed(good_claims(origins="https://crm.alpha.example")), id="origins a text"),
        pytest.param(lambda: signed(good_claims(origins=[1])), id="origins of numbers"),
        pytest.param(lambda: signed(good_claims(origins=["x" * LONGEST_TOKEN])), id="too long a token"),
        pytest.param(lambda: signed(good_claims())[:-2], id="signature cut"),
        pytest.param(lambda: signed(good_claims()) + "A", id="signature longer"),
        pytest.param(lambda: ".".join([signed(good_claims())] * 2), id="two tokens"),
        pytest.param(lambda: raw([], good_claims()), id="header a list"),
        pytest.param(lambda: "A" * 100_000, id="huge"),
        pytest.param(lambda: "", id="empty"),
        pytest.param(lambda: "..", id="dots"),
        pytest.param(lambda: "\u0661.\ud800.x", id="not even text"),
    ],
)
def test_a_bad_token_is_refused(make: Callable[[], str]) -> None:
    token = make()
    with pytest.raises(BadToken):
        TOKENS.check(token)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "tid", "jti", "iat", "nbf", "exp", "origins", *WHOSE])
def test_every_claim_is_required(claim: str) -> None:
    claims = good_claims()
    del claims[claim]
    with pytest.raises(BadToken):
        TOKENS.check(signed(claims))


def test_deep_nesting_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 2900).decode().rstrip("=")
    for token in (f"{deep}.e30.e30", f"{signed({}).split('.')[0]}.{deep}.e30"):
        with pytest.raises(BadToken):
            TOKENS.check(token)


def test_a_clock_may_be_off_by_less_than_the_leeway() -> None:
    now = int(time.time())
    assert TOKENS.check(signed(good_claims(iat=now - 320, nbf=now - 320, exp=now - 20)))
    assert TOKENS.check(signed(good_claims(iat=now + 20, nbf=now + 20, exp=now + 320)))


@pytest.mark.parametrize("life", [29, 901])
def test_no_token_is_minted_with_a_life_out_of_bounds(life: int) -> None:
    with pytest.raises(ValueError, match="30 to 900"):
        TOKENS.mint("d", "t", Claims(1, 2, 3, "1001"), [], 0, life)


@given(
    st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,60}")
)
def test_any_text_is_refused_quietly(text: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.check(text)


@given(st.integers(0, 400), st.sampled_from("ABab01-_.=~"))
def test_no_changed_character_goes_unnoticed(position: int, character: str) -> None:
    token = signed(good_claims())
    position %= len(token) - 1  # the last character of base64url has bits that mean nothing
    changed = token[:position] + character + token[position + 1 :]
    if changed == token:
        return
    with pytest.raises(BadToken):
        TOKENS.check(changed)
