/**
 * The one way out of the shim: events, in order, as JSON strings.
 *
 * Delivery waits for a microtask, so a listener may call straight back into the shim without re-entering SIP.js in the
 * middle of one of its state transitions. A listener that throws loses that event only.
 *
 * @import { ShimEvent } from "./interface.js"
 */
const KEPT_AT_MOST = 1000;

/** @type {((event: string) => void) | null} */
let listener = null;
/** @type {string[]} */
const waiting = [];
let scheduled = false;

/** @param {(event: string) => void} receive */
function deliver(receive) {
  scheduled = false;
  for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
    try {
      receive(event);
    } catch {
      // The listener's fault is the listener's business: signalling must go on.
    }
  }
}

function schedule() {
  if (scheduled || !listener) return;
  scheduled = true;
  queueMicrotask(() => listener && deliver(listener));
}

/** Queue one event object; before listen() at most 1000 are kept. @param {ShimEvent} event */
export function emit(event) {
  if (waiting.length >= KEPT_AT_MOST) return;
  waiting.push(JSON.stringify(event));
  schedule();
}

/** Give every event, the kept ones first, to `fn(jsonString)`. @param {(event: string) => void} fn */
export function listen(fn) {
  listener = fn;
  schedule();
}
