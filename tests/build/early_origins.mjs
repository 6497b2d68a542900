/* Runs public/boot.js without a browser: node early_origins.mjs CASES SHARED. Prints, for each [origin, pattern, …] of the
 * JSON file CASES, whether a phone that failed to start answers a parent of this origin whose customer allows the pattern.
 */
import fs from "node:fs";
import vm from "node:vm";

const [cases, shared] = process.argv.slice(2).map((file) => JSON.parse(fs.readFileSync(file, "utf8")));
const boot = new vm.Script(fs.readFileSync(new URL("../../public/boot.js", import.meta.url), "utf8"));

function answers(origin, pattern) {
  const posted = [];
  const listeners = {};
  const element = { setAttribute: () => undefined };
  const page = {
    SHARED: shared,
    WebAssembly: {},
    console: { warn: () => undefined, error: () => undefined },
    setTimeout: () => 0,
    clearTimeout: () => undefined,
    location: { hash: "", search: "", pathname: "/" },
    history: { replaceState: () => undefined },
    sessionStorage: { getItem: () => null },
    parent: { postMessage: (message, to) => posted.push([message.type, to]) },
    addEventListener: (type, listener) => (listeners[type] = listener),
    document: {
      referrer: "",
      documentElement: element,
      querySelector: () => ({ content: pattern }),
      createElement: () => ({ noModule: true }),
      addEventListener: () => undefined,
    },
  };
  page.window = page;
  boot.runInNewContext(page);
  page.zorioBoot.failed("load_failed", "", "a test");
  const data = { source: shared.source, type: "get_state", id: "1" };
  listeners.message({ data, origin, source: page.parent, stopImmediatePropagation: () => undefined });
  return posted.some(([type, to]) => type === "response" && to === origin);
}

console.log(JSON.stringify(cases.map(([origin, pattern]) => answers(origin, pattern))));
