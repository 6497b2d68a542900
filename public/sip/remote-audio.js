/** Plays what one call receives. `hooks`: `blocked()` at most once, `playing()` after a block was lifted. */
export class RemoteAudio {
  #element = new Audio();
  #hooks;
  #blocked = false;

  constructor(hooks) {
    this.#hooks = hooks;
  }

  start(stream) {
    if (this.#element.srcObject === stream) return;
    this.#element.srcObject = stream;
    this.play();
  }

  /** Try (again); works within a tap when the browser had refused before. */
  async play() {
    if (!this.#element.srcObject) return;
    try {
      await this.#element.play();
      if (this.#blocked) this.#hooks.playing();
      this.#blocked = false;
    } catch (error) {
      // AbortError only says that the stream was replaced or stopped meanwhile.
      if (error.name !== "NotAllowedError" || this.#blocked) return;
      this.#blocked = true;
      this.#hooks.blocked();
    }
  }

  stop() {
    this.#element.pause();
    this.#element.srcObject = null;
  }
}
