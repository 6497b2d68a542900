/* Makes the snapshot: the memory of Pyodide after the app was imported, taken in Node at build time. */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { makeImage } from "./memory-image.mjs";

/**
 * @import { PyodideInterface } from "pyodide"
 * @import { EmscriptenMemory } from "./memory-image.mjs"
 *
 * Pyodide publishes no types of what makes a snapshot.
 * @typedef {object} Options
 * @property {string} indexURL
 * @property {string} [stdLibURL]
 * @property {string} [_sysExecutable]
 * @property {Record<string, string>} [env]
 * @property {boolean} [_makeSnapshot]
 * @property {Uint8Array} [_loadSnapshot]
 * @property {(settings: object) => Promise<EmscriptenMemory>} [createPyodideModule]
 * @typedef {{ makeMemorySnapshot(): Uint8Array }} Snapshooter
 * @typedef {(options: Options) => Promise<PyodideInterface & Snapshooter>} LoadPyodide
 *
 * @typedef {{ _PyRuntime: WebAssembly.Global, _PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET: WebAssembly.Global }} PythonExports
 * @typedef {{ nodeModules: string, pythonZip: string, createModule: (settings: object) => Promise<EmscriptenMemory> }} Inputs
 */

const script = (/** @type {string} */ name) => fs.readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");
const SNAPSHOT_LENGTH = 1; // of makeMemorySnapshot(): word 1 is where the memory begins, after Pyodide's own header

/**
 * Runs `work` and returns its result with the exports of Python's wasm instance, which is made meanwhile.
 * @template T
 * @param {() => Promise<T>} work
 */
async function withExports(work) {
  const { instantiate } = WebAssembly;
  /** @type {WebAssembly.Exports | undefined} */
  let exports;
  /** @typedef {WebAssembly.Instance & { instance?: WebAssembly.Instance }} Made an instance, or what holds one */
  const watched = async (/** @type {Parameters<typeof instantiate>} */ ...given) => {
    const made = /** @type {Made} */ (await instantiate.apply(WebAssembly, given));
    const instance = made.instance ?? made;
    if (instance.exports._PyRuntime) ({ exports } = instance);
    return made;
  };
  WebAssembly.instantiate = /** @type {typeof instantiate} */ (watched);
  try {
    const result = await work();
    if (!exports) throw new Error("no instance of Python was made");
    return { result, exports: /** @type {PythonExports} */ (exports) };
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/**
 * Runs `work` in a world where time stands still and nothing is random, so that the same sources give the same bytes.
 * Python gets its randomness from outside when it asks for it, not from the snapshot (os.urandom); what it has drawn
 * before is drawn anew in the frame (start.mjs).
 * @template T
 * @param {() => Promise<T>} work
 */
async function inStandstill(work) {
  const genuine = [Date.now, performance.now, crypto.getRandomValues];
  Date.now = () => 1577836800000; // 2020-01-01, the date of the files in python.zip
  performance.now = () => 1000;
  crypto.getRandomValues = (array) => {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(7);
    return array;
  };
  try {
    return await work();
  } finally {
    [Date.now, performance.now, crypto.getRandomValues] = /** @type {[() => number, () => number, Crypto["getRandomValues"]]} */ (genuine);
  }
}

/**
 * Where CPython keeps the function that calls C functions with fewer arguments than given. Each browser has its own,
 * made before the image is applied, and older ones have none (Node 20 neither): the image must not touch it.
 * @param {PythonExports} exports
 * @param {Uint8Array} memory
 * @returns {number}
 */
function trampolineAddress(exports, memory) {
  const offset = exports._PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET.value;
  return exports._PyRuntime.value + new Uint32Array(memory.buffer, offset, 1)[0];
}

/**
 * Defines the functions of a Python file of this folder and returns the scope they are in.
 * @param {PyodideInterface} python
 * @param {string} name
 */
function define(python, name) {
  const scope = python.toPy({ __name__: name });
  python.runPython(script(`./${name}.py`), { globals: scope, filename: `public/fast-start/${name}.py` });
  return scope;
}

/**
 * {zip, standIns}: the zip without what lean.py takes away, as a file of the host, and the names in its STAND_INS.
 * @param {LoadPyodide} loadPyodide
 * @param {string} indexURL
 * @param {string} pythonZip
 */
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
 * @param {Inputs} inputs
 */
export function makeSnapshot(inputs) {
  return inStandstill(() => takeSnapshot(inputs));
}

/** @param {Inputs} inputs */
async function takeSnapshot({ nodeModules, pythonZip, createModule }) {
  /** @type {{ loadPyodide: LoadPyodide }} */
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

/**
 * The memory as the frame finds it: instantiated, main() not run.
 * @param {LoadPyodide} loadPyodide
 * @param {Options} options
 * @param {Inputs["createModule"]} createModule
 * @param {Uint8Array} header
 */
async function freshMemory(loadPyodide, options, createModule, header) {
  const seen = new Error("seen");
  /** @type {Uint8Array | undefined} */
  let memory;
  /** @type {Inputs["createModule"]} */
  const createPyodideModule = async (settings) => {
    memory = (await createModule(settings)).HEAPU8.slice();
    throw seen;
  };
  await loadPyodide({ ...options, _loadSnapshot: header, createPyodideModule }).catch((error) => {
    if (error !== seen) throw error;
  });
  if (!memory) throw new Error("no fresh memory was seen");
  return memory;
}
