import { SessionDescriptionHandler } from "sip.js/lib/platform/web/index.js";

import { harmless } from "./attempt.js";
import { emit } from "./events.js";
import { openMicrophone, wantedMicrophone } from "./devices.js";
import { isOpenEarly, takeEarly } from "./early-microphone.js";
import { gathered, sawCandidate } from "./gathering.js";
import { canReadRtp, passSender, watchReceiver } from "./received-dtmf.js";
import { statsOf } from "./stats.js";

const relay = (/** @type {boolean} */ answers) => emit({ type: "relay", answers });

// Shorter ones Chromium sends as end packets alone, of which some phones hear the first digit only.
const TONE_MS = 160;
const GAP_MS = 70;

/**
 * @import { Core } from "sip.js"
 * @import { SessionDescriptionHandlerModifier } from "sip.js"
 * @import { SessionDescriptionHandlerOptions } from "sip.js/lib/platform/web/index.js"
 * @import { MediaState } from "./interface.js"
 *
 * @typedef {object} MediaHooks
 * @property {(name: string, message: string) => void} microphoneFailed
 * @property {() => void} microphoneEnded
 * @property {() => void} microphoneReady
 * @property {(stream: MediaStream) => void} stream
 * @property {(state: MediaState) => void} state
 * @property {(digit: string) => void} digit
 */

/**
 * The microphone, the peer connection and the offers and answers of one call.
 * The owner sets `hooks` right after construction.
 */
export class CallMedia extends SessionDescriptionHandler {
  /** @type {MediaHooks | null} */
  hooks = null;
  /** Until its owner says otherwise nobody hears anything. */
  #microphoneOn = false;
  /** Every microphone that was given to the connection and lives. @type {Set<MediaStreamTrack>} */
  #microphones = new Set();
  /** How long candidates are waited for. */
  #patience;
  /** @type {CallMedia | null} */
  #lender = null;
  /** The wanted microphone that is open, "" for the browser's own choice; null before. @type {string | null} */
  #asked = null;
  /** @type {Promise<void>} */
  #changing = Promise.resolve();
  /** Ends all listening: Chromium keeps some objects of a closed connection for ever, and with them whoever listens. */
  #open = new AbortController();

  /**
   * @param {Core.Logger} logger
   * @param {{ iceServers: RTCIceServer[], gatherMs: number, relayMs: number }} settings
   */
  constructor(logger, settings) {
    super(logger, (_constraints, media) => /** @type {CallMedia} */ (media).openFirst(), {
      peerConnectionConfiguration: {
        // max-bundle breaks peers that answer without BUNDLE
        bundlePolicy: "balanced",
        iceServers: settings.iceServers,
        ...(canReadRtp && { encodedInsertableStreams: true }),
      },
    });
    this.#patience = settings;
    this.peerConnectionDelegate = {
      onconnectionstatechange: () => this.hooks?.state(this.peerConnection?.connectionState ?? "closed"),
      onicecandidate: (/** @type {RTCPeerConnectionIceEvent} */ { candidate }) => sawCandidate(candidate, relay),
      ontrack: (/** @type {RTCTrackEvent} */ event) => this.#received(event),
    };
  }

  /** Whoever wants another one meanwhile waits until this one is there. */
  openFirst() {
    const wasEarly = isOpenEarly();
    const opening = this.openMicrophone();
    this.#changing = opening.then(harmless, harmless); // the call hears of either by its hooks
    // A device may have another id in every page, and it was opened before Python found it by its name.
    if (wasEarly) opening.then(() => this.useMicrophone()).catch(harmless); // microphone_failed has been told
    return opening;
  }

