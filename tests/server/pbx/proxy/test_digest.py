"""Who may do what: RFC 7616 digest with static and time-limited credentials."""

import base64
import hmac
import time

import pytest

from server.pbx.proxy.digest import (
    NONCE_LIFETIME,
    Digest,
    PbxUser,
    digest_response,
    parse_credentials,
    time_limited_password,
)
from server.pbx.sip.message import Request, Response

USERS = {"1001": PbxUser("secret"), "1009": PbxUser(None)}
URI = "sip:pbx.test"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def register(fields: dict[str, str] | None = None) -> Request:
    request = Request("REGISTER", URI, [("From", "<sip:1001@pbx.test>;tag=a"), ("To", "<sip:1001@pbx.test>")])
    if fields:
        value = ", ".join(f'{name}="{text}"' for name, text in fields.items())
        request.headers.append(("Authorization", f"Digest {value}"))
    return request


def challenged(digest: Digest) -> str:
    answer = digest.refusal(register(), "1001")
    assert answer is not None
    assert answer.status == 401
    return answer.get("WWW-Authenticate").partition('nonce="')[2].partition('"')[0]


def attempt(
    digest: Digest, username: str, password: str, *, user: str = "1001", **changed: str
) -> Response | None:
    fields = {
        "username": username,
        "realm": "pbx.test",
        "uri": URI,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "c",
    }
    fields["nonce"] = changed.get("nonce") or challenged(digest)
    if changed.get("algorithm", "").upper() in ("SHA-256", "MD5"):
        fields["algorithm"] = changed["algorithm"]
    fields["response"] = digest_response(username, "pbx.test", password, "REGISTER", fields)
    return digest.refusal(register(fields | changed), user)


def test_the_formula_is_that_of_the_rfc() -> None:
    # RFC 2617 section 3.5
    fields = {
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "uri": "/dir/index.html",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
    }
    response = digest_response("Mufasa", "testrealm@host.com", "Circle Of Life", "GET", fields)
    assert response == "6629fae49393a05397450978507c4ef1"


def test_the_strongest_is_offered_first_and_both_are_taken() -> None:
    digest = Digest("pbx.test", USERS, None)
    answer = digest.refusal(register(), "1001")
    assert answer
    offered = [parse_credentials(value) for value in answer.all("WWW-Authenticate")]
    assert [each["algorithm"] for each in offered] == ["SHA-256", "MD5"]
    assert len({(each["realm"], each["nonce"], each["qop"]) for each in offered}) == 1
    for algorithm in ("SHA-256", "sha-256", "MD5"):
        assert attempt(digest, "1001", "secret", algorithm=algorithm) is None
        refused = attempt(digest, "1001", "wrong", algorithm=algorithm)
        assert refused is not None
        assert refused.status == 403


def test_the_example_of_sha_256() -> None:
    # RFC 7616 section 3.9.1
    fields = {
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "uri": "/dir/index.html",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "algorithm": "SHA-256",
    }
    response = digest_response("Mufasa", "http-auth@example.org", "Circle of Life", "GET", fields)
    assert response == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_a_right_static_password_passes() -> None:
    assert attempt(Digest("pbx.test", USERS, None), "1001", "secret") is None


@pytest.mark.parametrize(
    ("username", "password", "user"),
    [
        ("1001", "wrong", "1001"),
        ("1001", "secret", "1009"),
        ("1009", "None", "1009"),
        ("1009", "", "1009"),
        ("7777", "secret", "7777"),
        ("", "", "1001"),
        ("đ", "secret", "1001"),
    ],
)
def test_a_wrong_credential_is_refused_for_good(username: str, password: str, user: str) -> None:
    answer = attempt(Digest("pbx.test", USERS, b"key"), username, password, user=user)
    assert answer is not None
    assert answer.status == 403


def test_time_limited_credentials_work_until_they_expire() -> None:
    clock = Clock()
    digest = Digest("pbx.test", USERS, b"key", clock)
    for user in USERS:
        username = f"{int(clock.now) + 60}:{user}"
        password = base64.b64encode(hmac.digest(b"key", username.encode(), "sha1")).decode()
        assert password == time_limited_password(b"key", username)
        assert attempt(digest, username, password, user=user) is None
    clock.now += 60
    answer = attempt(digest, username, password, user=user)
    assert answer is not None
    assert (answer.status, answer.phrase) == (403, "Credentials Expired")


def test_time_limited_credentials_are_for_one_extension_and_one_secret() -> None:
    username = f"{int(time.time()) + 60}:1001"
    password = time_limited_password(b"key", username)
    for digest, user in (
        (Digest("pbx.test", USERS, b"key"), "1009"),
        (Digest("pbx.test", USERS, b"other"), "1001"),
        (Digest("pbx.test", USERS, None), "1001"),
    ):
        answer = attempt(digest, username, password, user=user)
        assert answer is not None
        assert answer.status == 403


def test_an_old_nonce_is_replaced_when_the_password_was_right() -> None:
    clock = Clock()
    digest = Digest("pbx.test", USERS, None, clock)
    nonce = challenged(digest)
    clock.now += NONCE_LIFETIME + 1
    answer = attempt(digest, "1001", "secret", nonce=nonce)
    assert answer is not None
    assert answer.status == 401
    assert answer.get("WWW-Authenticate").endswith("stale=true")
    wrong = attempt(digest, "1001", "wrong", nonce=nonce)
    assert wrong is not None
    assert wrong.status == 403


def test_a_nonce_of_another_process_is_replaced() -> None:
    nonce = challenged(Digest("pbx.test", USERS, None))
    answer = attempt(Digest("pbx.test", USERS, None), "1001", "secret", nonce=nonce)
    assert answer is not None
    assert "stale=true" in answer.get("WWW-Authenticate")


@pytest.mark.parametrize(
    "changed", [{"response": ""}, {"response": "đ"}, {"algorithm": "SHA-512"}, {"nc": "2"}, {"uri": "sip:x"}]
)
def test_a_changed_field_spoils_it(changed: dict[str, str]) -> None:
    answer = attempt(Digest("pbx.test", USERS, None), "1001", "secret", **changed)
    assert answer is not None
    assert answer.status == 403


def test_another_realm_counts_as_no_credential() -> None:
    answer = attempt(Digest("pbx.test", USERS, None), "1001", "secret", realm="elsewhere")
    assert answer is not None
    assert answer.status == 401


def test_a_password_is_not_in_the_representation() -> None:
    assert "secret" not in repr(USERS["1001"])
