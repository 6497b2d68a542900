/* The end of boot.js, put there by the build: begins, before the page is even read to its end, what takes longest.
 * It is JavaScript because Python is not there yet. It decides nothing that lasts: Python takes what was begun, or leaves it.
 *
 * ES5 syntax, and nothing may escape from here: whatever goes wrong, the plain start still works. Promises made here
 * are taken by start.mjs; a rejection waits for it there.
 */
(function () {
  "use strict";

  var FRESH_MS = 8000; // an answer tells how long credentials last: an old one would tell it wrongly
  var UNWANTED_MS = 20000;
  var WARM_MS = 3000;
  var UNPAINTED_MS = 160;
  var NEAR_MS = 25;
  var PROVEN_MS = 20000; // after it the browser has compiled what it compiles, and PyScript is there
  var boot = window.zorioBoot;
  try {
    askAhead();
  } catch (error) {
    boot.diagnostics.push("asking ahead: " + /** @type {Error} */ (error).name);
  }
  if (/[?&]start=plain(&|$)/.test(boot.search)) {
    boot.diagnostics.push("fast start: switched off by the address");
    return;
  }
  if (crashedBefore()) {
    boot.diagnostics.push("fast start: the last one crashed the page");
    return;
  }
  if (document.documentElement.getAttribute("data-boot") !== "starting") return;

  /**
   * @template T
   * @param {Promise<T>} promise
   */
  function quiet(promise) {
    promise.catch(function () { /* start.mjs hears of it, or whoever else takes it */ });
    return promise;
  }

  // ---- Asked ahead of Python: what it will ask for first, if it asks at all. It decides; this only has the answer
  // ready: takeSipConfig and takeSocket give it to the first who asks for exactly that, and to nobody else.

  function askAhead() {
    var token = /[?&]token=([\w-]+\.[\w-]+\.[\w-]+)(&|$)/.exec(boot.search);
    /** @type {{ token: string, at: number, answer: Promise<Response> } | null} */
    var asked = null;
    /** @type {WebSocket | null} */
    var socket = null;
    var socketUrl = "";

    boot.takeSipConfig = function (forToken) {
      var mine = asked && asked.token === forToken && Date.now() - asked.at < FRESH_MS ? asked.answer : undefined;
      asked = null;
      return mine;
    };
    boot.resumeTicket = function (forToken) {
      if (!asked || asked.token !== forToken) return Promise.resolve("");
      return quiet(asked.answer.then(function (response) {
        return response.ok ? response.clone().json() : null;
      }).then(function (body) {
        return body && body.data.resume ? body.data.resume.ticket : "";
      }));
    };
    boot.takeSocket = function (url) {
      var mine = socket && socket.readyState < 2 && socketUrl === url ? socket : undefined;
      if (socket && !mine) socket.close();
      socket = null;
      return mine;
    };

    var kept = storedName();
    var name = kept || crypto.randomUUID();
    boot.leaseHolder = name;
    boot.leaseHolderIsKept = kept !== "";

    // Only what certainly means: connect at once.
    if (!token || /[?&]auto_register=(?!1(&|$))/.test(boot.search) || typeof AbortSignal.timeout !== "function") return;
    asked = { token: token[1], at: Date.now(), answer: quiet(fetch("/api/webphone/sip-config", {
      headers: { Authorization: "Bearer " + token[1], Accept: "application/json", "X-Zorio-Holder": name },
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(10000),
    })) };
    quiet(asked.answer.then(function (response) {
      return response.ok ? response.clone().json() : null;
    }).then(function (body) {
      var url = body && body.data.wss_urls[0];
      if (!url || !asked || (body.data.lease && body.data.lease.held === false)) return;
      warmIce(body.data.ice_servers || []);
      socket = new WebSocket(url, "sip");
      socketUrl = url;
      setTimeout(function () { if (boot.takeSocket) boot.takeSocket(); }, UNWANTED_MS);
    }));
  }

  // The first peer connection starts the browser's WebRTC and has the names of STUN servers looked up: not in the
  // first call, then. Relays are left alone, each page would hold a place on them.
  /** @param {RTCIceServer[]} servers */
  function warmIce(servers) {
    /** @type {string[]} */
    var stun = [];
    servers.forEach(function (server) {
      stun = stun.concat(server.urls).filter(function (url) { return /^stuns?:/.test(url); });
    });
    if (!stun.length) return;
    var peer = new RTCPeerConnection({ iceServers: [{ urls: stun }] });
    setTimeout(function () { peer.close(); }, WARM_MS);
    peer.createDataChannel("");
    quiet(peer.createOffer().then(function (offer) { return peer.setLocalDescription(offer); }));
  }

  // The name of this browser (browser/lease_holder.py), "" where it denies storage to a frame of another site.
  function storedName() {
    try {
      var name = localStorage.getItem(SHARED.browser_key);
      if (name === null || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) {
        name = crypto.randomUUID();
        localStorage.setItem(SHARED.browser_key, name);
      }
      return name;
    } catch (error) {
      return "";
    }
  }

  // No code of the page can catch a crash of its renderer. What tells of it is a mark that nobody wiped off: a page
  // that leaves does, or has run for a while. The next start is plain, and the one after that fast again.
  function crashedBefore() {
    var mark = "zorio-fast-start";
    try {
      var crashed = sessionStorage.getItem(mark) !== null;
      var wipe = function () { sessionStorage.removeItem(mark); };
      if (crashed) {
        wipe();
        return true;
      }
      sessionStorage.setItem(mark, "");
      addEventListener("pagehide", wipe);
      setTimeout(wipe, PROVEN_MS);
    } catch (error) {
      // Storage is denied: then it cannot be known.
    }
    return false;
  }

  /** @param {string} name @param {string} hash */
  function asset(name, hash) {
    return fetch(boot.assets + name, { integrity: hash });
  }

  // Compiling takes every core there is, and so does unpacking what a near server sends: what is painted first is painted
  // sooner if they wait.
  /** @returns {Promise<void>} */
  function painted() {
    return new Promise(function (resolve) {
      requestAnimationFrame(function () { setTimeout(resolve); });
      setTimeout(resolve, UNPAINTED_MS); // out of sight nothing is painted
    });
  }

  /** @param {string} name */
  function preloadModule(name) {
    var link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = boot.assets + name;
    document.head.appendChild(link);
  }

  // From afar the download takes longest: there it begins at once.
  function isNear() {
    var page = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
    return page !== undefined && page.responseStart - page.requestStart < NEAR_MS;
  }

  try {
    boot.painted = painted();
    var begun = isNear() ? boot.painted : Promise.resolve();
    begun.then(function () { preloadModule("fast-start.mjs"); });
    var wasm = quiet(begun.then(function () { return asset("pyodide.asm.wasm", WASM_HASH); }));
    boot.early = {
      module: quiet(boot.painted.then(function () {
        return WebAssembly.compileStreaming(wasm);
      })),
      image: quiet(begun.then(function () {
        return asset("python.image", IMAGE_HASH);
      }).then(function (response) {
        if (!response.ok) throw new Error("python.image: status " + response.status);
        return response.arrayBuffer();
      })),
    };
  } catch (error) {
    boot.diagnostics.push("fast start: " + /** @type {Error} */ (error).name);
  }
})();
