"""Challenges are read and credentials made as RFC 7616 and RFC 8760 say (public/sip/digest.js); in Node."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import Any

import pytest

from tests.build.frame_site import ROOT

_RUN = """
import { asksForAuth, challengesOf, credentialsFor } from "./public/sip/digest.js";
const { value, request } = JSON.parse(process.argv[1]);
const challenges = challengesOf(value);
const made = request && challenges.length ? credentialsFor(challenges[0], request) : null;
console.log(JSON.stringify({ challenges, made, auth: challenges.map(asksForAuth) }));
"""


def run(value: str, request: dict[str, str] | None = None) -> Any:
    given = json.dumps({"value": value, "request": request})
    command = ["node", "--input-type=module", "--eval", _RUN, "--", given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


MUFASA = {
    "method": "GET",
    "uri": "/dir/index.html",
    "username": "Mufasa",
    "password": "Circle of Life",
    "nc": "00000001",
    "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
}
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("challenge", "request_", "response"),
    [
        # RFC 7616 section 3.9.1
        (RFC_7616.format("MD5"), MUFASA, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            RFC_7616.format("SHA-256"),
            MUFASA,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ],
    ids=["MD5", "SHA-256"],
)
def test_the_examples_of_the_rfc(challenge: str, request_: dict[str, str], response: str) -> None:
    assert f'response="{response}"' in run(challenge, request_)["made"]


@pytest.mark.parametrize("name", ["MD5", "SHA-256", "SHA-512-256"])
def test_another_implementation_agrees(name: str) -> None:
    """The RFC's example of SHA-512-256 is wrong (erratum 4897): it is SHA-512 cut off."""
    user = {"username": "J\u00e4s\u00f8n Doe", "password": "Secret, or not?"}
    made = run(RFC_7616.format(name), MUFASA | user)["made"]
    known = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}[name]

    def digest(text: str) -> str:
        return hashlib.new(known, text.encode()).hexdigest()

    secret = digest("J\u00e4s\u00f8n Doe:http-auth@example.org:Secret, or not?")
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    middle = f"{nonce}:00000001:{MUFASA['cnonce']}:auth"
    expected = digest(f"{secret}:{middle}:{digest('GET:/dir/index.html')}")
    assert f'response="{expected}"' in made


def test_what_is_quoted_stays_quoted() -> None:
    request = MUFASA | {"username": 'a"b\\c'}
    made = run(r'Digest realm="x\"y", nonce="n\\1", opaque="\"", algorithm="md5"', request)["made"]
    for part in (r'username="a\"b\\c"', r'realm="x\"y"', r'nonce="n\\1"', r'opaque="\""', "algorithm=md5"):
        assert part in made
    assert "qop" not in made
    assert "cnonce" not in made


@pytest.mark.parametrize(
    ("value", "realms"),
    [
        ('Digest realm="a", nonce="n"', ["a"]),
        ('digest\tREALM = "a" ,nonce=n', ["a"]),
        ('Digest realm="a", nonce="n", Digest realm="b", nonce="m"', ["a", "b"]),
        ('Basic realm="x", Digest realm="b", nonce="m"', ["b"]),
        ('Digest realm="Digest x=1", nonce="n"', ["Digest x=1"]),
        ('Digest realm="a", realm="b", nonce="n"', []),
        ('Digest realm="a", nonce="n', []),
        ('Digest realm="a" %%%', []),
        ("Digest", []),
        ("", []),
        ("Digest " + ", " * 5000 + 'realm="a"', []),
    ],
)
def test_challenges_of_one_header(value: str, realms: list[str]) -> None:
    assert [challenge["realm"] for challenge in run(value)["challenges"]] == realms


@pytest.mark.parametrize(
    ("qop", "auth"),
    [('"auth"', True), ('"AUTH-INT , Auth"', True), ("auth", True), ('"auth-int"', False), ('""', False)],
)
def test_only_auth_is_taken(qop: str, auth: bool) -> None:
    assert run(f'Digest realm="a", nonce="n", qop={qop}')["auth"] == [auth]
