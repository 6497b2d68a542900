import { SessionDescriptionHandler } from "sip.js/lib/platform/web/index.js";

import { canReadRtp, passSender, watchReceiver } from "./received-dtmf.js";

const TONE_MS = 100;
const GAP_MS = 70;

/** Without ICE servers a host candidate is all there will be; with them, wait for one that crosses the NAT. */
const HOST_CANDIDATE = /^a=candidate:\S+ \d+ udp .* typ host/im;
const SERVER_CANDIDATE = /^a=candidate:.* typ (srflx|relay)/im;

/**
 * The microphone, the peer connection and the offers and answers of one call.
 *
 * `settings`: `{iceServers, iceCapMs}`. The owner sets `hooks` right after construction:
 * `microphoneFailed(name, message)`, `stream(mediaStream)`, `state(connectionState)`, `digit(digit)`.
 */
export class CallMedia extends SessionDescriptionHandler {
  hooks = null;
  #microphoneOn = true;
  #wanted;
  #capMs;

  constructor(logger, settings) {
    super(logger, (_constraints, media) => media.openMicrophone(), {
      peerConnectionConfiguration: {
        // max-bundle breaks peers that answer without BUNDLE
        bundlePolicy: "balanced",
        iceServers: settings.iceServers,
        ...(canReadRtp && { encodedInsertableStreams: true }),
      },
    });
    this.#wanted = settings.iceServers.length > 0 ? SERVER_CANDIDATE : HOST_CANDIDATE;
    this.#capMs = settings.iceCapMs;
    this.peerConnectionDelegate = {
      onconnectionstatechange: () => this.hooks?.state(this.peerConnection?.connectionState ?? "closed"),
      ontrack: (event) => this.#received(event),
    };
  }

  /** The microphone as a stream; a call that ended while the user was being asked leaves nothing open. */
  async openMicrophone() {
    let stream;
    try {
      if (!navigator.mediaDevices) throw new DOMException("No microphone access here.", "NotSupportedError");
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      this.hooks?.microphoneFailed(error.name, error.message);
      throw error;
    }
    stream.getTracks().forEach((track) => (track.enabled = this.#microphoneOn));
    if (this.peerConnection) return stream;
    stream.getTracks().forEach((track) => track.stop());
    throw new Error("The call is over.");
  }

  async setLocalMediaStream(stream) {
    try {
      await super.setLocalMediaStream(stream);
      this.peerConnection.getSenders().forEach(passSender);
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw error;
    }
  }

  /** Off: packets go on, silent. Kept for a microphone that is not open yet. */
  setMicrophone(on) {
    this.#microphoneOn = on;
    for (const sender of this.peerConnection?.getSenders() ?? []) {
      if (sender.track) sender.track.enabled = on;
    }
  }

  /** Resolves with the first candidate that is good enough, else after the cap: late ones reach the peer by its checks. */
  waitForIceGatheringComplete() {
    const connection = this.peerConnection;
    if (!connection) return Promise.reject(new Error("The call is over."));
    return new Promise((resolve) => {
      const events = ["icecandidate", "icegatheringstatechange"];
      const done = () => {
        clearTimeout(cap);
        events.forEach((name) => connection.removeEventListener(name, look));
        resolve();
      };
      const look = () => {
        const sdp = connection.localDescription?.sdp ?? "";
        const complete = connection.iceGatheringState === "complete" && sdp.includes("a=candidate:");
        if (complete || this.#wanted.test(sdp)) done();
      };
      const cap = setTimeout(done, this.#capMs);
      events.forEach((name) => connection.addEventListener(name, look));
      look();
    });
  }

  /** After a refused re-INVITE. SIP.js leaves this out; without it no further offer can be made in the call. */
  async rollbackDescription() {
    const connection = this.peerConnection;
    if (connection?.signalingState === "have-local-offer") {
      await connection.setLocalDescription({ type: "rollback" });
    } else if (connection?.signalingState === "have-remote-offer") {
      await connection.setRemoteDescription({ type: "rollback" });
    }
  }

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

  insertTones(digits) {
    // insertDTMF replaces what has not been sent yet
    const dtmf = this.tones;
    dtmf?.insertDTMF(dtmf.toneBuffer + digits, TONE_MS, GAP_MS);
  }

  /** What zorioSip.stats() answers; energy as in W3C webrtc-stats (unitless), null where the browser does not know. */
  async stats() {
    const stats = {
      packets_received: 0,
      packets_sent: 0,
      audio_energy_received: 0,
      audio_level: null,
      connection_state: this.peerConnection?.connectionState ?? "closed",
      round_trip_ms: null,
    };
    const report = await this.peerConnection?.getStats();
    let measuredByRtcp = false;
    report?.forEach((entry) => {
      if (entry.type === "inbound-rtp" && entry.kind === "audio") {
        stats.packets_received += entry.packetsReceived ?? 0;
        stats.audio_energy_received += entry.totalAudioEnergy ?? 0;
        stats.audio_level = entry.audioLevel ?? stats.audio_level;
      } else if (entry.type === "outbound-rtp" && entry.kind === "audio") {
        stats.packets_sent += entry.packetsSent ?? 0;
      } else if (entry.type === "remote-inbound-rtp" && entry.roundTripTimeMeasurements > 0) {
        measuredByRtcp = true;
        stats.round_trip_ms = entry.roundTripTime * 1000;
      } else if (entry.type === "candidate-pair" && entry.nominated && entry.currentRoundTripTime !== undefined) {
        if (!measuredByRtcp) stats.round_trip_ms = entry.currentRoundTripTime * 1000;
      }
    });
    return stats;
  }

  #received(event) {
    watchReceiver(event.receiver, (digit) => this.hooks?.digit(digit));
    this.hooks?.stream(this.remoteMediaStream);
  }
}
