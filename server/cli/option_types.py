"""Values that are checked as they are read: what is wrong is an error that names the option."""

import json
from collections.abc import Callable
from typing import Any

import click

from server.customers.ice_servers import check_ice_server


class Checked(click.ParamType[Any]):
    """A value that `check` accepts; its ValueError becomes an error that names the option."""

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        self.name = name
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The form that `check` gives. Raises click.BadParameter."""
        try:
            return self._check(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class SecretFile(click.File):
    """The text of a file, without what editors leave around it: a secret is no argument, which others see."""

    def __init__(self, what: str, shortest: int, longest: int, around: str | None = None) -> None:
        """`what` is in it, of how many characters; `around`: characters to drop, None: all white space."""
        super().__init__(encoding="utf-8")
        self._what, self._shortest, self._longest, self._around = what, shortest, longest, around

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text. Raises click.BadParameter for another length, and for what is no UTF-8."""
        text = _text_of(super().convert(value, param, ctx), self, param, ctx).strip(self._around)
        if not self._shortest <= len(text) <= self._longest:
            self.fail(f"a {self._what} has {self._shortest} to {self._longest} characters", param, ctx)
        return text


class IceServersFile(click.File):
    """One ICE server a line; here each may have a credential."""

    def __init__(self) -> None:
        super().__init__(encoding="utf-8")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """RTCIceServer dictionaries, at least one. Raises click.BadParameter."""
        lines = _text_of(super().convert(value, param, ctx), self, param, ctx).splitlines()
        try:
            servers = [_server_of(line) for line in lines if line.strip()]
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not servers:
            self.fail("there is no ICE server in it", param, ctx)
        return servers


def ice_server(text: str) -> dict[str, Any]:
    """One that was given as an argument. Raises ValueError."""
    server = _server_of(text)
    if "credential" in server:
        raise ValueError(
            "arguments are seen by everybody on this machine: use --turn-secret-file or --ice-servers-file"
        )
    return server


def _server_of(text: str) -> dict[str, Any]:
    try:
        server = json.loads(text)
    except ValueError:
        server = None
    return check_ice_server(server)


def _text_of(
    file: Any, kind: click.ParamType[Any], param: click.Parameter | None, ctx: click.Context | None
) -> str:
    try:
        return str(file.read())
    except (UnicodeDecodeError, OSError) as error:
        reason = "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        kind.fail(f"{file.name!r}: {reason}", param, ctx)
