/* The interpreter module that PyScript imports: stock Pyodide with our own packed Python (python.zip: the trimmed
 * standard library and embed_app, as .pyc), nothing from a CDN, and failures that are reported.
 */
import { loadPyodide as loadStockPyodide, version } from "./pyodide.mjs";

export { version };

/**
 * @import { PyodideInterface } from "pyodide"
 * @typedef {NonNullable<Parameters<typeof loadStockPyodide>[0]>} Options
 */

const beside = (/** @type {string} */ name) => new URL(name, import.meta.url).href;

// PYODIDE_INFO is put here by the build, from pyodide-lock.json; the frame installs no packages.
const LOCK_FILE = { info: PYODIDE_INFO, packages: {} };

/**
 * The wasm, whole: a damaged copy in the cache is fetched anew once. WASM_HASH is put here by the build.
 * @param {typeof WebAssembly.instantiateStreaming} instantiate
 * @param {WebAssembly.Imports | undefined} imports
 */
async function exactWasm(instantiate, imports) {
  const url = beside("./pyodide.asm.wasm");
  try {
    return await instantiate.call(WebAssembly, fetch(url, { integrity: WASM_HASH }), imports);
  } catch {
    return instantiate.call(WebAssembly, fetch(url, { integrity: WASM_HASH, cache: "reload" }), imports);
  }
}

/**
 * Pyodide writes a failed download or a damaged module to the console and then waits for ever
 * (getInstantiateWasmFunc in pyodide.mjs), so the failure is caught where it happens.
 */
function watchWasm() {
  const instantiate = WebAssembly.instantiateStreaming;
  /** @type {Promise<never>} */
  const failure = new Promise((_, reject) => {
    WebAssembly.instantiateStreaming = async (source, imports) => {
      Promise.resolve(source).catch(() => {
        // Pyodide's own request, which is answered from the same cache
      });
      try {
        return await exactWasm(instantiate, imports);
      } catch (error) {
        reject(new Error(`pyodide.asm.wasm: ${/** @type {Error} */ (error).message}`));
        throw error;
      }
    };
  });
  return { failure, stop: () => (WebAssembly.instantiateStreaming = instantiate) };
}

/**
 * Hands PyScript the interpreter of the fast start, with the standard library it has had no need of so far.
 * @param {PyodideInterface} python
 * @param {Options} options
 */
async function adopted(python, { stdout, stderr }) {
  const response = await fetch(beside("./python.zip"));
  if (!response.ok) throw new Error(`python.zip: status ${response.status}`); // the phone runs on without PyScript
  python.FS.writeFile("/lib/python314.zip", new Uint8Array(await response.arrayBuffer()));
  // It knew another, smaller zip. importlib.invalidate_caches() would want importlib.metadata.
  python.runPython("import sys\nfor finder in sys.path_importer_cache.values():\n  if finder: finder.invalidate_caches()");
  if (stdout) python.setStdout({ batched: stdout });
  if (stderr) python.setStderr({ batched: stderr });
  return python;
}

/** @param {Options} options @returns {Promise<PyodideInterface>} */
export async function loadPyodide(options) {
  if (globalThis.zorioBoot.python) return adopted(globalThis.zorioBoot.python, options);
  const wasm = watchWasm();
  const pyodide = loadStockPyodide({
    ...options,
    indexURL: beside("./"),
    packageBaseUrl: beside("./"),
    stdLibURL: beside("./python.zip"),
    lockFileContents: LOCK_FILE,
  });
  try {
    return await Promise.race([pyodide, wasm.failure]);
  } finally {
    wasm.stop();
  }
}
