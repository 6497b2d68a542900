import { harmless } from "./attempt.js";

/**
 * Whether the microphone of one call is silent, and why: by mute, by hold, or because the agent is with another call.
 *
 * There is one for each id of a call, from before its first session until after its last one. So nothing that is new in
 * a call (a session, a connection, a microphone) starts with another answer than the one before it had.
 */
export class Silence {
  #muted = false;
  #held = false;
  #aside = false;
  /** How often hold was wished for. */
  #wishes = 0;
  /** @type {() => void} */
  #changed = harmless;

  /** `changed` is called now and after every change; the listener before is forgotten. @param {() => void} changed */
  follow(changed) {
    this.#changed = changed;
    changed();
  }

  get silent() {
    return this.#muted || this.#held || this.#aside;
  }

  /** On hold, or about to be. */
  get held() {
    return this.#held;
  }

  /** Also without a loudspeaker. */
  get aside() {
    return this.#aside;
  }

  /** @param {boolean} on */
  mute(on) {
    this.#muted = on;
    this.#changed();
  }

  /** @param {boolean} on */
  setAside(on) {
    this.#aside = on;
    this.#changed();
  }

  /** @param {boolean} on */
  hold(on) {
    if (on) this.#wishes += 1;
    this.#held = on;
    this.#changed();
  }

  /** Ask for the end of a hold; the result ends it, unless hold was wished for again meanwhile. */
  askUnhold() {
    const wishes = this.#wishes;
    return () => {
      if (wishes === this.#wishes) this.hold(false);
    };
  }
}
