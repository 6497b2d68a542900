/* First script of the frame, before the first paint: takes the token out of the address, keeps what the parent
 * posts until Python listens, and says so readably when Python cannot start.
 *
 * It is JavaScript because Python is not there yet, and answers for a frame in which Python never will be. Otherwise it
 * holds no policy: it neither reads commands nor decides on them.
 * A classic script in ES5 syntax, because it must also run where nothing newer does.
 * Attributes it sets on <html>: lang, data-theme, data-layout, data-folded, data-boot ("starting", "started",
 * "failed").
 */
(function () {
  "use strict";

  var PATIENCE_MS = 60000;
  var RETRY_FETCH_MS = 10000;
  // error.load_failed of embed_app/i18n, title and cure, which is there only once the phone is. tests/i18n compares them.
  /** @type {Record<string, string>} */
  var LOAD_FAILED = {
    vi: "Không tải được điện thoại. Hãy kiểm tra mạng rồi bấm Thử lại. Nếu vẫn lỗi, báo quản trị viên.",
    en: "The phone could not be loaded. Check the network, then press Try again. If it stays like this, tell your administrator.",
  };
  var root = document.documentElement;

  // Pyodide would run every callback of its event loop on a stack of its own (JSPI), so that Python may wait for promises
  // without `await`, which ours never does. When Chromium collects garbage meanwhile and takes that stack for the main
  // one, it reads past its end, and the page is gone with its calls (Chromium 156: 24 times in a day of tests). Where
  // Pyodide finds no JSPI, it does as it did before there was one.
  if (window.WebAssembly) delete (/** @type {{ Suspending?: unknown }} */ (WebAssembly).Suspending);

  // ---- The address: every parameter is kept in memory, none in the address bar or the session history.

  /** @param {string} text */
  function pairs(text) {
    return text.slice(1).split("&").filter(function (pair) {
      return pair.indexOf("=") > 0;
    });
  }

  /** @param {string} pair */
  function nameOf(pair) {
    return pair.slice(0, pair.indexOf("="));
  }

  // The phone leaves the address here while there is a call (embed_app/browser/records.py): a frame that is reloaded
  // alone would otherwise not know any more who it is, and lose the call.
  function addressLeft() {
    try {
      return String((history.state && history.state[SHARED.address_key]) || "");
    } catch (error) {
      return "";
    }
  }

  // "#token=" keeps the token out of server logs, so the fragment wins over the query.
  function mergedAddress() {
    var fragment = pairs(location.hash);
    var named = fragment.map(nameOf);
    var query = pairs(location.search).filter(function (pair) {
      return named.indexOf(nameOf(pair)) < 0;
    });
    var all = query.concat(fragment);
    return all.length ? "?" + all.join("&") : addressLeft();
  }

  // A frame that takes a call back may be reloaded once more before Python has left the address anew.
  function mayHaveCall() {
    try {
      return Boolean(addressLeft() || sessionStorage.getItem(SHARED.record_key));
    } catch (error) {
      return Boolean(addressLeft());
    }
  }

  var search = mergedAddress();
  try {
    /** @type {Record<string, string>} */
    var left = {};
    left[SHARED.address_key] = search;
    history.replaceState(mayHaveCall() ? left : null, "", location.pathname);
  } catch (error) {
    console.warn("zorio-webphone: the address could not be cleaned", /** @type {Error} */ (error).name);
  }

  /** @param {string} name @param {string[]} allowed */
  function choice(name, allowed) {
    var found = pairs(search).filter(function (pair) {
      return nameOf(pair) === name;
    })[0];
    var value = found ? found.slice(name.length + 1) : "";
    return allowed.indexOf(value) < 0 ? allowed[0] : value;
  }

  var locale = choice("locale", ["vi", "en"]);
  root.lang = locale;
  root.setAttribute("data-theme", choice("theme", ["auto", "light", "dark"]));
  var layout = choice("layout", ["docked", "overlay", "fullscreen"]);
  root.setAttribute("data-layout", layout);
  if (layout === "overlay") root.setAttribute("data-folded", "");

  // ---- The parent

  /** @type {HTMLMetaElement | null} */
  var meta = document.querySelector('meta[name="zorio-parent-origins"]');
  var parentOrigins = ((meta && meta.content) || "").split(/\s+/).filter(Boolean);
  // Patterns that isAllowed does not trust and Python may: wildcard hosts, and what is not written as browsers do.
  var someAreForPython = parentOrigins.some(function (pattern) {
    return pattern.replace(/:\*$/, "").indexOf("*") >= 0 || pattern !== pattern.toLowerCase();
  });
  var parentOriginHint = originHint();
  var knownParentOrigin = ""; // of an allowed parent that has already posted to us: certain, unlike the hint

  function originHint() {
    var ancestors = location.ancestorOrigins; // absent in Firefox, may be redacted to "null"
    if (ancestors && ancestors.length && ancestors[0] !== "null") return ancestors[0];
    var match = /^https?:\/\/[^/?#]+/.exec(document.referrer);
    return match ? match[0] : "";
  }

  // Exact origins, and "http://localhost:*" for any port. Wildcard hosts are never trusted this early. Python has the
  // whole rule (embed_app/protocol/parent_origin.py); tests/protocol/parent_origins.json has the cases of both.
  /** @param {string} origin */
  function isAllowed(origin) {
    return /^https?:\/\/[^/\s]+$/.test(origin) && parentOrigins.some(function (pattern) {
      if (pattern.indexOf("*") < 0) return pattern === origin;
      if (pattern.slice(-2) !== ":*") return false;
      var host = pattern.slice(0, -2);
      if (host.indexOf("*") >= 0) return false;
      return origin === host || (origin.indexOf(host + ":") === 0 && /^\d+$/.test(origin.slice(host.length + 1)));
    });
  }

  /** @param {string} json @param {string} origin */
  function post(json, origin) {
    // "*" would hand the phone's events to whoever framed us.
    if (window.parent === window || !origin || origin === "*" || origin === "null") return;
    window.parent.postMessage(JSON.parse(json), origin);
  }

  /** @param {object} message */
  function postEarly(message) {
    var json = JSON.stringify(message);
    var certain = knownParentOrigin || parentOriginHint;
    if (certain) {
      if (isAllowed(certain)) post(json, certain);
      return;
    }
    parentOrigins.forEach(function (pattern) {
      if (pattern.indexOf("*") < 0) post(json, pattern); // the browser delivers to the one that matches
    });
  }

  // ---- Messages: kept in order until Python takes them

  /** @type {Parameters<import("./types.js").Boot["takeMessages"]>[0] | null} */
  var consumer = null;
  var script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  /** @type {import("./types.js").Boot} */
  var boot = {
    search: search,
    assets: script ? script.src.replace(/[^/]*$/, "") : "",
    messages: [],
    dropped: 0,
    parentOriginHint: parentOriginHint,
    parentOrigins: parentOrigins,
    takeMessages: takeMessages,
    started: started,
    failed: failed,
    retry: retry,
    post: post,
    diagnostics: [],
  };

  /** @param {unknown} data */
  function asJson(data) {
    try {
      var json = JSON.stringify(data);
      return json === undefined || json.length > SHARED.longest_message ? "null" : json;
    } catch (error) {
      return "null"; // cyclic, BigInt: Python reports it as one bad message
    }
  }

  /** @param {import("./types.js").KeptMessage} kept */
  function hand(kept) {
    try {
      if (consumer) consumer(kept.data, kept.origin);
    } catch (error) {
      console.error("zorio-webphone: a message was not handled", error); // the next one still must be
    }
  }

  /** @param {NonNullable<typeof consumer>} fn */
  function takeMessages(fn) {
    consumer = fn;
    boot.messages.splice(0).forEach(hand);
  }

  // Any frame of the page may post to this one. What a stranger posts costs these comparisons: it is not counted, and
  // nobody reads `event.data`, which the browser decodes only when it is read. First of all listeners, and the last one
  // for other windows: Pyodide wakes itself up by messages, and would look into each one.
  window.addEventListener("message", function (event) {
    if (event.source === window) return; // of Pyodide
    event.stopImmediatePropagation();
    if (event.source !== window.parent) return;
    if (event.origin !== knownParentOrigin) {
      if (isAllowed(event.origin)) knownParentOrigin = event.origin;
      else if (!someAreForPython) return;
    }
    var kept = { data: asJson(event.data), origin: event.origin };
    if (failure) refuse(kept);
    else if (consumer) hand(kept);
    else if (boot.messages.length < SHARED.kept_messages) boot.messages.push(kept);
    else boot.dropped += 1;
  }, true);

  // ---- Started or failed

  var phase = "starting";
  var incomplete = false; // a script of ours could not be loaded
  /** @type {{ code: string, message: string, fatal: boolean, detail?: { reason: string } } | null} */
  var failure = null; // the error object of contract section 3, while the panel is shown
  var watchdog = setTimeout(function () {
    failed("load_failed", "", "no start within 60 s");
  }, PATIENCE_MS);

  /** @param {string} next */
  function show(next) {
    phase = next;
    root.setAttribute("data-boot", next);
    clearTimeout(watchdog);
  }

  /**
   * Python is up. Late is welcome too: a start that comes after the watchdog takes the panel away again.
   * Not where a script is missing: what starts then is half a phone.
   */
  function started() {
    if (incomplete) return;
    failure = null;
    show("started");
  }

  /**
   * Shows the panel with Retry and tells the parent, once. An empty message means the standard text.
   *
   * @param {string} code @param {string} message @param {string} [detail]
   */
  function failed(code, message, detail) {
    if (failure) return;
    failure = { code: code, message: message || LOAD_FAILED[locale], fatal: true };
    if (detail) failure.detail = { reason: String(detail).slice(0, 200) };
    show("failed");
    console.error("zorio-webphone: " + code + ": " + (detail || message));
    postEarly({ source: SHARED.source, type: "error", payload: failure });
    boot.messages.splice(0).forEach(refuse);
  }

  // A command with an id is owed exactly one answer (contract section 3), even by a phone that never started.
  /** @param {import("./types.js").KeptMessage} kept */
  function refuse(kept) {
    if (!isAllowed(kept.origin)) return;
    var command = JSON.parse(kept.data);
    if (!command || command.source !== SHARED.source || typeof command.type !== "string" || typeof command.id !== "string") return;
    post(JSON.stringify({ source: SHARED.source, type: "response", id: command.id, ok: false, error: failure }), kept.origin);
  }

  window.addEventListener("error", function (event) {
    if (phase === "started") return;
    var target = event.target;
    if (target instanceof HTMLScriptElement) {
      incomplete = true;
      failed("load_failed", "", "cannot load " + target.src.split(/[?#]/)[0].split("/").pop());
    } else if (target === window) {
      failed("load_failed", "", event.message);
    }
  }, true); // the error of a script element does not bubble

  window.addEventListener("unhandledrejection", function (event) {
    if (phase !== "starting") return;
    var reason = event.reason || {};
    failed("load_failed", "", (reason.type || reason.name || "Error") + ": " + reason.message);
  });

  if (typeof WebAssembly !== "object" || !("noModule" in document.createElement("script"))) {
    failed("load_failed", "", "this browser is too old");
  }

  // ---- Retry: load again past the cache, with the parameters back in the fragment (never sent to a server)

  function retry() {
    var done = false;
    function reload() {
      if (done) return;
      done = true;
      history.replaceState(null, "", location.pathname + "#" + boot.search.slice(1));
      location.reload();
    }
    // Assets are cached for a year: a damaged one must be fetched anew, or Retry would find it again.
    /** @type {NodeListOf<HTMLScriptElement & HTMLLinkElement>} */
    var assets = document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=preload], link[rel=modulepreload]");
    var fetched = Array.prototype.map.call(assets, function (asset) {
      return fetch(asset.src || asset.href, { cache: "reload" }).then(function (response) {
        return response.arrayBuffer();
      });
    });
    setTimeout(reload, RETRY_FETCH_MS);
    Promise.all(fetched).then(reload, reload);
  }

  document.addEventListener("click", function (event) {
    var target = event.target;
    var button = target instanceof Element ? /** @type {HTMLButtonElement | null} */ (target.closest("[data-boot-retry]")) : null;
    if (!button || button.disabled) return;
    button.disabled = true;
    retry();
  });

  window.zorioBoot = boot;
})();
