"""What may stand in a SIP address: nothing that SIP.js cannot read, and nothing less than it must.

SIP.js itself is asked, by `UserAgent.makeURI` in Node: the phone gives it the address in the same way.
"""

import json
import subprocess
from collections.abc import Callable
from itertools import product

import pytest

from server.customers.origins import check_domain
from server.customers.sip_address import check_extension, check_sip_domain
from server.settings import PROJECT
from tests.server.commands import ACCOUNT, DOMAIN, PASSWORD, account_at, done, run, user_at

_READ = """
import { UserAgent } from "./node_modules/sip.js/lib/api/user-agent.js";
const read = JSON.parse(process.argv[1]).map((address) => UserAgent.makeURI(address));
console.log(JSON.stringify(read.map((uri) => uri ? [uri.user, uri.host, uri.port ?? null] : null)));
"""

GOOD_DOMAINS = [
    "sip.example.vn",
    "SIP.Example.VN",
    "localhost",
    "pbx1",
    "3com.vn",
    "123.vn",
    "1.2.3.4.vn",
    "a--b.c-d.xn--p1ai",
    "10.0.0.5",
    "255.255.255.255",
    f"{'a' * 63}.vn",
]
NOT_READ_BY_SIP_JS = [
    "",
    " ",
    "1",
    "9a",
    "pbx.1",
    "pbx.example.1vn",
    "1-x",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "10.0.0.05",
    "sip.example.vn.",
    ".example.vn",
    "sip..example.vn",
    "-sip.example.-vn",
    "bücher.example",
    "例え.テスト",
    "sip example.vn",
    "sip.example.vn\n",
    "sip.example.vn#x",
    "sip%2eexample.vn",
    "1001@sip.example.vn",
    "<sip.example.vn>",
    "::1",
    "[::1",
    "sip.example.vn:sip",
    "sip.example.vn:50600000000",
]
NO_DOMAIN_OF_A_PHONE = [
    "_sip.example.vn",
    "sip_1.example.vn",
    "[::1]",
    "sip.example.vn:",
    "sip.example.vn:5060",
    "sip.example.vn:99999",
    "sip.example.vn;transport=ws",
    "sip.example.vn?x=y",
    f"{'a' * 64}.vn",
]
"""SIP.js reads these; but they are no names of hosts, or are more than one."""

GOOD_EXTENSIONS = ["1001", "0", "an", "AN", "an.nguyen", "an_nguyen", "an-nguyen", ".", "-", "_", "9" * 32]
BAD_EXTENSIONS = [
    "",
    " ",
    "10 01",
    "1001 ",
    "1001\n",
    "10#01",
    "#1001",
    "10%01",
    "10%2001",
    "10%zz",
    "*43",
    "+84912345678",
    "an@nguyen",
    "an:nguyen",
    "<an>",
    '"an"',
    "an;x=y",
    "an/nguyen",
    "Ẩn",
    "١٠٠١",
    "1" * 33,
]


def read_by_sip_js(addresses: list[str]) -> list[tuple[str, str, int | None] | None]:
    """(user, host, port) of each; None for what SIP.js cannot read."""
    command = ["node", "--input-type=module", "--eval", _READ, "--", json.dumps(addresses)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
    return [None if each is None else (each[0], each[1], each[2]) for each in json.loads(done.stdout)]


def accepts(check: Callable[[str], str], value: str) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True


def test_sip_js_reads_every_address_that_can_be_set() -> None:
    pairs = [(user, host) for user in GOOD_EXTENSIONS for host in GOOD_DOMAINS]
    addresses = [f"sip:{check_extension(user)}@{check_sip_domain(host)}" for user, host in pairs]
    assert read_by_sip_js(addresses) == [(user, host.lower(), None) for user, host in pairs]


def test_what_sip_js_does_not_read_is_refused() -> None:
    assert read_by_sip_js([f"sip:1001@{host}" for host in NOT_READ_BY_SIP_JS]) == [None] * len(
        NOT_READ_BY_SIP_JS
    )
    assert [host for host in NOT_READ_BY_SIP_JS if accepts(check_sip_domain, host)] == []


def test_what_sip_js_reads_and_is_no_host_is_refused_as_well() -> None:
    assert None not in read_by_sip_js([f"sip:1001@{host}" for host in NO_DOMAIN_OF_A_PHONE])
    assert [host for host in NO_DOMAIN_OF_A_PHONE if accepts(check_sip_domain, host)] == []


def test_of_the_names_of_hosts_those_that_sip_js_reads_are_accepted() -> None:
    """All names of up to three of these labels, and all sorts of four numbers."""
    labels = ["1", "01", "255", "256", "a", "1a", "a1", "a-1", "1-1", "xn--a"]
    names = [".".join(parts) for length in (1, 2, 3) for parts in product(labels, repeat=length)]
    names += [".".join(parts) for parts in product(["0", "00", "9", "255", "256"], repeat=4)]
    assert [name for name in names if not accepts(check_domain, name)] == []
    read = read_by_sip_js([f"sip:1001@{name}" for name in names])
    wrong = [
        name
        for name, found in zip(names, read, strict=True)
        if accepts(check_sip_domain, name) != (found is not None)
    ]
    assert wrong == []


@pytest.mark.parametrize("extension", BAD_EXTENSIONS)
def test_an_extension_that_could_be_misread_is_refused(extension: str) -> None:
    assert not accepts(check_extension, extension)


def test_sip_js_reads_every_character_of_an_extension() -> None:
    """Each character of ASCII, alone, first and last: SIP.js takes none that is accepted for another one."""
    values = [text for code in range(128) for text in (chr(code), f"{chr(code)}1", f"1{chr(code)}")]
    good = [value for value in values if accepts(check_extension, value)]
    assert len(good) == 3 * 65
    assert read_by_sip_js([f"sip:{value}@a.vn" for value in good]) == [
        (value, "a.vn", None) for value in good
    ]


def test_what_is_refused_names_the_option(url: str) -> None:
    for command in (["account", "add", DOMAIN, *ACCOUNT[3:]], ["account", "set", DOMAIN]):
        if command[1] == "set":
            done(url, ACCOUNT)
        result = run(url, [*command, "--sip-domain", "pbx.example.1vn"])
        assert result.exit_code == 2
        assert "Invalid value for '--sip-domain': 'pbx.example.1vn' is no SIP domain" in result.output
    assert account_at(url).sip_domain == DOMAIN
    for command in (["user", "add", DOMAIN, "an", "--password-file", "-"], ["user", "set", DOMAIN, "an"]):
        result = run(url, [*command, "--extension", "10#01"], PASSWORD)
        assert result.exit_code == 2
        assert "Invalid value for '--extension': an extension has" in result.output
        done(url, [*command, "--extension", "1001"], PASSWORD)
    assert user_at(url).extension == "1001"


def test_the_domain_of_the_phone_is_no_sip_domain_by_itself_where_sip_js_would_not_read_it(url: str) -> None:
    """Without --sip-domain the SIP domain is that of the phone."""
    add = ["account", "add", "phone.intranet.7", *ACCOUNT[3:]]
    result = run(url, add)
    assert result.exit_code == 1
    assert "'phone.intranet.7' is no SIP domain" in result.output
    assert "--sip-domain" in result.output
    done(url, [*add, "--sip-domain", "sip.example.vn"])
    assert account_at(url, "phone.intranet.7").sip_domain == "sip.example.vn"