  /** The microphone as a stream; a call that ended while the user was being asked leaves nothing open. */
  async openMicrophone() {
    /** @type {MediaStream} */
    let stream;
    try {
      this.#asked = wantedMicrophone();
      stream = this.#lent() ?? (await (takeEarly() ?? openMicrophone()));
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error();
      this.hooks?.microphoneFailed(name, message);
      throw error;
    }
    // Not the wanted one, which was not there or was not yet known: it is worth another try when it is wanted again.
    if (stream.getAudioTracks()[0]?.getSettings().deviceId !== this.#asked) this.#asked = "";
    for (const track of stream.getTracks()) {
      // Unplugged, or the permission taken back. Our own stop() is no such event.
      const ended = () => this.#sends(track) && this.hooks?.microphoneEnded();
      track.addEventListener("ended", ended, { signal: this.#open.signal });
    }
    if (this.peerConnection) return stream;
    stream.getTracks().forEach((track) => track.stop());
    throw new Error("The call is over.");
  }

  /** @param {MediaStreamTrack} track */
  #sends(track) {
    return this.peerConnection?.getSenders().some((sender) => sender.track === track) ?? false;
  }

  /** Open whatever microphone there is now in the place of one that has stopped. */
  reopenMicrophone() {
    return this.#change(() => true);
  }

  /** Go on with the wanted microphone. A call that has none yet opens the wanted one anyway. */
  useMicrophone() {
    const differs = () => this.#asked !== null && this.#asked !== wantedMicrophone();
    return this.#change(differs);
  }

  /** One after the other: two that are opened at once would replace each other in any order. @param {() => boolean} isNeeded */
  #change(isNeeded) {
    const change = async () => {
      if (!this.peerConnection || !isNeeded()) return;
      await this.setLocalMediaStream(await this.openMicrophone());
      this.hooks?.microphoneReady();
    };
    this.#changing = this.#changing.then(change, change);
    return this.#changing;
  }

  /** @override */
  close() {
    super.close();
    this.#open.abort();
    this.hooks = null;
  }

  /** For what is gathered from now on: TURN credentials may be newer than the call. @param {RTCIceServer[]} iceServers */
  useServers(iceServers) {
    const connection = this.peerConnection;
    connection?.setConfiguration({ ...connection.getConfiguration(), iceServers });
  }

  /** Go on with the microphone of `media`, whose place this takes. @param {CallMedia | null} media */
  borrowMicrophone(media) {
    this.#lender = media;
  }

  /** A clone: the old one is stopped with its own connection. */
  #lent() {
    const senders = this.#lender?.peerConnection?.getSenders() ?? [];
    const track = senders.map((sender) => sender.track).find((each) => each?.readyState === "live");
    this.#lender = null;
    return track ? new MediaStream([track.clone()]) : null;
  }

