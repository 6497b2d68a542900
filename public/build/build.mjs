/* Builds dist/: the frame as the server serves it.
 *
 *   dist/frame/webphone-embed.html          the page, pointing at the assets below
 *   dist/frame/assets/<build id>/…          immutable: the build id is the hash of what is in it
 *
 *   node public/build/build.mjs [--force]
 *   ZORIO_APP_DIR   the Python package to pack, default embed_app      ZORIO_SIP_UA   default public/sip-ua.js
 *   ZORIO_DIST      where to write, default dist
 */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildFastStart } from "../fast-start/build.mjs";
import { compressAll } from "../fast-start/compress.mjs";
import { Kept } from "../fast-start/kept.mjs";
import { withIcons } from "./icons.mjs";
import { writePythonZip } from "./python-zip.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PUBLIC = path.join(ROOT, "public");
const NODE_MODULES = path.join(ROOT, "node_modules");
const APP_DIR = path.resolve(ROOT, process.env.ZORIO_APP_DIR ?? "embed_app");
const SIP_UA = path.resolve(ROOT, process.env.ZORIO_SIP_UA ?? "public/sip-ua.js");
const DIST = path.resolve(ROOT, process.env.ZORIO_DIST ?? "dist");
const FORCED = process.argv.includes("--force");
const SHARED = path.join(ROOT, "embed_app/core/shared.json"); // of our own app, whichever one is packed
const STAMP = path.join(DIST, "frame.inputs"); // the hash of everything the last good build was made from
const PAGE = "webphone-embed.html";
const PLACEHOLDER = "/webphone-assets/BUILD/";

const kept = new Kept(path.join(NODE_MODULES, ".cache/zorio-webphone")); // goes with `npm ci`, which may change Pyodide
const started = Date.now();
const say = (/** @type {string} */ text) => console.log(`build ${((Date.now() - started) / 1000).toFixed(1).padStart(5)}s  ${text}`);
const relative = (/** @type {string} */ file) => path.relative(ROOT, file);

/** Every file under `folder`, sorted, without what Python leaves behind. @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== "__pycache__")
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(full) : [full];
    })
    .sort();
}

/** @param {string[]} files @param {string} base */
function hashOf(files, base) {
  const hash = crypto.createHash("sha256");
  for (const file of files) hash.update(`${path.relative(base, file)}\0${fs.statSync(file).size}\0`).update(fs.readFileSync(file));
  return hash.digest("hex");
}

/** What python.zip is made from. The lock file stands for node_modules: npm ci makes one from the other. */
function pythonInputs() {
  return [...filesUnder(APP_DIR), ...filesUnder(path.join(PUBLIC, "build")), path.join(ROOT, "package-lock.json")];
}

function inputs() {
  const served = filesUnder(PUBLIC).filter((file) => !file.startsWith(path.join(PUBLIC, "demo") + path.sep));
  return [...pythonInputs(), ...served, SIP_UA, SHARED].filter((file) => fs.existsSync(file));
}

/** @param {string} stampFile @param {string} stamp */
const isCurrent = (stampFile, stamp) => fs.existsSync(stampFile) && fs.readFileSync(stampFile, "utf8") === stamp;

/**
 * One step: says what it does, and a failure names the step and the file.
 * @param {string} name
 * @param {() => Promise<string | void> | string | void} work
 */
async function step(name, work) {
  try {
    const note = await work();
    say(note ? `${name}: ${note}` : name);
  } catch (thrown) {
    const error = /** @type {Error} */ (thrown);
    error.message = `${name}: ${error.message}`;
    throw error;
  }
}

/** @param {string} from @param {string} to */
function copy(from, to) {
  if (!fs.existsSync(from)) throw new Error(`${relative(from)} is missing${from.startsWith(NODE_MODULES) ? " (run npm ci)" : ""}`);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.writeFileSync(to, fs.readFileSync(from)); // not copyFile: npm's file modes are of no use to a web server
}

/** SIP.js has a WebSocket transport of its own, which it names as a default that we never use: 10 KB less to read. */
/** @type {import("esbuild").Plugin} */
const withoutTransport = {
  name: "without SIP.js's transport",
  setup: (bundle) =>
    bundle.onLoad({ filter: /sip\.js.lib.platform.web.transport.transport\.js$/ }, () => ({ contents: "export class Transport {}" })),
};

