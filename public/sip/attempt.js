/** For the outcome of what may fail and harms nothing then. Where it is used, a comment says why. */
export function harmless() {
  // Heard on purpose, and nothing done about it.
}

/**
 * Run `action`, which may throw or reject; `failed(error)` hears of either.
 * @param {() => unknown} action
 * @param {(error: unknown) => void} [failed] left out where SIP.js refuses what the far end has made needless: a session
 *   that is over has nothing to answer
 */
export function attempt(action, failed = harmless) {
  try {
    Promise.resolve(action()).catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** What kind of error it is: never its message, which may hold anything. @param {unknown} error */
export const nameOfError = (error) => (error instanceof Error || error instanceof DOMException ? error.name : "Error");