  /**
   * The one way in which a microphone reaches the connection: it is silent before it does where the call is, and told of
   * every change from here on, also while the connection takes it.
   * @override
   * @param {MediaStream} stream
   */
  async setLocalMediaStream(stream) {
    stream.getTracks().forEach((track) => this.#microphones.add(track));
    this.setMicrophone(this.#microphoneOn);
    try {
      await super.setLocalMediaStream(stream);
      this.peerConnection?.getSenders().forEach((sender) => passSender(sender, this.#open.signal));
      this.#watchPeer();
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw error;
    }
  }

  /**
   * @override
   * @param {string} sdp
   * @param {SessionDescriptionHandlerOptions} [options]
   * @param {SessionDescriptionHandlerModifier[]} [modifiers]
   */
  async setDescription(sdp, options, modifiers) {
    await super.setDescription(sdp, options, modifiers);
    await this.#sendWhereOffered();
  }

  /**
   * The track was added before there was an offer. To one that only sends (a call that is on hold from its beginning)
   * the browser answers with a transceiver of its own and leaves our track in another, which nobody negotiates
   * (RFC 8829 section 5.10): the call would stay silent after the hold.
   */
  async #sendWhereOffered() {
    const transceivers = this.peerConnection?.getTransceivers() ?? [];
    const spare = transceivers.find(({ mid, sender }) => mid === null && sender.track);
    const offered = transceivers.find(({ mid, sender }) => mid !== null && !sender.track);
    if (!spare || !offered) return;
    await offered.sender.replaceTrack(spare.sender.track);
    passSender(offered.sender, this.#open.signal);
    spare.stop();
  }

  /** Off: packets go on, silent. Kept for a microphone that is not open yet. @param {boolean} on */
  setMicrophone(on) {
    this.#microphoneOn = on;
    for (const track of this.#microphones) {
      if (track.readyState === "ended") this.#microphones.delete(track);
      else track.enabled = on;
    }
  }

  /** SIP.js asks for it before each description leaves; not all candidates are waited for. @override */
  waitForIceGatheringComplete() {
    const connection = this.peerConnection;
    return connection ? gathered(connection, this.#patience, relay) : Promise.reject(new Error("The call is over."));
  }

  /** After a refused re-INVITE. SIP.js leaves this out; without it no further offer can be made in the call. */
  async rollbackDescription() {
    const connection = this.peerConnection;
    if (connection?.signalingState === "have-local-offer") {
      const offered = connection.pendingLocalDescription?.sdp ?? "";
      await connection.setLocalDescription({ type: "rollback" });
      if (/^a=(sendonly|inactive)/m.test(offered)) await this.#hearAgain();
    } else if (connection?.signalingState === "have-remote-offer") {
      await connection.setRemoteDescription({ type: "rollback" });
    }
  }

  /**
   * Chromium stops playing with the offer that puts the peer on hold and does not begin again with its rollback: until
   * the next negotiation the agent would hear nothing. So negotiate what there is with ourselves. Never rejects: a
   * rollback that does ends the call.
   */
  async #hearAgain() {
    const connection = this.peerConnection;
    if (!connection) return;
    const remote = connection.currentRemoteDescription?.sdp;
    const hearing = connection.getTransceivers().filter(({ currentDirection }) => currentDirection?.includes("recv"));
    if (!remote || hearing.length === 0) return;
    for (const transceiver of hearing) {
      if (transceiver.currentDirection) transceiver.direction = transceiver.currentDirection;
    }
    // An answer must name the DTLS role an offer leaves open: the one that is not ours.
    const role = /^a=setup:active/m.test(connection.currentLocalDescription?.sdp ?? "") ? "passive" : "active";
    try {
      await connection.setLocalDescription(await connection.createOffer());
      const sdp = remote.replace(/^a=setup:actpass/gm, `a=setup:${role}`);
      await connection.setRemoteDescription({ type: "answer", sdp });
    } catch {
      // Closed, or an offer of the peer came between: that one is a negotiation too.
      if (connection.signalingState === "have-local-offer") {
        await connection.setLocalDescription({ type: "rollback" }).catch(harmless);
      }
    }
  }

  /** @type {RTCRtpTransceiverDirection[]} */
  get directions() {
    return this.peerConnection?.getTransceivers().map((transceiver) => transceiver.direction) ?? [];
  }

  /** Put back directions read before an offer that came to nothing. */
  set directions(directions) {
    this.peerConnection?.getTransceivers().forEach((transceiver, index) => {
      const direction = directions[index];
      if (direction && direction !== "stopped") transceiver.direction = direction;
    });
  }

  /** The RTCDTMFSender, or null while the peer takes no telephone-events. */
  get tones() {
    const dtmf = this.peerConnection?.getSenders().find((sender) => sender.dtmf)?.dtmf;
    return dtmf?.canInsertDTMF ? dtmf : null;
  }

  /** Throws where the peer takes none, or none any more. @param {string} digits */
  insertTones(digits) {
    const dtmf = this.tones;
    if (!dtmf) throw new Error("no telephone-events");
    // insertDTMF replaces what has not been sent yet
    dtmf.insertDTMF(dtmf.toneBuffer + digits, TONE_MS, GAP_MS);
  }

  stats() {
    return statsOf(this.peerConnection);
  }

  /** A page that goes away closes DTLS at once; its silence is noticed only seconds later. */
  #watchPeer() {
    const { peerConnection } = this;
    if (!peerConnection) return;
    const watched = new Set();
    const look = () => {
      for (const { transport } of peerConnection.getSenders()) {
        if (!transport || watched.has(transport)) continue;
        watched.add(transport);
        const changed = () => {
          if (transport.state === "closed" && this.peerConnection) this.hooks?.state("peer_closed");
        };
        transport.addEventListener("statechange", changed, { signal: this.#open.signal });
      }
    };
    peerConnection.addEventListener("signalingstatechange", look, { signal: this.#open.signal });
  }

  /** @param {RTCTrackEvent} event */
  #received(event) {
    watchReceiver(event.receiver, (digit) => this.hooks?.digit(digit), this.#open.signal);
    this.hooks?.stream(this.remoteMediaStream);
  }
}
