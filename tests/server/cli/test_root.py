"""The command line: what it says when something is wrong, how it serves, how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from server.cli import main
from tests.server.commands import ACCOUNT, DATA_KEYS, run
from tests.server.world import KEYS, build_dist


@pytest.mark.parametrize("bad", ["nonsense", "sqlite://", "nodb://host/x", "sqlite:////dev/null/zorio.db"])
def test_a_bad_database_address_is_a_sentence(bad: str) -> None:
    result = run(bad, ACCOUNT)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_a_file_that_is_no_database_and_a_missing_driver_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "zorio.db").write_text("no database, but long enough to be read as the head of one" * 20)
    result = run(f"sqlite:///{tmp_path / 'zorio.db'}", ["account", "list"])
    assert (result.exit_code, result.output) == (1, "Error: ZORIO_DATABASE_URL: file is not a database\n")
    result = run("postgresql+psycopg2://an:swordfish@host/x", ["account", "list"])
    assert result.exit_code == 1
    assert result.output == "Error: ZORIO_DATABASE_URL: the driver psycopg2 is not installed\n"


def test_another_kind_of_database_is_a_sentence() -> None:
    result = run("mysql://an:swordfish@host/x", ["account", "list"])
    assert result.exit_code == 1
    assert result.output == "Error: ZORIO_DATABASE_URL: mysql is none of SQLite and PostgreSQL\n"


def every_command(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from every_command(each, (*path, name))


@pytest.mark.parametrize("path", list(every_command()))
def test_help_says_what_it_does(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    assert len(result.output.split("\n\n")[1].strip()) > 15


@pytest.mark.parametrize("path", [(), ("serve",), ("demo",), *product(("account", "user"), ("add", "set"))])
def test_help_has_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    assert "zorio-webphone" in result.output.split("\n", 1)[1]


def command(*arguments: str, pages: Path | None = None) -> list[str]:
    """The command line in a process of its own; `pages` in place of the demo CRM's."""
    script = "import functools, pathlib, server.cli, server.demo.serve as demo\n"
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
            "ZORIO_DATA_KEYS": DATA_KEYS,
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
    some = {"ZORIO_DATABASE_URL": url, "ZORIO_SIGNING_KEYS": f"new={KEYS['new']}", "ZORIO_DATA_KEYS": ""}
    result = CliRunner().invoke(main, ["serve"], env=some)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert result.output.startswith("Error: ZORIO_DATA_KEYS is empty")
    assert "zorio-webphone data-keys new" in result.output
