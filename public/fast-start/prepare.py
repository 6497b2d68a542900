"""Brings Python to where the snapshot is taken: everything imported that the phone's start needs. Runs in
Pyodide under Node while the frame is built; nothing of a page exists there.
"""

import gc
import importlib
import random
import sys
import zipimport

# Imported by functions of ours, of the event loop or of an error report, only when something happens.
LATE = ("pyodide.ffi", "traceback")
# lean.py's stand-ins.
STAND_INS = ("dis", "ipaddress", "selectors", "signal", "socket", "subprocess")


def prepare() -> int:
    """Returns how many modules are in the snapshot."""
    for name in LATE:
        importlib.import_module(name)
    importlib.import_module("embed_app.main")
    translator = sys.modules.get("embed_app.i18n.translator")
    if translator is not None:
        for locale in translator.LOCALES:
            translator.load_texts(locale)
    for name in STAND_INS:
        sys.modules.pop(name, None)
    random.seed(0)  # the same bytes for the same sources; the frame seeds it anew
    tidy()
    return len(sys.modules)


def tidy() -> None:
    """Forget what was needed for importing only; fill large free pieces with zeros, which pack to nothing."""
    sys.path_importer_cache.pop("", None)
    zipimport._zip_directory_cache.clear()  # of the lean zip; another one takes its place
    gc.collect()
    large = [bytes((1 << n) - 64) for n in range(19, 9, -1)]
    del large
