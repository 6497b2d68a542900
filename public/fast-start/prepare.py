"""Brings Python to where the snapshot is taken: everything imported that the phone's start needs. Runs in
Pyodide under Node while the frame is built; nothing of a page exists there.
"""

import gc
import importlib
import random
import sys

# Imported by functions of ours, of the event loop or of an error report, only when something happens.
LATE = ("_strptime", "encodings.idna", "pyodide.ffi", "traceback")


def prepare() -> int:
    """Returns how many modules are in the snapshot."""
    for name in LATE:
        importlib.import_module(name)
    importlib.import_module("embed_app.main")
    translator = sys.modules.get("embed_app.i18n.translator")
    if translator is not None:
        for locale in translator.LOCALES:
            translator.load_texts(locale)
    del sys.modules["subprocess"]  # lean.py's; the real one comes with the whole standard library
    random.seed(0)  # the same bytes for the same sources; the frame seeds it anew
    tidy()
    return len(sys.modules)


def tidy() -> None:
    """Fill freed memory with zeros, which the image then leaves out or packs to nothing."""
    gc.collect()
    sys.path_importer_cache.pop("", None)
    small = [[bytes(size - 33) for _ in range(64 * 1024 // size)] for size in range(48, 513, 16)]
    sizes = (1 << n for n in range(19, 9, -1))
    large = [[bytes(size - 64) for _ in range(max(1, (1 << 20) // size))] for size in sizes]
    del small, large
    gc.collect()
