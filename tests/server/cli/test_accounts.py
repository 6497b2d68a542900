"""`zorio-webphone account …`: what it writes, what it shows, and what it says when something is wrong."""

import json
from pathlib import Path

import pytest

from server.customers.call_rules import DEFAULTS
from tests.server.commands import ACCOUNT, DOMAIN, PASSWORD, account_at, done, run

SET = ["account", "set", DOMAIN]
STUN = {"urls": ["stun:stun.example.vn"]}
RELAY = {"urls": ["turn:turn.example.vn"], "username": "u", "credential": "swordfish"}
SECRET = "a secret of the pbx"


def test_an_account_is_a_row(url: str) -> None:
    more = ["--ice-server", json.dumps(STUN), "--sip-secret-file", "-"]
    assert done(url, [*ACCOUNT, *more], f"{SECRET}\n") == "added account phone.example.vn\n"
    account = account_at(url)
    assert (account.name, account.sip_domain) == (DOMAIN, DOMAIN)
    assert (account.sip_secret, account.turn_secret) == (SECRET, None)
    assert account.ice_servers == (STUN,)
    assert account.features == {}


def test_secrets_of_a_turn_server_come_from_files(url: str, tmp_path: Path) -> None:
    (tmp_path / "turn-secret.txt").write_text("a secret of the relay\n")
    (tmp_path / "ice.txt").write_text(f"{json.dumps(RELAY)}\n\n{json.dumps(STUN)}\n")
    files = ["--turn-secret-file", str(tmp_path / "turn-secret.txt")]
    files += ["--ice-servers-file", str(tmp_path / "ice.txt")]
    done(url, [*ACCOUNT, *files])
    account = account_at(url)
    assert account.turn_secret == "a secret of the relay"
    assert account.ice_servers == (RELAY, STUN)
    assert "relay" not in repr(account)


def test_an_empty_list_says_what_to_do_and_which_database_it_is(url: str) -> None:
    assert (
        done(url, ["account", "list"])
        == f"no accounts in {url}; add one: zorio-webphone account add --help\n"
    )


def test_the_list_has_a_line_for_each_account(url: str) -> None:
    done(url, [*ACCOUNT, "--name", "Công ty Ví dụ"])
    done(url, ["account", "add", "a.example.vn", *ACCOUNT[3:]])
    done(url, ["user", "add", DOMAIN, "an", "--password-file", "-"], PASSWORD)
    assert done(url, ["account", "list"]).splitlines() == [
        "DOMAIN            NAME           USERS",
        "a.example.vn      a.example.vn   0",
        "phone.example.vn  Công ty Ví dụ  1",
    ]


def test_an_account_is_shown_by_the_names_of_the_options_and_without_secrets(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "ice.txt").write_text(json.dumps(RELAY))
    more = ["--origin", "https://help.example.vn", "--accent", "#0A7D4F", "--ice-server", json.dumps(STUN)]
    more += ["--ice-servers-file", str(tmp_path / "ice.txt"), "--sip-secret-file", "-", "--several-places"]
    done(url, [*ACCOUNT, *more], SECRET)
    assert done(url, ["account", "show", DOMAIN]).splitlines() == [
        "domain       phone.example.vn",
        "name         phone.example.vn",
        "sip-domain   phone.example.vn",
        "wss          wss://pbx.example.vn:7443/ws",
        "origin       https://crm.example.vn",
        "             https://help.example.vn",
        "accent       #0a7d4f",
        'ice-server   {"urls": ["stun:stun.example.vn"]}',
        '             {"urls": ["turn:turn.example.vn"]} with a credential',
        "turn-secret  -",
        "sip-secret   set",
        "missed-calls -",
        "phone in     several places",
        "call rules   --follow-transfers colleagues",
        "             --digest-realm none",
        "             --no-digest-in-dialog",
        "             --trust-identity",
        "             " + " ".join(f"--dial-allow {pattern}" for pattern in DEFAULTS["dial_allow"]),
        "             --dial-deny 1900X.",
        "             --internal ZX --internal ZXX --internal ZXXX --internal ZXXXX --internal ZXXXXX",
        "             --open-code none",
        "             --country 84",
        "             --calls-per-minute 20",
        "             --calls-at-once 2",
        "             --longest-call none",
    ]


def test_only_what_is_given_changes(url: str) -> None:
    done(url, [*ACCOUNT, "--sip-secret-file", "-", "--several-places"], SECRET)
    before = account_at(url)
    assert done(url, [*SET, "--name", "Ví dụ", "--accent", "#0A7D4F"]) == "changed account phone.example.vn\n"
    after = account_at(url)
    assert (after.name, after.accent) == ("Ví dụ", "#0a7d4f")
    assert (after.sip_secret, after.features) == (SECRET, {"one_place": False})
    assert (after.id, after.public_id, after.domain) == (before.id, before.public_id, before.domain)
    assert (after.wss_urls, after.allowed_origins) == (before.wss_urls, before.allowed_origins)


def test_what_can_be_repeated_is_replaced(url: str) -> None:
    done(url, [*ACCOUNT, "--ice-server", json.dumps(STUN)])
    done(url, [*SET, "--origin", "https://a.example", "--origin", "HTTPS://b.example"])
    done(url, [*SET, "--wss", "wss://pbx2.example.vn/ws", "--sip-domain", "SIP.example.vn"])
    done(url, [*SET, "--turn-secret-file", "-", "--ice-server", '{"urls":["turn:t"]}'], SECRET)
    account = account_at(url)
    assert account.allowed_origins == ("https://a.example", "https://b.example")
    assert (account.wss_urls, account.sip_domain) == (("wss://pbx2.example.vn/ws",), "sip.example.vn")
    assert (account.ice_servers, account.turn_secret) == (({"urls": ["turn:t"]},), SECRET)


