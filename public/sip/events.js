/**
 * The one way out of the shim: events, in order, as JSON strings.
 *
 * Delivery waits for a microtask, so a listener may call straight back into the shim without re-entering SIP.js in the
 * middle of one of its state transitions. A listener that throws loses that event only, and the throw is a fault.
 *
 * @import { ShimEvent } from "./interface.js"
 */
const KEPT_AT_MOST = 1000;

/** @type {((event: string) => void) | null} */
let listener = null;
/** @type {{ type: ShimEvent["type"], json: string }[]} */
const waiting = [];
let scheduled = false;

/** @param {(event: string) => void} receive */
function deliver(receive) {
  scheduled = false;
  for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
    try {
      receive(event.json);
    } catch (error) {
      const where = `the listener, ${event.type}`;
      // A listener that cannot take a fault is not told of another one: that would never end.
      if (event.type === "fault") print(kindOf(error), where);
      else fault(error, where);
    }
  }
}

function schedule() {
  if (scheduled || !listener) return;
  scheduled = true;
  queueMicrotask(() => listener && deliver(listener));
}

/** Queue one event; before listen() at most 1000 are kept. @param {ShimEvent} event */
export function emit(event) {
  if (waiting.length >= KEPT_AT_MOST) return;
  waiting.push({ type: event.type, json: JSON.stringify(event) });
  schedule();
}

/** Give every event, the kept ones first, to `fn(json)`. @param {(event: string) => void} fn */
export function listen(fn) {
  listener = fn;
  schedule();
}

/**
 * A fault of ours: told in the console and as an event, by its kind and place, never its data.
 * @param {unknown} error
 * @param {string} where
 */
export function fault(error, where) {
  const kind = kindOf(error);
  print(kind, where);
  emit({ type: "fault", kind, where });
}

/** @param {string} kind @param {string} where */
function print(kind, where) {
  console.error(`zorio-webphone: ${kind} at ${where}`);
}

/** The name of an error, never its message, which may hold anything. `type`: of a Python error, its class. @param {unknown} error */
export function kindOf(error) {
  if (!(error instanceof Error || error instanceof DOMException)) return typeof error;
  return "type" in error && typeof error.type === "string" ? error.type : error.name;
}

/**
 * `fn` for a caller that swallows what it throws, as SIP.js does while it reads a message.
 * @template {unknown[]} Given
 * @param {string} where
 * @param {(...given: Given) => void} fn
 */
export const heard =
  (where, fn) =>
  (/** @type {Given} */ ...given) => {
    try {
      fn(...given);
    } catch (error) {
      fault(error, where);
    }
  };
