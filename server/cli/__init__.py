"""The command line `zorio-webphone`."""

from server.cli.root import main

__all__ = ["main"]
