"""The command line: what it writes, what it says when something is wrong, how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.accounts import account_of_host
from server.cli import main
from server.database import Database
from server.users import user_named
from tests.server.world import KEYS, build_dist

ACCOUNT = ["account", "add", "phone.example.vn", "--wss", "wss://pbx.example.vn:7443/ws"]
ORIGIN = ["--origin", "https://crm.example.vn"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'zorio.db'}"


def run(url: str, arguments: list[str], stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin, env={"ZORIO_DATABASE_URL": url})


def test_an_account_and_a_user_are_rows(url: str) -> None:
    ice = {"urls": ["stun:stun.example.vn"]}
    secret = "a secret of the pbx"
    arguments = ["--ice-server", json.dumps(ice), "--sip-secret-file", "-"]
    added = run(url, [*ACCOUNT, *ORIGIN, *arguments], f"{secret}\n")
    assert (added.exit_code, added.output) == (0, "added account phone.example.vn\n")
    user = ["user", "add", "phone.example.vn", "an", "--extension", "1001", "--display-name", "Nguyễn Văn An"]
    added = run(url, user, "a long password\na long password\n")
    assert added.exit_code == 0
    assert "added user an to phone.example.vn" in added.output
    assert "a long password" not in added.output
    database = Database(url)
    account = database.write_now(account_of_host, "phone.example.vn")
    assert account.sip_secret == secret
    assert account.ice_servers == (ice,)
    assert account.turn_secret is None
    found = database.write_now(user_named, account.id, "an")
    assert found is not None
    assert (found.extension, found.display_name, found.role) == ("1001", "Nguyễn Văn An", "agent")
    assert found.password_hash.startswith("$argon2id$")
    database.close()


def test_secrets_of_a_turn_server_come_from_files(url: str, tmp_path: Path) -> None:
    relay = {"urls": ["turn:turn.example.vn"], "username": "u", "credential": "c"}
    (tmp_path / "turn-secret.txt").write_text("a secret of the relay\n")
    (tmp_path / "ice.txt").write_text(f'{json.dumps(relay)}\n\n{{"urls": ["stun:stun.example.vn"]}}\n')
    files = ["--turn-secret-file", str(tmp_path / "turn-secret.txt")]
    files += ["--ice-servers-file", str(tmp_path / "ice.txt")]
    assert run(url, [*ACCOUNT, *ORIGIN, *files]).exit_code == 0
    database = Database(url)
    account = database.write_now(account_of_host, "phone.example.vn")
    assert account.turn_secret == "a secret of the relay"
    assert account.ice_servers == (relay, {"urls": ["stun:stun.example.vn"]})
    assert "relay" not in repr(account)
    database.close()


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (
            [*ACCOUNT, *ORIGIN, "--ice-server", '{"urls":["turn:x"],"username":"u","credential":"c"}'],
            None,
            "use --turn-secret-file or --ice-servers-file",
        ),
        ([*ACCOUNT, *ORIGIN, "--turn-secret-file", "-"], "short", "TURN secret is shorter than 16 char"),
        (
            ["account", "add", "x.example", *ACCOUNT[3:], *ORIGIN, "--turn-secret-file", "-"],
            "long enough for a secret",
            "of no use without a turn: address",
        ),
        ([*ACCOUNT, *ORIGIN], None, "there is an account with the domain phone.example.vn already"),
        (ACCOUNT, None, "Missing option '--origin'"),
        (
            [*ACCOUNT, "--origin", "crm.example.vn"],
            None,
            "is no origin: write it like https://crm.example.vn",
        ),
        ([*ACCOUNT, *ORIGIN, "--ice-server", "stun:x"], None, "an ICE server is JSON like"),
        ([*ACCOUNT, *ORIGIN, "--sip-secret-file", "-"], "short", "shorter than 16 characters"),
        (
            ["user", "add", "x.example", "an", "--password-file", "-"],
            "long enough",
            "there is: phone.example.vn",
        ),
        (["user", "add", "phone.example.vn", "an", "--password-file", "-"], "short", "8 to 1024 characters"),
        (["user", "add", "phone.example.vn", "an", "--role", "boss"], None, "is not one of 'admin'"),
        (["demo", "--port", "70000"], None, "is not in the range"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(
    url: str, arguments: list[str], stdin: str | None, message: str
) -> None:
    assert run(url, [*ACCOUNT, *ORIGIN]).exit_code == 0
    result = run(url, arguments, stdin)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("bad", ["nonsense", "sqlite://", "nodb://host/x"])
def test_a_bad_database_address_is_a_sentence(bad: str) -> None:
    result = run(bad, [*ACCOUNT, *ORIGIN])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")


@pytest.mark.parametrize("command", [[], ["serve"], ["demo"], ["account", "add"], ["user", "add"]])
def test_help_has_an_example(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert "zorio-webphone" in result.output.split("\n", 1)[1]


def command(*arguments: str, pages: Path | None = None) -> list[str]:
    """The command line in a process of its own; `pages` in place of the demo CRM's."""
    script = "import functools, pathlib, server.cli, server.demo_server as demo\n"
    if pages is not None:
        script += (
            f"demo.serve_demo = functools.partial(demo.serve_demo, pages=pathlib.Path({str(pages)!r}))\n"
        )
    return [sys.executable, "-c", script + "server.cli.main()", *arguments]


def environment(**values: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PORT"} | values


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_says_ready_when_it_is_and_stops_quietly(tmp_path: Path, stop: signal.Signals) -> None:
    dist = build_dist(tmp_path / "dist")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("<!doctype html>CRM", encoding="utf-8")
    with subprocess.Popen(
        command("demo", "--port", "0", pages=tmp_path / "pages"),
        env=environment(ZORIO_DIST_DIR=str(dist), TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), process.stderr.read()
        assert line.endswith("/demo/\n")
        page = line.split()[1]
        with urllib.request.urlopen(page) as answer:
            assert answer.read() == b"<!doctype html>CRM"
        with urllib.request.urlopen(page + "embed-token?user=1001") as answer:
            assert json.load(answer)["token"].count(".") == 2
        process.send_signal(stop)
        rest, errors = process.communicate(timeout=20)
    assert process.returncode == (0 if stop == signal.SIGINT else -signal.SIGTERM)
    assert rest == ""
    assert "Traceback" not in errors
    assert "embed-token?user" not in errors
    assert not list(tmp_path.glob("zorio-demo-*"))


@pytest.mark.parametrize("name", ["demo", "serve"])
def test_a_busy_port_is_one_line(tmp_path: Path, url: str, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        variables = {
            "ZORIO_DIST_DIR": str(build_dist(tmp_path / "dist")),
            "ZORIO_DATABASE_URL": url,
            "ZORIO_SIGNING_KEYS": f"new={KEYS['new']}",
        }
        result = CliRunner().invoke(main, [name, "--port", port], env=variables)
    message = f"Error: port {port} is in use: stop what runs there, or choose another one\n"
    assert (result.exit_code, result.output) == (1, message)


def test_a_frame_that_is_not_built_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["demo", "--port", "0"], env={"ZORIO_DIST_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert result.output.endswith("run `make build`\n")


def test_serve_refuses_to_start_without_keys(url: str) -> None:
    result = CliRunner().invoke(main, ["serve"], env={"ZORIO_DATABASE_URL": url, "ZORIO_SIGNING_KEYS": ""})
    assert result.exit_code == 1
    assert result.output.startswith("Error: ZORIO_SIGNING_KEYS is empty")
