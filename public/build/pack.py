"""Packs the frame's Python into one zip of .pyc files. Runs inside Pyodide under Node (see python-zip.mjs).

Only the very CPython that will run in the browser can write bytecode for it, and only it can tell which
modules of its standard library an import really pulls in. The zip holds embed_app (with its JSON) and that
part of the standard library and of Pyodide's own packages; everything else of the 600 modules stays out.
"""

import ast
import importlib
import importlib.util
import json
import sys
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc
from pathlib import Path

STDLIB_ZIP = "/lib/python314.zip"
# In the browser by other means: Pyodide registers them, PyScript writes them.
PROVIDED = {"js", "pyodide_js", "pyscript", "_pyscript", "polyscript", "jsffi", "embed_app"}
# Read browser objects when imported, so only their import statements are followed here.
BROWSER_ONLY = ("embed_app.main", "embed_app.browser")
# What Pyodide and its event loop, and tracebacks, import only when something happens.
ALWAYS = (
    "_strptime",
    "asyncio.taskgroups",
    "asyncio.timeouts",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_8_sig",
    "importlib.resources",
    "linecache",
    "pathlib",
    "pyodide.code",
    "pyodide.ffi.wrappers",
    "pyodide.http",
    "pyodide.webloop",
    "shutil",
    "tempfile",
    "traceback",
    "warnings",
    "zipimport",
)
# Fixed, so that the same sources give the same bytes.
TIMESTAMP = (2020, 1, 1, 0, 0, 0)


class PackError(Exception):
    """Names the file that stopped the build, and why."""


def module_name(path: str) -> str:
    """'a/b.py' -> 'a.b', 'a/__init__.py' -> 'a'."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def parse(source: bytes, name: str) -> ast.Module:
    try:
        return ast.parse(source, filename=name)
    except SyntaxError as error:
        raise PackError(f"{name}:{error.lineno}: {error.msg}") from error


def checked_json(text: bytes, name: str) -> bytes:
    try:
        json.loads(text)
    except ValueError as error:
        raise PackError(f"{name}: {error}") from error
    return text


def imported_names(tree: ast.Module) -> set[str]:
    """Absolute imports anywhere in the file, also inside functions; 'from a import b' gives a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


class Unannotated(ast.NodeTransformer):
    """Functions without annotations, which a type checker has read and nobody else will. Those in classes are
    fields of dataclasses and stay; decorators may read them, too (functools.singledispatch does)."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._bare(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._bare(node)

    def _bare(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        if not node.decorator_list:
            node.returns = None
            each = node.args
            for argument in (*each.posonlyargs, *each.args, *each.kwonlyargs, each.vararg, each.kwarg):
                if argument is not None:
                    argument.annotation = None
        return node


def compiled(source: bytes, name: str) -> bytes:
    """Bytecode without docstrings, asserts and annotations, never checked against a source at run time."""
    try:
        tree = Unannotated().visit(ast.parse(source, name))
        code = compile(tree, name, "exec", dont_inherit=True, optimize=2)
    except SyntaxError as error:
        raise PackError(f"{name}:{error.lineno}: {error.msg}") from error
    return _code_to_hash_pyc(code, importlib.util.source_hash(source), False)


def import_stdlib(name: str, wanted_by: str, available: set[str]) -> None:
    """Imports `name` if it is a module of the standard library or of Pyodide. PackError if it is nowhere."""
    top = name.partition(".")[0]
    if top in PROVIDED:
        return
    if top not in available and top not in sys.builtin_module_names and importlib.util.find_spec(top) is None:
        raise PackError(f"{wanted_by}: imports {top}, which does not exist in Pyodide")
    parent = name.rpartition(".")[0]
    if name in available or name == top:
        importlib.import_module(name)
    elif parent in available or parent == top:
        importlib.import_module(parent)  # `name` is an attribute of it


def import_app(modules: list[str]) -> None:
    """Imports what needs no browser: a module that cannot be imported under this Python stops the build."""
    for name in modules:
        if name.startswith(BROWSER_ONLY):
            continue
        try:
            importlib.import_module(name)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise PackError(
                f"{name.replace('.', '/')}: cannot be imported under Python 3.14: {reason}"
            ) from error


def pack(app_parent: str, pyscript_sources: str, out: str) -> str:
    """Writes `out`, the zip. `app_parent` holds embed_app/, `pyscript_sources` PyScript's own Python.

    Returns a JSON object {modules, app_modules}: how many of the standard library and of ours went in.
    Raises PackError.
    """
    root = Path(app_parent)
    files = sorted(path.relative_to(root).as_posix() for path in root.glob("embed_app/**/*.py"))
    data = sorted(path.relative_to(root).as_posix() for path in root.glob("embed_app/**/*.json"))
    if "embed_app/__init__.py" not in files:
        raise PackError("embed_app/__init__.py: not found")
    sources = {name: (root / name).read_bytes() for name in files}
    translations = {name: checked_json((root / name).read_bytes(), name) for name in data}
    with zipfile.ZipFile(STDLIB_ZIP) as stdlib:
        stdlib_files = {module_name(name): name for name in stdlib.namelist() if name.endswith(".py")}
        available = set(stdlib_files)

        wanted = dict.fromkeys(ALWAYS, "the build")
        pyscript = {path.name: path.read_bytes() for path in sorted(Path(pyscript_sources).glob("*.py"))}
        if not pyscript:
            raise PackError("@pyscript/core/src/stdlib/pyscript: has no Python files")
        for name, source in {**pyscript, **sources}.items():
            wanted.update(dict.fromkeys(imported_names(parse(source, name)), name))
        sys.path.insert(0, app_parent)
        sys.dont_write_bytecode = True
        for name, wanted_by in sorted(wanted.items()):
            import_stdlib(name, wanted_by, available)
        import_app([module_name(name) for name in files])

        used = sorted(available & set(sys.modules))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:

            def add(name: str, content: bytes) -> None:
                archive.writestr(zipfile.ZipInfo(name, TIMESTAMP), content)

            for module in used:
                name = stdlib_files[module]
                add(f"{name}c", compiled(stdlib.read(name), f"{STDLIB_ZIP}/{name}"))
            for name, source in sources.items():
                add(f"{name}c", compiled(source, name))
            for name, text in translations.items():
                add(name, text)
    return json.dumps({"modules": len(used), "app_modules": len(sources)})
