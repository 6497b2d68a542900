"""Every setting, command and dependency is documented, and nothing that is gone."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from server.cli import main
from server.cli.accounts import account
from server.cli.data_keys import data_keys
from server.cli.users import user
from tests.docs.pages import DOCS, PROJECT, names, page, section

_SETTING = re.compile(r"\bZORIO_[A-Z_]+\b")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PAGES = ["README.md", *sorted(path.name for path in DOCS.glob("*.md"))]


def _sources() -> Iterator[Path]:
    for folder in ("server", "embed_app", "public"):
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.suffix in (".py", ".js", ".mjs"):
                yield path
    yield PROJECT / "Makefile"


def test_every_setting_is_documented() -> None:
    read = {name for path in _sources() for name in _SETTING.findall(path.read_text(encoding="utf-8"))}
    assert set(_SETTING.findall(page("operating.md"))) == read


def test_settings_of_the_server_stand_in_the_table_with_their_defaults() -> None:
    from server.settings import Settings

    table = section(page("operating.md"), "Settings")
    for name, value in {
        "ZORIO_DATABASE_WAIT_MS": Settings.database_wait_ms,
        "ZORIO_BEARER_DAYS": Settings.bearer_days,
        "ZORIO_TOKEN_USES": Settings.token_uses,
        "ZORIO_SIP_SECONDS": Settings.sip_seconds,
        "ZORIO_HISTORY_DAYS": Settings.history_days,
        "ZORIO_FORWARDED_IPS": Settings.forwarded_ips,
    }.items():
        assert f"| `{name}` | `{value}` |" in table


def test_every_command_and_option_in_the_documentation_exists() -> None:
    text = "\n".join(page(name) for name in PAGES)
    for words in re.findall(r"zorio-webphone ((?:[a-z][a-z-]* ?)+)", text):
        command: click.Command = main
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            assert word in command.commands, words
            command = command.commands[word]
    known = {option for command in _commands(main) for item in command.params for option in item.opts}
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", "").splitlines()]
    ours = "\n".join(line for line in lines if "zorio-webphone " in line)
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours))
    used |= set(re.findall(r"(?<![\w-])--(?:wss|origin|[a-z]+-(?:file|server|name|domain))\b", text))
    assert {"--wss", "--origin", "--accent", "--clear"} <= used <= known


def test_every_command_is_documented() -> None:
    text = page("operating.md")
    for group, commands in {"": main, "account ": account, "user ": user, "data-keys ": data_keys}.items():
        for name, command in commands.commands.items():
            assert isinstance(command, click.Group) or f"zorio-webphone {group}{name}" in text


def test_what_the_help_says_of_settings_is_what_there_is() -> None:
    asked = set(_SETTING.findall(CliRunner().invoke(main, ["serve", "--help"]).output))
    table = section(page("operating.md"), "Settings")
    assert asked == set(re.findall(r"^\| `(ZORIO_[A-Z_]+)` \|", table, re.MULTILINE))


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from _commands(each)


def test_every_dependency_is_listed_and_no_other() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted += extra
    package = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    expected = {re.split(r"[<>=~!\[; ]", item)[0] for item in wanted}
    expected |= {*package["dependencies"], *package["devDependencies"]}
    assert names(page("dependencies.md")) == expected


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    folder = PROJECT if name == "README.md" else DOCS
    for target in _LINK.findall(page(name)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (folder / path) if path else (folder / name)
        if file.suffix == ".png":
            continue  # pictures are made by `make screenshots`
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    """How GitHub names headings."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_the_readme_has_exactly_two_commands() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", page("README.md"), re.MULTILINE | re.DOTALL)
    commands = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    assert [command for command in commands if command] == ["make run", "make test"]


def test_every_make_target_in_the_documentation_exists() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    used = {word for name in PAGES for word in re.findall(r"`?make ([a-z-]+)[`\s]", _code(page(name)))}
    assert {"run", "test", "build"} <= used <= targets


def _code(text: str) -> str:
    """Fenced blocks and code font only: "make sure" is no target."""
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*fenced, *(f"{part}\n" for part in re.findall(r"`(make [^`]+)`", text))])
