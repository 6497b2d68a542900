/* The interpreter module that PyScript imports: stock Pyodide with our own packed Python (python.zip: the trimmed
 * standard library and embed_app, as .pyc), nothing from a CDN, and failures that are reported.
 */
import { loadPyodide as loadStockPyodide, version } from "./pyodide.mjs";

export { version };

const beside = (name) => new URL(name, import.meta.url).href;

// PYODIDE_INFO is put here by the build, from pyodide-lock.json; the frame installs no packages.
const LOCK_FILE = { info: PYODIDE_INFO, packages: {} };

/**
 * Pyodide writes a failed download or a damaged module to the console and then waits for ever
 * (getInstantiateWasmFunc in pyodide.mjs), so the failure is caught where it happens.
 */
function watchWasm() {
  const instantiate = WebAssembly.instantiateStreaming;
  const failure = new Promise((_, reject) => {
    WebAssembly.instantiateStreaming = async (source, imports) => {
      try {
        return await instantiate.call(WebAssembly, source, imports);
      } catch (error) {
        reject(new Error(`pyodide.asm.wasm: ${error.message}`));
        throw error;
      }
    };
  });
  return { failure, stop: () => (WebAssembly.instantiateStreaming = instantiate) };
}

export async function loadPyodide(options) {
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
