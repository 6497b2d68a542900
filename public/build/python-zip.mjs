/* Runs pack.py in the Pyodide that will run in the browser, with the host's folders mounted. */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACK = fileURLToPath(new URL("./pack.py", import.meta.url));

/**
 * Writes the zip of .pyc files. `appDir` is the folder embed_app itself. Throws an Error whose message names the
 * source file at fault.
 * @param {{ appDir: string, nodeModules: string, out: string }} paths
 * @returns {Promise<{ app_modules: number, modules: number }>}
 */
export async function writePythonZip({ appDir, nodeModules, out }) {
  /** @type {typeof import("pyodide")} */
  const { loadPyodide } = await import(path.join(nodeModules, "pyodide/pyodide.mjs"));
  const python = await loadPyodide({
    indexURL: path.join(nodeModules, "pyodide"),
    env: { PYTHONHASHSEED: "0" }, // the order of a frozenset constant must not change the bytes
  });
  const mount = (/** @type {string} */ folder, /** @type {string} */ at) => {
    python.FS.mkdirTree(at);
    python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, at);
  };
  mount(appDir, "/app/embed_app");
  mount(path.join(nodeModules, "@pyscript/core/src/stdlib/pyscript"), "/pyscript");
  const scope = python.toPy({ __name__: "pack" });
  python.runPython(fs.readFileSync(PACK, "utf8"), { globals: scope, filename: "public/build/pack.py" });
  try {
    const summary = scope.get("pack")("/app", "/pyscript", "/tmp/python.zip");
    fs.writeFileSync(out, python.FS.readFile("/tmp/python.zip"));
    return JSON.parse(summary);
  } catch (thrown) {
    const { type, message } = /** @type {{ type?: string, message: string }} */ (thrown);
    if (type !== "PackError") throw thrown;
    const lastLine = message.trim().split("\n").at(-1) ?? "";
    throw new Error(lastLine.replace(/^(\w+\.)*PackError: /, ""), { cause: thrown });
  }
}