/** @param {string} assets */
async function bundleSipUa(assets) {
  const esbuild = await import("esbuild");
  if (!fs.existsSync(SIP_UA)) throw new Error(`${relative(SIP_UA)} is missing`);
  await esbuild.build({
    entryPoints: [SIP_UA],
    outfile: path.join(assets, "sip-ua.js"),
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "eof",
    nodePaths: [NODE_MODULES],
    plugins: [withoutTransport],
    logLevel: "silent", // its errors are thrown, with file and line
  });
}

/** What the scripts are given: what both ways to start Python must know, and what they share with Python. */
function constants() {
  const read = (/** @type {string} */ name) => fs.readFileSync(path.join(NODE_MODULES, "pyodide", name));
  const { info } = JSON.parse(read("pyodide-lock.json").toString());
  const { version } = JSON.parse(read("package.json").toString());
  const hash = crypto.createHash("sha256").update(read("pyodide.asm.wasm")).digest("base64");
  const shared = Object.entries(JSON.parse(fs.readFileSync(SHARED, "utf8")));
  return {
    PYODIDE_INFO: JSON.stringify({ ...info, version }),
    WASM_HASH: JSON.stringify(`sha256-${hash}`),
    ...Object.fromEntries(shared.map(([name, value]) => [`SHARED.${name}`, JSON.stringify(value)])),
  };
}

/** Our own scripts, with the constants of the interpreter. @param {string} assets */
async function ownScripts(assets) {
  const esbuild = await import("esbuild");
  const define = constants();
  for (const [name, target] of [["boot.js", "es5"], ["interpreter.mjs", "es2022"], ["pyscript-loader.mjs", "es2022"]]) {
    const source = fs.readFileSync(path.join(PUBLIC, name), "utf8");
    const { code } = await esbuild.transform(source, { sourcefile: `public/${name}`, minify: true, target, define, logLevel: "silent" });
    fs.writeFileSync(path.join(assets, name), code);
  }
}

/** @param {string} assets */
function pyodide(assets) {
  for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"]) {
    copy(path.join(NODE_MODULES, "pyodide", name), path.join(assets, name));
  }
}

/** core.js, the chunk it stands for, and the one plugin PyScript loads in order to switch it off. @param {string} assets */
function pyscript(assets) {
  const from = path.join(NODE_MODULES, "@pyscript/core/dist");
  const needed = fs.readdirSync(from).filter((name) => /^(core|core-[\w-]+|error-[\w-]+)\.js$/.test(name));
  if (needed.length !== 3) throw new Error(`${relative(from)}: expected core.js, core-*.js and error-*.js, found ${needed.join(", ") || "none"}`);
  for (const name of needed) copy(path.join(from, name), path.join(assets, "pyscript", name));
}

