/* The build's part of the fast start; see README.md. Everything that takes long is kept and made again only when
 * what it is made from has changed.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { sha256 } from "./kept.mjs";
import { patchGlue, replaceOnce } from "./patch-glue.mjs";
import { makeSnapshot } from "./snapshot.mjs";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const integrity = (/** @type {Uint8Array} */ bytes) => `sha256-${sha256(bytes).digest("base64")}`;

/** The loader as it is, except that it takes the wasm and the standard library as they are given to it. @param {string} source */
function patchLoader(source) {
  /** @type {[string, string][]} */
  const patches = [
    ["instantiateWasm:Ie(e.indexURL)", "instantiateWasm:e.instantiateWasm(K)"],
    ["function he(e){let t=j(e);", "function he(e){let t=e;"],
  ];
  return patches.reduce((text, [from, to]) => replaceOnce(text, from, to), source);
}

/**
 * @import { Kept } from "./kept.mjs"
 *
 * @typedef {object} Inputs
 * @property {string} assets where to write
 * @property {string} nodeModules
 * @property {string} pythonZip the packed app
 * @property {Kept} kept
 * @property {typeof import("esbuild")} esbuild
 * @property {Record<string, string>} define constants of the scripts
 */

/**
 * Writes fast-start.mjs and python.image into `assets` and appends the head to boot.js there. Returns a note.
 * @param {Inputs} inputs
 */
export async function buildFastStart({ assets, nodeModules, pythonZip, kept, esbuild, define }) {
  const [wasm, glue, loader] = ["pyodide.asm.wasm", "pyodide.asm.mjs", "pyodide.mjs"].map((name) =>
    fs.readFileSync(path.join(nodeModules, "pyodide", name)),
  );
  const own = (/** @type {string} */ name) => fs.readFileSync(path.join(HERE, name));
  const users = [loader, own("start.mjs"), own("memory-image.mjs"), own("snapshot.mjs")];

  const glueKey = sha256(wasm, glue, own("patch-glue.mjs"), ...users).digest("hex");
  const patchedGlue = await kept.file("glue.mjs", glueKey, async () =>
    patchGlue(glue.toString(), await WebAssembly.compile(wasm), users.map(String)),
  );
  const loaderKey = sha256(loader, own("build.mjs")).digest("hex");
  const patchedLoader = await kept.file("loader.mjs", loaderKey, () => patchLoader(loader.toString()));

  const imageKey = sha256(glueKey, fs.readFileSync(pythonZip), own("prepare.py"), own("lean.py")).digest("hex");
  /** @type {ReturnType<typeof makeSnapshot> | undefined} */
  let taken;
  const snapshot = () => {
    taken ??= import(pathToFileURL(patchedGlue).href).then((module) =>
      makeSnapshot({ nodeModules, pythonZip, createModule: module.default }),
    );
    return taken;
  };
  const imageFile = await kept.file("image", imageKey, async () => (await snapshot()).image);
  const headerFile = await kept.file("header", imageKey, async () => (await snapshot()).header);
  const image = fs.readFileSync(imageFile);
  fs.writeFileSync(path.join(assets, "python.image"), image);

  await esbuild.build({
    entryPoints: [path.join(HERE, "start.mjs")],
    outfile: path.join(assets, "fast-start.mjs"),
    alias: { "patched-glue": patchedGlue, "patched-pyodide": patchedLoader },
    bundle: true,
    format: "esm",
    target: "es2022",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    external: ["node:*", "ws", "./sip-ua.js"],
    define: { ...define, SNAPSHOT_HEADER: JSON.stringify(fs.readFileSync(headerFile).toString("base64")) },
    logLevel: "silent",
  });
  const head = await esbuild.transform(own("head.js").toString(), {
    minify: true,
    target: "es5",
    define: { ...define, IMAGE_HASH: JSON.stringify(integrity(image)) },
    logLevel: "silent",
  });
  fs.appendFileSync(path.join(assets, "boot.js"), head.code);
  return `image ${Math.round(image.length / 1024)} KB`;
}
