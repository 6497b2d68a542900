/* Loads PyScript so that it runs under a policy without 'unsafe-eval' and where storage is denied.
 * PyScript then runs the <script type="py"> of webphone-embed.html.
 */

// PyScript opens IndexedDB for its package cache before anything else and waits for ever where storage is denied
// (a third-party frame whose user blocks site data). We install no packages, so it gets an empty one that
// forgets, everywhere; the real one is back as soon as the interpreter is up.
function forgetfulIndexedDB() {
  const request = (result) => {
    const pending = {};
    queueMicrotask(() => pending.onsuccess?.({ target: { result } }));
    return pending;
  };
  const store = { getAllKeys: () => request([]), clear: () => request(undefined) };
  const database = { transaction: () => ({ objectStore: () => store }), close() {} };
  return { open: () => request(database) };
}

const genuine = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
Object.defineProperty(globalThis, "indexedDB", { configurable: true, value: forgetfulIndexedDB() });
addEventListener("py:ready", () => Object.defineProperty(globalThis, "indexedDB", genuine), { once: true });

const { hooks } = await import("./pyscript/core.js");
// The only hook of this set is meant for workers, and PyScript would build it with Function(...).
hooks.worker.onBeforeRunAsync.clear();
