/* Runs pack.py in the Pyodide that will run in the browser, with the host's folders mounted. */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACK = fileURLToPath(new URL("./pack.py", import.meta.url));

/**
 * Writes the zip of .pyc files. `appDir` is the folder embed_app itself. Throws an Error whose message names the
 * source file at fault.
 */
export async function writePythonZip({ appDir, nodeModules, out }) {
  const { loadPyodide } = await import(path.join(nodeModules, "pyodide/pyodide.mjs"));
  const python = await loadPyodide({
    indexURL: path.join(nodeModules, "pyodide"),
    env: { PYTHONHASHSEED: "0" }, // the order of a frozenset constant must not change the bytes
  });
  const mount = (folder, at) => {
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
  } catch (error) {
    if (error.type !== "PackError") throw error;
    throw new Error(error.message.trim().split("\n").pop().replace(/^(\w+\.)*PackError: /, ""));
  }
}
