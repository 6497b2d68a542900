/* Makes the snapshot: the memory of Pyodide after the app was imported, taken in Node at build time. */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { makeImage } from "./memory-image.mjs";

const script = (name) => fs.readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");
const SNAPSHOT_LENGTH = 1; // of makeMemorySnapshot(): word 1 is where the memory begins, after Pyodide's own header

/** Runs `work` and returns its result with the exports of the wasm instance that was made meanwhile. */
async function withExports(work) {
  const { instantiate } = WebAssembly;
  let exports;
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate.apply(WebAssembly, args);
    const instance = made.instance ?? made;
    if (instance.exports._PyRuntime) exports = instance.exports;
    return made;
  };
  try {
    return { result: await work(), exports };
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/**
 * Runs `work` in a world where time stands still and nothing is random, so that the same sources give the same bytes.
 * Python gets its randomness from outside when it asks for it, not from the snapshot (os.urandom); what it has drawn
 * before is drawn anew in the frame (interpreter.mjs).
 */
async function inStandstill(work) {
  const genuine = [
    [Date, "now", Date.now],
    [performance, "now", performance.now],
    [crypto, "getRandomValues", crypto.getRandomValues],
  ];
  Date.now = () => 1577836800000; // 2020-01-01, the date of the files in python.zip
  performance.now = () => 1000;
  crypto.getRandomValues = (array) => array.fill(7);
  try {
    return await work();
  } finally {
    for (const [owner, name, value] of genuine) owner[name] = value;
  }
}

/**
 * Where CPython keeps the function that calls C functions with fewer arguments than given. Each browser has its own,
 * made before the image is applied, and older ones have none (Node 20 neither): the image must not touch it.
 */
function trampolineAddress(exports, memory) {
  const offset = exports._PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET.value;
  return exports._PyRuntime.value + new Uint32Array(memory.buffer, offset, 1)[0];
}

/** Defines the functions of a Python file of this folder and returns the scope they are in. */
function define(python, name) {
  const scope = python.toPy({ __name__: name });
  python.runPython(script(`./${name}.py`), { globals: scope, filename: `public/fast-start/${name}.py` });
  return scope;
}

/** {zip, standIns}: the zip without what lean.py takes away, as a file of the host, and the names in its STAND_INS. */
async function leanZip(loadPyodide, indexURL, pythonZip) {
  const python = await loadPyodide({ indexURL });
  python.FS.writeFile("/tmp/whole.zip", fs.readFileSync(pythonZip));
  const scope = define(python, "lean");
  scope.get("lean")("/tmp/whole.zip", "/tmp/lean.zip");
  const out = `${pythonZip}.lean`;
  fs.writeFileSync(out, python.FS.readFile("/tmp/lean.zip"));
  return { zip: out, standIns: [...scope.get("STAND_INS")] };
}

/**
 * Returns {header, image, modules}: Pyodide's snapshot header with its table of JavaScript objects, our image of the
 * memory, and how many Python modules are in it. `createModule` is the patched glue the frame will run.
 */
export function makeSnapshot(inputs) {
  return inStandstill(() => takeSnapshot(inputs));
}

async function takeSnapshot({ nodeModules, pythonZip, createModule }) {
  const { loadPyodide } = await import(path.join(nodeModules, "pyodide/pyodide.mjs"));
  const indexURL = path.join(nodeModules, "pyodide");
  const { zip, standIns } = await leanZip(loadPyodide, indexURL, pythonZip);
  const options = {
    indexURL,
    stdLibURL: zip,
    _sysExecutable: "/python", // not the path of this machine
    env: { HOME: "/home/pyodide", PYTHONHASHSEED: "0" },
  };
  const { result: python, exports } = await withExports(() =>
    loadPyodide({ ...options, _makeSnapshot: true, createPyodideModule: createModule }),
  );
  const scope = define(python, "prepare");
  const modules = python.runPython(`prepare(${JSON.stringify(standIns)})`, { globals: scope });
  scope.destroy();
  const snapshot = python.makeMemorySnapshot();
  const length = new Uint32Array(snapshot.buffer, 0, 4)[SNAPSHOT_LENGTH];
  const header = snapshot.slice(0, length);

  const fresh = await freshMemory(loadPyodide, options, createModule, header);
  const image = makeImage(snapshot.subarray(length), fresh, trampolineAddress(exports, fresh));
  fs.rmSync(zip);
  return { header, image, modules };
}

/** The memory as the frame finds it: instantiated, main() not run. */
async function freshMemory(loadPyodide, options, createModule, header) {
  const seen = new Error("seen");
  let memory;
  const createPyodideModule = async (settings) => {
    memory = (await createModule(settings)).HEAPU8.slice();
    throw seen;
  };
  await loadPyodide({ ...options, _loadSnapshot: header, createPyodideModule }).catch((error) => {
    if (error !== seen) throw error;
  });
  return memory;
}