/** A style sheet is one file with what it imports, the fonts it names beside it; sounds go as they are. @param {string} assets */
async function stylesAndMedia(assets) {
  const esbuild = await import("esbuild");
  const sheets = fs.readdirSync(PUBLIC).filter((name) => name.endsWith(".css")).map((name) => path.join(PUBLIC, name));
  await esbuild.build({
    entryPoints: sheets,
    outdir: assets,
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    loader: { ".woff2": "file" },
    assetNames: "fonts/[name]",
    legalComments: "none",
    logLevel: "silent",
  });
  copy(path.join(NODE_MODULES, "@fontsource-variable/inter/LICENSE"), path.join(assets, "fonts/LICENSE.txt"));
  copy(path.join(NODE_MODULES, "lucide-static/LICENSE"), path.join(assets, "icons-LICENSE.txt"));
  for (const file of filesUnder(PUBLIC)) {
    const name = path.relative(PUBLIC, file);
    if (/^sounds\//.test(name)) copy(file, path.join(assets, name));
  }
}

/** Source maps are not served, and a reference to one costs a failed request in every open inspector. @param {string} assets */
function dropSourceMapComments(assets) {
  for (const file of filesUnder(assets)) {
    if (!/\.m?js$/.test(file)) continue;
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n"));
  }
}

/** @param {string} assets @param {string} buildId */
function page(assets, buildId) {
  const html = fs.readFileSync(path.join(PUBLIC, PAGE), "utf8");
  if (withIcons(html) !== html) throw new Error(`public/${PAGE}: its icons are not current: node public/build/icons.mjs`);
  for (const [, name] of html.matchAll(/\/webphone-assets\/BUILD\/([^"']+)/g)) {
    if (!fs.existsSync(path.join(assets, name))) throw new Error(`public/${PAGE}: refers to ${name}, which the build does not make`);
  }
  return html.replaceAll(PLACEHOLDER, `/webphone-assets/${buildId}/`);
}

/** Packing takes most of a build, so its result is kept apart: a changed style sheet does not wait for it. @param {string} assets @param {string} work */
async function python(assets, work) {
  const last = path.join(DIST, "python.zip");
  const stamp = hashOf(pythonInputs(), ROOT);
  let note = "unchanged";
  if (FORCED || !fs.existsSync(last) || !isCurrent(`${last}.inputs`, stamp)) {
    const out = path.join(work, "python.zip");
    const counts = await writePythonZip({ appDir: APP_DIR, nodeModules: NODE_MODULES, out });
    fs.renameSync(out, last);
    fs.writeFileSync(`${last}.inputs`, stamp);
    note = `${counts.app_modules} modules of ours, ${counts.modules} of the standard library`;
  }
  copy(last, path.join(assets, "python.zip"));
  return `${note}, ${Math.round(fs.statSync(last).size / 1024)} KB`;
}

/** @param {string} assets */
async function fastStart(assets) {
  return buildFastStart({
    assets,
    nodeModules: NODE_MODULES,
    pythonZip: path.join(assets, "python.zip"),
    kept,
    esbuild: await import("esbuild"),
    define: constants(),
  });
}

/** @param {string} assets */
async function compression(assets) {
  const { before, after } = await compressAll(filesUnder(assets), kept);
  return `${Math.round(before / 1024)} KB, as zstd ${Math.round(after / 1024)} KB`;
}

async function build() {
  const stamp = hashOf(inputs(), ROOT);
  const built = fs.existsSync(path.join(DIST, "frame", PAGE));
  if (!FORCED && built && isCurrent(STAMP, stamp)) {
    say(`${relative(DIST)} is up to date`);
    return;
  }

  fs.mkdirSync(DIST, { recursive: true });
  const work = fs.mkdtempSync(path.join(DIST, "work-"));
  try {
    await buildIn(work);
  } finally {
    fs.rmSync(work, { recursive: true });
  }
  fs.writeFileSync(STAMP, stamp);
}

/** @param {string} work */
async function buildIn(work) {
  const assets = path.join(work, "assets");
  fs.mkdirSync(assets);
  await step("scripts of the frame", () => ownScripts(assets));
  await step("SIP user agent with SIP.js", () => bundleSipUa(assets));
  await step("Pyodide", () => pyodide(assets));
  await step("PyScript", () => pyscript(assets));
  await step("styles and media", () => stylesAndMedia(assets));
  await step("source map comments", () => dropSourceMapComments(assets));
  await step("Python", () => python(assets, work));
  await step("fast start", () => fastStart(assets));
  const buildId = hashOf(filesUnder(assets), assets).slice(0, 16);
  await step("page", () => fs.writeFileSync(path.join(work, PAGE), page(assets, buildId)));
  await step("compression", () => compression(assets)); // after the build id, which stands for what is in it

  kept.prune();

  // Only now, all at once: a build that failed leaves the last good one as it was.
  const frame = path.join(DIST, "frame");
  fs.rmSync(frame, { recursive: true, force: true });
  fs.mkdirSync(path.join(frame, "assets"), { recursive: true });
  fs.renameSync(assets, path.join(frame, "assets", buildId));
  fs.renameSync(path.join(work, PAGE), path.join(frame, PAGE));
  say(`${relative(DIST)}/frame is ready, build id ${buildId}`);
}

build().then(
  () => process.exit(0), // Pyodide under Node keeps the process alive
  (error) => {
    console.error(`build failed: ${error.message}`);
    process.exit(1);
  },
);
