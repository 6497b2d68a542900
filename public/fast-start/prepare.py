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
    ours = [name for name in sys.modules if name.startswith("embed_app")]
    share_methods(ours)
    forget_origins(ours)
    random.seed(0)  # the same bytes for the same sources; the frame seeds it anew
    tidy()
    return len(sys.modules)


def share_methods(modules: Iterable[str]) -> None:
    """One function for all dataclasses of these modules where each has one of its own that nobody is in a
    hurry for: 6 % of the packed image are ways to show and compare fields and to say that they are frozen.
    """

    def represent(self: Any) -> str:
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def refuse(self: Any, name: str, value: Any = None) -> None:
        raise FrozenInstanceError(f"field {name!r} is frozen")

    def compared(self: Any) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in fields(self) if field.compare)

    def equal(self: Any, other: Any) -> Any:
        if self is other:
            return True
        return compared(self) == compared(other) if type(self) is type(other) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    shared = {
        "__repr__": represent,
        "__setattr__": refuse,
        "__delattr__": refuse,
        "__eq__": equal,
        "__hash__": hashed,
    }
    for made in [value for name in modules for value in vars(sys.modules[name]).values()]:
        if isinstance(made, type) and "__dataclass_params__" in vars(made):
            for name in shared.keys() & vars(made).keys():
                method = vars(made)[name]  # None for the hash of what may be changed
                if method and unwrap(method).__code__.co_filename == "<string>":  # made by @dataclass
                    setattr(made, name, shared[name])


def forget_origins(modules: Iterable[str]) -> None:
    """Where our modules came from: nothing asks for it once they are imported. A traceback takes the name of
    a file from the code.
    """
    for name in modules:
        module = vars(sys.modules[name])
        for part in ("__spec__", "__loader__", "__file__", "__cached__"):
            module[part] = None


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
