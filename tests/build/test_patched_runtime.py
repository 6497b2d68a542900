"""The parts of the fast start that need no browser: the patched glue, the memory image, the versions."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.build.frame_site import ROOT

FAST_START = ROOT / "public/fast-start"


def node(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["node", "--input-type=module", "--eval", script, "--", *arguments]
    return subprocess.run(command, cwd=FAST_START, capture_output=True, text=True, timeout=100)


@pytest.fixture(scope="session")
def glue(dist: Path) -> Path:
    """What the last build has patched."""
    found = (ROOT / "node_modules/.cache/zorio-webphone").glob("*.glue.mjs")
    return max(found, key=lambda path: path.stat().st_mtime)


def test_python_works_on_the_patched_glue(glue: Path) -> None:
    command = ["node", str(Path(__file__).with_name("smoke.mjs")), str(glue)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert json.loads(result.stdout or "{}") == {"failed": []}, result.stderr[-500:]


def test_the_versions_are_those_the_recipe_was_reviewed_for() -> None:
    """public/fast-start/README.md says what to look at after an upgrade; then write it down there."""
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    reviewed: dict[str, str] = json.loads((FAST_START / "VERSIONS.json").read_text("utf-8"))
    assert {name: locked[f"node_modules/{name}"]["version"] for name in reviewed} == reviewed
    assert {"pyodide", "@pyscript/core", "polyscript"} == reviewed.keys()


PATCH = """
import fs from "node:fs";
import { patchGlue } from "./patch-glue.mjs";
const [, from, to] = process.argv;
const folder = "../../node_modules/pyodide/";
const source = fs.readFileSync(folder + "pyodide.asm.mjs", "utf8");
if (!source.includes(from)) throw new Error("nothing to change");
const module = await WebAssembly.compile(fs.readFileSync(folder + "pyodide.asm.wasm"));
try {
  await patchGlue(source.replace(from, to), module, []);
  console.log("patched");
} catch (error) {
  console.log(error.constructor.name);
}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("updateGOT(origExports);", "updateGOT( origExports);"),
        ('mergeLibSymbols(wasmExports,"main");', "merge();"),
        ("if(!value&&!entry.required){", "if(!value){"),
        ("wasmExports=Object.assign({},wasmExports);", "wasmExports={...wasmExports};"),
        ("var wasmImports=", "var imports="),
        ("function assignWasmExports(", "function exportsAssigned("),
        ("async function _createPyodideModule(", "async function createModule("),
    ],
)
def test_another_glue_is_an_error_and_not_a_guess(before: str, after: str) -> None:
    assert node(PATCH, before, after).stdout.strip() == "PatchError"


IMAGE = """
import { applyImage, makeImage } from "./memory-image.mjs";
const page = 65536;
const fresh = new Uint8Array(2 * page).map((_, n) => (n * 7) % 251);
const wanted = new Uint8Array(3 * page);
wanted.set(fresh);
for (const at of [0, 5, 300, 301, 4096, page - 1, 2 * page + 8, 3 * page - 1]) wanted[at] ^= 0x55;
const kept = 4096;
const image = makeImage(wanted, fresh, kept).buffer;
const module = () => ({
  HEAPU8: fresh.slice(),
  get HEAPU32() { return new Uint32Array(this.HEAPU8.buffer); },
  growMemory(bytes) { const old = this.HEAPU8; this.HEAPU8 = new Uint8Array(bytes); this.HEAPU8.set(old); },
});
const restored = module();
applyImage(image, restored);
const differs = [...wanted.keys()].filter((n) => restored.HEAPU8[n] !== wanted[n]);
const refused = [];
const bad = {
  empty: new ArrayBuffer(0),
  short: image.slice(0, image.byteLength - 4),
  long: new Uint8Array([...new Uint8Array(image), 0, 0, 0, 0]).buffer,
  odd: image.slice(0, image.byteLength - 1),
  magic: (() => { const b = image.slice(0); new Uint32Array(b)[0] += 1; return b; })(),
  runs: (() => { const b = image.slice(0); new Uint32Array(b)[3] = 1e9; return b; })(),
  order: (() => { const b = image.slice(0); new Uint32Array(b)[5] = 0; return b; })(),
};
for (const [name, buffer] of Object.entries(bad)) {
  const untouched = module();
  try { applyImage(buffer, untouched); } catch (error) { refused.push(`${name} ${error.constructor.name}`); }
  if (untouched.HEAPU8.some((value, n) => value !== fresh[n])) refused.push(`${name} wrote`);
}
console.log(JSON.stringify({ differs, small: image.byteLength < 2000, refused }));
"""


def test_an_image_restores_all_but_the_kept_word_and_a_bad_one_writes_nothing() -> None:
    result = node(IMAGE)
    found = json.loads(result.stdout or "{}")
    names = ("empty", "short", "long", "odd", "magic", "runs", "order")
    assert found == {
        "differs": [4096],
        "small": True,
        "refused": [f"{name} ImageError" for name in names],
    }, result.stderr
