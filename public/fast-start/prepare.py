"""Brings Python to where the snapshot is taken: everything imported that the phone's start needs. Runs in
Pyodide under Node while the frame is built; nothing of a page exists there.
"""

import gc
import importlib
import random
import sys
import zipimport
from collections.abc import Iterable
from dataclasses import FrozenInstanceError, fields
from inspect import unwrap
from typing import Any

# Imported by functions of ours, of the event loop or of an error report, only when something happens.
LATE = ("pyodide.ffi", "traceback")


def prepare(stand_ins: Iterable[str]) -> int:
    """`stand_ins`: the modules that lean.py put others in the place of. Returns how many the snapshot has."""
    for name in LATE:
        importlib.import_module(name)
    importlib.import_module("embed_app.main")
    translator = sys.modules.get("embed_app.i18n.translator")
    if translator is not None:
        for locale in translator.LOCALES:
            translator.load_texts(locale)
    for name in stand_ins:
        sys.modules.pop(name, None)
    share_methods(name for name in sys.modules if name.startswith("embed_app"))
    random.seed(0)  # the same bytes for the same sources; the frame seeds it anew
    tidy()
    return len(sys.modules)


def share_methods(modules: Iterable[str]) -> None:
    """One function for all dataclasses of these modules where each has one of its own that nobody is in a
    hurry for: 4 % of the packed image are ways to show fields and to say that they are frozen.
    """

    def represent(self: Any) -> str:
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def refuse(self: Any, name: str, value: Any = None) -> None:
        raise FrozenInstanceError(f"field {name!r} is frozen")

    shared = {"__repr__": represent, "__setattr__": refuse, "__delattr__": refuse}
    for made in [value for name in modules for value in vars(sys.modules[name]).values()]:
        if isinstance(made, type) and "__dataclass_params__" in vars(made):
            for name in shared.keys() & vars(made).keys():
                if unwrap(vars(made)[name]).__code__.co_filename == "<string>":  # made by @dataclass
                    setattr(made, name, shared[name])


def tidy() -> None:
    """Forget what was needed for importing only; fill what is free with zeros, which pack to nothing."""
    sys.path_importer_cache.pop("", None)
    zipimport._zip_directory_cache.clear()  # of the lean zip; another one takes its place
    gc.collect()
    for size in range(32, 513, 16):  # the blocks of CPython's own allocator; 17 bytes of each are no contents
        small = [bytes(size - 17) for _ in range(1000)]
        del small
    large = [bytes((1 << n) - 64) for n in range(19, 9, -1)]
    del large
