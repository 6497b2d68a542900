"""Makes the standard library smaller for the snapshot. Runs in Pyodide under Node while the frame is built.

All of it costs bytes and time in every frame, and the start needs none of it: the line numbers (a traceback
names functions only in the standard library, and no columns in our code), compression and TLS, the loader of
packages, and the part of asyncio that is for sockets, pipes and processes; Pyodide has an event loop of its
own. PyScript brings the whole standard library later, and what is then imported comes from there.
"""

import dis
import marshal
import types
import zipfile
from collections.abc import Callable
from importlib._bootstrap_external import _code_to_hash_pyc

LEFT_OUT = (
    "asyncio.base_events",
    "asyncio.streams",
    "asyncio.unix_events",
    "bz2",
    "compression",
    "lzma",
    "ssl",
    "tempfile",
    "zipfile",
)

ASYNCIO = """
import importlib
from .coroutines import *
from .events import *
from .events import _AbstractEventLoopPolicy as AbstractEventLoopPolicy
from .events import _BaseDefaultEventLoopPolicy as DefaultEventLoopPolicy
from .exceptions import *
from .futures import *
from .locks import *
from .queues import *
from .runners import *
from .taskgroups import *
from .tasks import *
from .timeouts import *

def __getattr__(name):
    if not name.startswith("_"):
        for part in ("base_events", "graph", "protocols", "streams", "subprocess", "threads", "transports"):
            module = importlib.import_module(f"asyncio.{part}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module 'asyncio' has no attribute {name!r}")
"""

# Stands for a module that others import but use only in cases the start does not have. prepare.py takes it
# out of sys.modules again; whoever still has it gets the real one, once there is a standard library to
# import it from.
STAND_IN = """
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    import importlib
    return getattr(importlib.import_module(__name__), name)
"""

# asyncio and concurrent.futures get theirs as they are imported, and write to them when something is wrong.
LOGGERS = """
DEBUG = 10

class getLogger:
    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        import logging
        return getattr(logging.getLogger(self._name), attribute)
"""

# What their importers want at once: asyncio.events for default values, inspect for its own constants.
STAND_INS = {
    "dis": f"COMPILER_FLAG_NAMES = {dis.COMPILER_FLAG_NAMES}\n",
    "ipaddress": "",
    "logging": LOGGERS,
    "selectors": "",
    "signal": "",
    "socket": "AF_UNSPEC, AI_PASSIVE = 0, 1\n",
    "subprocess": "PIPE, STDOUT, DEVNULL = -1, -2, -3\n",
}

# What Pyodide's JavaScript asks of it; the frame installs no packages. The import is an object the snapshot
# counts on.
PACKAGE_LOADER = """
from pyodide_js import loadedPackages

class _Folder:
    def __init__(self, path):
        self._path = path
    def __str__(self):
        return self._path

SITE_PACKAGES = _Folder("/lib/python3.14/site-packages")
DSO_DIR = _Folder("/usr/lib")

def init_loaded_packages():
    pass
"""

REPLACED = {
    "asyncio": ASYNCIO,
    "pyodide._package_loader": PACKAGE_LOADER,
    **{name: constants + STAND_IN for name, constants in STAND_INS.items()},
}


def first_line(code: types.CodeType) -> bytes:
    """A table of line numbers that gives every instruction the line its function begins at.

    Entries for up to 8 code units each: no columns (13), a line delta of 0 (CPython, Objects/locations.md).
    """
    units = len(code.co_code) // 2
    lengths = [8] * (units // 8) + ([units % 8] if units % 8 else [])
    return b"".join(bytes((0x80 | 13 << 3 | length - 1, 0)) for length in lengths)


def lines_only(code: types.CodeType) -> bytes:
    """The same table without columns, which take four fifths of it: a report of ours names file and line."""
    table = bytearray()
    line = code.co_firstlineno
    for start, end, here in code.co_lines():
        units = (end - start) // 2
        while units:
            length = min(units, 8)
            units -= length
            table.append(0x80 | (15 if here is None else 13) << 3 | length - 1)
            if here is not None:
                table += signed(here - line)
                line = here
    return bytes(table)


def signed(number: int) -> bytes:
    """6 bits to a byte, the least first, bit 6 says that more follow; the sign is the very first bit."""
    left = -number << 1 | 1 if number < 0 else number << 1
    out = bytearray()
    while left > 63:
        out.append(64 | left & 63)
        left >>= 6
    return bytes([*out, left])


def with_lines(code: types.CodeType, table: Callable[[types.CodeType], bytes]) -> types.CodeType:
    constants = tuple(
        with_lines(item, table) if isinstance(item, types.CodeType) else item for item in code.co_consts
    )
    return code.replace(co_linetable=table(code), co_consts=constants)


def lean(source: str, out: str) -> None:
    """Writes `out`, the lean form of the zip of .pyc files `source`. LookupError when a module is gone."""
    missing = {*LEFT_OUT, *REPLACED}
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(out, "w") as archive:
        for entry in whole.infolist():
            name = entry.filename.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")
            missing.discard(name)
            if name.startswith(LEFT_OUT) and name.partition(".")[0] != "embed_app":
                continue
            data = whole.read(entry)
            if entry.filename.endswith(".pyc"):
                code = marshal.loads(data[16:])  # noqa: S302 - compiled by this very build
                if name in REPLACED:
                    code = compile(REPLACED[name], f"/lib/python314.zip/{entry.filename[:-1]}", "exec")
                table = lines_only if name.startswith("embed_app") else first_line
                data = bytes(_code_to_hash_pyc(with_lines(code, table), data[8:16], False))
            archive.writestr(entry, data)
    if missing:
        raise LookupError(f"not in {source}: {', '.join(sorted(missing))}")
