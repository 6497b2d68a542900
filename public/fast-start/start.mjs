/* The fast start: Python wakes up from the memory image of the build, with the app imported, and brings the phone up.
 * PyScript is loaded afterwards and adopts this interpreter (pyscript-loader.mjs, interpreter.mjs).
 *
 * `phone` is a promise of {python} once the app has started. It is rejected when anything went wrong before the app
 * was asked to start: then nothing has happened yet that a plain start would not do again.
 */
import createPyodideModule from "patched-glue";
import { loadPyodide } from "patched-pyodide";
import { applyImage } from "./memory-image.mjs";

/** @import { EarlyParts } from "../types.js" */

const boot = globalThis.zorioBoot;
const beside = (/** @type {string} */ name) => new URL(name, import.meta.url).href;

/** Base64 of Pyodide's own snapshot header: magic, build id and the table of JavaScript objects. */
const header = () => Uint8Array.from(atob(SNAPSHOT_HEADER), (character) => character.charCodeAt(0));

// The hash seed stays that of the build, like everything else in the image. What must differ from frame to frame is
// made anew; os.urandom and the clock ask the browser each time. The module `time` reads its zone when it is imported.
const WAKE = `
def wake():
    import random, sys, time
    random.seed()
    winter, summer = sorted((time.localtime(at) for at in (1736942400, 1752580800)), key=lambda t: t.tm_gmtoff)
    time.timezone, time.altzone = -winter.tm_gmtoff, -summer.tm_gmtoff
    time.daylight = int(winter.tm_gmtoff != summer.tm_gmtoff)
    time.tzname = winter.tm_zone, summer.tm_zone
    sys.modules["embed_app.main"].start
wake()
del wake
`;

/**
 * @typedef {{ env: object } & WebAssembly.Imports} WasmImports
 * @typedef {(instance: WebAssembly.Instance, module: WebAssembly.Module) => void} Receive
 * @typedef {{ Jsv_GetError_import: unknown, JsvError_Check: unknown }} ErrorImport
 */

/** @param {EarlyParts} parts */
function loadFromImage({ module, image }) {
  /** @type {(reason: unknown) => void} */
  let wasmFailed;
  const failure = new Promise((_, reject) => {
    wasmFailed = reject;
  });
  /** @type {(getJsvErrorImport: () => Promise<ErrorImport>) => (imports: WasmImports, receive: Receive) => {}} */
  const instantiateWasm = (getJsvErrorImport) => (imports, receive) => {
    (async () => {
      Object.assign(imports.env, pick(await getJsvErrorImport()));
      receive(await WebAssembly.instantiate(await module, imports), await module);
    })().catch(wasmFailed);
    return {};
  };
  const python = loadPyodide({
    indexURL: beside("./"),
    packageBaseUrl: beside("./"),
    lockFileContents: { info: PYODIDE_INFO, packages: {} },
    stdLibURL: new Uint8Array(), // comes later, when nothing waits: what the start needs is in the image
    env: { HOME: "/home/pyodide" },
    instantiateWasm,
    _loadSnapshot: header(),
    createPyodideModule: async (/** @type {object} */ settings) => {
      const fresh = await createPyodideModule(settings);
      applyImage(await image, fresh);
      return fresh;
    },
  });
  return Promise.race([python, failure]);
}

const pick = (/** @type {ErrorImport} */ { Jsv_GetError_import, JsvError_Check }) => ({ Jsv_GetError_import, JsvError_Check });

function pageIsRead() {
  if (document.readyState !== "loading") return undefined;
  return new Promise((resolve) => {
    document.addEventListener("readystatechange", resolve, { once: true });
  });
}

async function start() {
  if (!boot.early) throw new Error("nothing was begun in the head of the page");
  const userAgent = import(beside("./sip-ua.js"));
  const python = await loadFromImage(boot.early);
  boot.early = null; // the image may be forgotten
  python.runPython(WAKE);
  await Promise.all([userAgent, pageIsRead()]);
  try {
    python.runPython("import embed_app.main; embed_app.main.start()");
  } catch (error) {
    // Half a phone is up; a second one beside it would be worse. Retry loads the frame anew, and starts plainly.
    boot.search += `${boot.search ? "&" : "?"}start=plain`;
    const { type, name } = /** @type {{ type?: string, name: string }} */ (error);
    boot.failed("load_failed", "", type ?? name);
    console.error(error);
  }
  return { python };
}

export const phone = start();
