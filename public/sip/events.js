/**
 * The one way out of the shim: events, in order, as JSON strings.
 *
 * Delivery waits for a microtask, so a listener may call straight back into the shim without re-entering SIP.js in the
 * middle of one of its state transitions. A listener that throws loses that event only.
 */
const KEPT_AT_MOST = 1000;

let listener = null;
let waiting = [];
let scheduled = false;

function deliver() {
  scheduled = false;
  while (listener && waiting.length > 0) {
    const event = waiting.shift();
    try {
      listener(event);
    } catch {
      // The listener's fault is the listener's business: signalling must go on.
    }
  }
}

function schedule() {
  if (scheduled || !listener) return;
  scheduled = true;
  queueMicrotask(deliver);
}

/** Queue one event object; before listen() at most 1000 are kept. */
export function emit(event) {
  if (waiting.length >= KEPT_AT_MOST) return;
  waiting.push(JSON.stringify(event));
  schedule();
}

/** Give every event, the kept ones first, to `fn(jsonString)`. */
export function listen(fn) {
  listener = fn;
  schedule();
}
