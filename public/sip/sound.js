import { attempt } from "./attempt.js";
import { RemoteAudio } from "./remote-audio.js";

/**
 * @import { CallNews } from "./interface.js"
 * @import { CallMedia } from "./media.js"
 * @import { Silence } from "./silence.js"
 */

/**
 * What is said and heard in one call: its media (CallMedia) and its loudspeaker, as `silence` says.
 *
 * `tell(event)` hears of both.
 */
export class Sound {
  /** Null before SIP.js has made it. @type {CallMedia | null} */
  media = null;
  #tell;
  #silence;
  #audio;
  #stopped = false;

  /**
   * @param {(event: CallNews) => void} tell
   * @param {Silence} silence
   */
  constructor(tell, silence) {
    this.#tell = tell;
    this.#silence = silence;
    this.#audio = new RemoteAudio({
      blocked: () => tell({ type: "autoplay_blocked" }),
      playing: () => tell({ type: "audio_playing" }),
    });
    silence.follow(() => this.#obey());
  }

  /** @param {CallMedia} media */
  adopt(media) {
    const tell = this.#tell;
    this.media = media;
    media.hooks = {
      microphoneFailed: (name, message) => tell({ type: "microphone_failed", name, message }),
      microphoneEnded: () => tell({ type: "microphone_ended" }),
      microphoneReady: () => tell({ type: "microphone_ready" }),
      stream: (stream) => this.#stopped || this.#audio.start(stream),
      state: (state) => tell({ type: "media", state }),
      digit: (digit) => tell({ type: "dtmf", digit, via: "rtp" }),
    };
    this.#obey();
  }

  /** Nobody is told any more what the media there is does; another is about to be adopted. */
  orphan() {
    if (this.media) this.media.hooks = null;
  }

  /** Go on with `media` of another session, which is connecting or connected already. @param {CallMedia} media */
  succeed(media) {
    this.adopt(media);
    this.#audio.start(media.remoteMediaStream);
    this.#tell({ type: "media", state: media.peerConnection?.connectionState ?? "closed" });
  }

  /** Go on with another microphone: the one there was has stopped. */
  reopenMicrophone() {
    attempt(() => this.media?.reopenMicrophone());
  }

  /** Microphone and loudspeaker may be others from now on. */
  useDevices() {
    this.#audio.useSpeaker();
    attempt(() => this.media?.useMicrophone());
  }

  #obey() {
    this.media?.setMicrophone(!this.#silence.silent);
    this.#audio.setSilent(this.#silence.aside);
  }

  get takesTones() {
    return Boolean(this.media?.tones);
  }

  /** Throws where there is no media, or media that takes no digits. @param {string} digits */
  insertTones(digits) {
    if (!this.media) throw new Error("no media");
    this.media.insertTones(digits);
  }

  play() {
    this.#audio.play();
  }

  stats() {
    return this.media?.stats();
  }

  /** Let go of microphone, connection and loudspeaker. */
  stop() {
    this.#stopped = true;
    this.#audio.stop();
    this.media?.close();
  }
}
