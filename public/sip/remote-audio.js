import { sendToSpeaker } from "./devices.js";

/**
 * Plays what one call receives. `hooks`: `blocked()` once per refusal, `playing()` whenever it plays, also when nothing
 * was refused here: the ring may have been, and a page that records may play what it could not before.
 */
export class RemoteAudio {
  #element = new Audio();
  #hooks;
  #blocked = false;

  /** @param {{ blocked: () => void, playing: () => void }} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
    this.useSpeaker();
  }

  useSpeaker() {
    sendToSpeaker(this.#element);
  }

  /** @param {MediaStream} stream */
  start(stream) {
    if (this.#element.srcObject === stream) return;
    this.#element.srcObject = stream;
    this.play();
  }

  /** @param {boolean} on */
  setSilent(on) {
    this.#element.muted = on;
  }

  /** Try (again); works within a tap when the browser had refused before. */
  async play() {
    if (!this.#element.srcObject) return;
    try {
      await this.#element.play();
      this.#blocked = false;
      this.#hooks.playing();
    } catch (error) {
      // AbortError only says that the stream was replaced or stopped meanwhile.
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || this.#blocked) return;
      this.#blocked = true;
      this.#hooks.blocked();
    }
  }

  stop() {
    this.#element.pause();
    this.#element.srcObject = null;
  }
}
