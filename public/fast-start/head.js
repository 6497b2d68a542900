/* The end of boot.js, put there by the build: begins, before the page is even read to its end, what takes longest.
 *
 * ES5 syntax, and nothing may escape from here: whatever goes wrong, the plain start still works. Promises made here
 * are taken by start.mjs; a rejection waits for it there.
 */
(function () {
  "use strict";

  var boot = window.zorioBoot;
  // What the plain path would not tell anybody: texts without names, numbers or tokens.
  boot.diagnostics = [];
  if (/[?&]start=plain(&|$)/.test(boot.search)) {
    boot.diagnostics.push("fast start: switched off by the address");
    return;
  }
  if (document.documentElement.getAttribute("data-boot") !== "starting") return;

  function asset(name, hash) {
    return fetch(boot.assets + name, { integrity: hash });
  }

  function quiet(promise) {
    promise.catch(function () {});
    return promise;
  }

  try {
    boot.early = {
      module: quiet(WebAssembly.compileStreaming(asset("pyodide.asm.wasm", WASM_HASH))),
      image: quiet(asset("python.image", IMAGE_HASH).then(function (response) {
        if (!response.ok) throw new Error("python.image: status " + response.status);
        return response.arrayBuffer();
      })),
    };
  } catch (error) {
    boot.diagnostics.push("fast start: " + error.name);
  }
})();
