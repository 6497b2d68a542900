import { fault } from "./events.js";

/** For the outcome of what may fail and harms nothing then. Where it is used, a comment says why. */
export function harmless() {
  // Heard on purpose, and nothing done about it.
}

/**
 * Run `action`, which may throw or reject; `failed(error)` hears of either. An error that only a mistake in a program
 * makes is a fault as well, whatever the caller does about it.
 * @param {() => unknown} action
 * @param {(error: unknown) => void} [failed] left out where SIP.js refuses what the far end has made needless: a session
 *   that is over has nothing to answer
 */
export function attempt(action, failed = harmless) {
  const heard = (/** @type {unknown} */ error) => {
    tellMistake(error, "an attempt");
    failed(error);
  };
  try {
    Promise.resolve(action()).catch(heard);
  } catch (error) {
    heard(error);
  }
}

/** @param {unknown} error @param {string} where */
export function tellMistake(error, where) {
  if (error instanceof TypeError || error instanceof ReferenceError) fault(error, where);
}
