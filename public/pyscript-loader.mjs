/* Starts Python: by the fast start if that works, else by PyScript at once. After a fast start PyScript is loaded when
 * nothing waits for it, and adopts the interpreter that runs.
 *
 * It loads PyScript so that it runs under a policy without 'unsafe-eval' and where storage is denied.
 * PyScript then runs the <script type="py"> of webphone-embed.html.
 */

// PyScript opens IndexedDB for its package cache before anything else and waits for ever where storage is denied
// (a third-party frame whose user blocks site data). We install no packages, so it gets an empty one that
// forgets, everywhere; the real one is back as soon as the interpreter is up.
function forgetfulIndexedDB() {
  const request = (/** @type {unknown} */ result) => {
    /** @type {{ onsuccess?: (event: object) => void }} */
    const pending = {};
    queueMicrotask(() => pending.onsuccess?.({ target: { result } }));
    return pending;
  };
  const store = { getAllKeys: () => request([]), clear: () => request(undefined) };
  const database = { transaction: () => ({ objectStore: () => store }), close: () => undefined };
  return { open: () => request(database) };
}

const PYSCRIPT_AFTER_MS = 10_000;
const boot = globalThis.zorioBoot;

/** The running interpreter, or null: then the phone starts plainly, and says why, once. */
async function startFast() {
  if (!boot.early) return null; // not even begun: the head has said why
  try {
    await boot.painted; // evaluating it would come before
    const { phone } = await import("./fast-start.mjs");
    return (await phone).python;
  } catch (thrown) {
    const error = /** @type {Error} */ (thrown);
    const reason = `fast start: ${error.name}: ${String(error.message).split("\n").pop()}`;
    boot.diagnostics.push(reason);
    console.info(`zorio-webphone: starting plainly; ${reason}`);
    return null;
  }
}

/** Registering comes first, and perhaps a call; PyScript keeps the page busy for a moment when it comes. */
function whenQuiet() {
  const whenIdle = globalThis.requestIdleCallback ?? setTimeout; // Safari
  return new Promise((resolve) => {
    setTimeout(() => whenIdle(resolve), PYSCRIPT_AFTER_MS);
  });
}

/** A damaged part in the cache, which keeps it for a year, would make every start a plain one. */
function mend() {
  for (const name of ["fast-start.mjs", "python.image"]) {
    fetch(new URL(name, import.meta.url), { cache: "reload" }).catch(() => {
      // The next start tries again.
    });
  }
}

boot.python = await startFast();
if (boot.python) await whenQuiet();
else if (boot.early) addEventListener("py:ready", mend, { once: true });

const genuine = Object.getOwnPropertyDescriptor(globalThis, "indexedDB") ?? {};
Object.defineProperty(globalThis, "indexedDB", { configurable: true, value: forgetfulIndexedDB() });
addEventListener("py:ready", () => Object.defineProperty(globalThis, "indexedDB", genuine), { once: true });

const { hooks } = await import("./pyscript/core.js");
// The only hook of this set is meant for workers, and PyScript would build it with Function(...).
hooks.worker.onBeforeRunAsync.clear();