def test_what_is_cleared_is_gone(url: str) -> None:
    relay = ["--ice-server", '{"urls":["turn:t"]}', "--turn-secret-file", "-"]
    done(url, [*ACCOUNT, "--accent", "#0a7d4f", *relay], SECRET)
    done(url, [*SET, "--sip-secret-file", "-"], SECRET)
    names = ("accent", "ice-servers", "turn-secret", "sip-secret")
    done(url, [*SET, *(word for name in names for word in ("--clear", name))])
    account = account_at(url)
    assert (account.accent, account.ice_servers) == (None, ())
    assert (account.turn_secret, account.sip_secret) == (None, None)


def test_call_rules_are_set_one_by_one_and_cleared(url: str) -> None:
    done(url, [*ACCOUNT, "--dial-allow", "+65X.", "--dial-allow", "0X.", "--no-trust-identity"])
    assert account_at(url).rules == {"dial_allow": ["+65X.", "0X."], "trusted_identity": False}
    done(url, [*SET, "--follow-transfers", "ask", "--calls-per-minute", "none", "--longest-call", "3600"])
    done(url, [*SET, "--dial-deny", "none", "--clear", "dial-allow", "--digest-realm", "pbx.example.vn"])
    assert account_at(url).rules == {
        "trusted_identity": False,
        "follow_transfers": "ask",
        "calls_per_minute": None,
        "longest_call_s": 3600,
        "dial_deny": [],
        "digest_realms": ["pbx.example.vn"],
    }


def test_places_are_changed_and_other_features_stay(url: str) -> None:
    done(url, ACCOUNT)
    done(url, [*SET, "--several-places"])
    assert account_at(url).features == {"one_place": False}
    done(url, [*SET, "--one-place"])
    assert account_at(url).features == {"one_place": True}


MISTAKES: list[tuple[list[str], str | None, str]] = [
    (["--origin", "crm.example.vn"], None, "'--origin': 'crm.example.vn' is no origin: write it like https"),
    (["--wss", "https://pbx.example.vn"], None, "'--wss': 'https://pbx.example.vn' is no WebSocket address"),
    (["--dial-allow", "0[9"], None, "'--dial-allow': '0[9' is no pattern: write it as Asterisk does"),
    (["--calls-per-minute", "0"], None, "'--calls-per-minute': '0' is no limit: give a number from 1"),
    (["--country", "+84"], None, "'--country': '+84' is no calling code"),
    (["--digest-realm", 'a"b'], None, """'--digest-realm': 'a"b' is no realm"""),
    (["--accent", "green"], None, "'--accent': 'green' is no colour: write it like #0a7d4f"),
    (["--name", " "], None, "'--name': a name has 1 to 200 characters"),
    (["--name", "a\x1b[2Jb"], None, "'--name': a name has 1 to 200 characters, and no control characters"),
    (["--sip-domain", "https://x"], None, "'--sip-domain': 'https://x' is no domain"),
    (["--ice-server", "stun:x"], None, "'--ice-server': an ICE server is JSON like"),
    (["--ice-server", '{"urls":["turn.example.vn"]}'], None, "'turn.example.vn' is no ICE server: write it"),
    (
        ["--ice-server", json.dumps(RELAY)],
        None,
        "'--ice-server': arguments are seen by everybody on this machine: use --turn-secret-file or",
    ),
    (["--ice-server", '{"urls":["turn:t"]}'], None, "a turn: address needs --turn-secret-file, or"),
    (["--ice-servers-file", "-"], "\n\n", "'--ice-servers-file': there is no ICE server in it"),
    (["--ice-servers-file", "-"], "turn:t", "'--ice-servers-file': an ICE server is JSON like"),
    (["--turn-secret-file", "-"], "short", "'--turn-secret-file': a secret has 16 to 200 characters"),
    (["--turn-secret-file", "-"], SECRET, "of no use without a turn: address: give one with --ice-server"),
    (["--sip-secret-file", "-"], "x" * 201, "'--sip-secret-file': a secret has 16 to 200 characters"),
    (["--sip-secret-file", "/nowhere"], None, "'--sip-secret-file': '/nowhere': No such file"),
]


@pytest.mark.parametrize("command", ["add", "set"])
@pytest.mark.parametrize(("options", "stdin", "message"), MISTAKES)
def test_mistakes_name_the_option_and_change_nothing(
    url: str, command: str, options: list[str], stdin: str | None, message: str
) -> None:
    done(url, ACCOUNT)
    before = account_at(url)
    start = SET if command == "set" else ["account", "add", "other.example.vn", *ACCOUNT[3:]]
    result = run(url, [*start, *options], stdin)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output
    assert "swordfish" not in result.output
    assert account_at(url) == before
    assert len(done(url, ["account", "list"]).splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (ACCOUNT, "there is an account with the domain phone.example.vn already"),
        (ACCOUNT[:-2], "Missing option '--origin'"),
        (SET, "nothing to change: give at least one option"),
        ([*SET, "--accent", "#0a7d4f", "--clear", "accent"], "--clear accent contradicts the new value"),
        ([*SET, "--clear", "origin"], "'origin' is not one of 'accent'"),
        (["account", "set", "x.example", "--name", "X"], "there is: phone.example.vn"),
        (["account", "show", "x.example"], "no account has the domain x.example; there is: phone.example.vn"),
        (["account", "show", "https://x"], "'DOMAIN': 'https://x' is no domain"),
        ([*SET, *(f"--origin=https://{n:060d}.example" for n in range(25))], "longer than 1500 characters"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(url: str, arguments: list[str], message: str) -> None:
    done(url, ACCOUNT)
    result = run(url, arguments)
    assert result.exit_code != 0
    assert message in result.output
