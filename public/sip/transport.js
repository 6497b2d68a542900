import { EmitterImpl, TransportState } from "sip.js";

import shared from "../../embed_app/core/shared.json" with { type: "json" };

import { withReadableAddresses } from "./addresses.js";
import { withOwnChallenges } from "./challenges.js";
import { kindOf } from "./events.js";
import { Intake } from "./intake.js";
import { withoutControls } from "./messages.js";

/** Of a message in bytes: what is beyond is not even decoded, and told to be too large. */
const MOST_DECODED = 4 * shared.sip_longest_message;
/** Bytes that a far end has not read yet, beyond which no flood of it is answered. */
const MOST_BUFFERED = 1_000_000;
const CRLF_ONLY = /^[\r\n]*$/;

/** What `new WebSocket` throws for a URL that it will never open: no URL, or one that this page may not open. */
const NO_URL = ["SyntaxError", "SecurityError"];

/**
 * @import { Transport } from "sip.js"
 * @typedef {object} TransportHooks
 * @property {() => void} up
 * @property {(reason: string) => void} down once per loss or failed attempt
 * @property {() => void} refused the browser will never open this server
 * @property {() => number} openMs a server that neither opens nor refuses the socket is given up after it
 * @property {(crlf: boolean) => void} pong for the first data after a ping(); crlf: it was nothing but the answer to it
 */

/**
 * SIP over one WebSocket at a time (RFC 7118), behind SIP.js's Transport interface.
 *
 * SIP.js's own transport is not used because it cannot change its server, hides the close code and keeps a half-open
 * socket in "Disconnecting" until the browser gives up on it. This object outlives its sockets: transactions and
 * dialogs hold on to it, so requests of running calls go out over whichever socket is open now.
 *
 * @implements {Transport}
 */
export class WebSocketTransport {
  server = "";
  /** @type {(() => void) | undefined} */
  onConnect = undefined;
  /** @type {((error?: Error) => void) | undefined} */
  onDisconnect = undefined;
  /** @type {((message: string) => void) | undefined} */
  onMessage = undefined;
  /** @type {EmitterImpl<TransportState>} */
  stateChange = new EmitterImpl();
  #state = TransportState.Disconnected;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #opening = undefined;
  #pinged = false;
  #intake = new Intake(
    (text) => this.#read(text),
    (text) => this.#answer(text),
  );
  #hooks;

  /**
   * @param {unknown} _logger
   * @param {TransportHooks} hooks
   */
  constructor(_logger, hooks) {
    this.#hooks = hooks;
  }

  get state() {
    return this.#state;
  }

  /** The protocol of the Via header (RFC 7118 section 5.2). */
  get protocol() {
    return this.server.toLowerCase().startsWith("ws:") ? "WS" : "WSS";
  }

  isConnected() {
    return this.#state === TransportState.Connected;
  }

  /** Open `server`. The outcome is told by the hooks, never by the promise. */
  connect() {
    if (this.#socket) {
      if (this.isConnected()) this.#hooks.up();
      return Promise.resolve();
    }
    this.#enter(TransportState.Connecting);
    try {
      this.#socket = this.#open(this.server);
      this.#opening = setTimeout(() => this.#close("timeout"), this.#hooks.openMs());
    } catch (error) {
      const kind = kindOf(error);
      if (!NO_URL.includes(kind)) {
        this.#lost(`error ${kind}`);
        return Promise.resolve();
      }
      this.#enter(TransportState.Disconnected);
      this.#hooks.refused();
    }
    return Promise.resolve();
  }

  /** Close on purpose: `down("closed")` at once, also when the other side is dead. */
  disconnect() {
    if (this.#socket) this.#close("closed");
    return Promise.resolve();
  }

  dispose() {
    return this.disconnect();
  }

  /** @param {string} message */
  send(message) {
    if (!this.#socket || !this.isConnected()) return Promise.reject(new Error("Not connected."));
    this.#intake.sent(message);
    try {
      this.#socket.send(message);
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.resolve();
  }

  /** One CRLF CRLF keep-alive (RFC 5626 section 3.5.1). */
  ping() {
    if (!this.#socket || !this.isConnected()) return;
    this.#pinged = true;
    this.#socket.send("\r\n\r\n");
  }

  /** A request was sent instead, for a server that does not answer ping(): the next data is the pong. */
  awaitPong() {
    this.#pinged = this.isConnected();
  }

  /** @param {string} url */
  #open(url) {
    // The head of the page may have opened it while Python was loaded (public/fast-start/head.js).
    const socket = globalThis.zorioBoot?.takeSocket?.(url) ?? new WebSocket(url, "sip");
    socket.binaryType = "arraybuffer";
    const isCurrent = () => socket === this.#socket;
    const opened = () => isCurrent() && this.#opened();
    if (socket.readyState === WebSocket.OPEN) queueMicrotask(opened);
    else socket.addEventListener("open", opened);
    socket.addEventListener("close", (event) => isCurrent() && this.#lost(`code ${event.code}`));
    socket.addEventListener("message", (event) => isCurrent() && this.#received(event.data));
    return socket;
  }

  #opened() {
    clearTimeout(this.#opening);
    this.#enter(TransportState.Connected);
    this.onConnect?.();
    this.#hooks.up();
  }

  /** @param {string | ArrayBuffer} data */
  #received(data) {
    const text = typeof data === "string" ? data : new TextDecoder().decode(data.slice(0, MOST_DECODED + 1));
    if (this.#pinged) {
      this.#pinged = false;
      this.#hooks.pong(CRLF_ONLY.test(text));
    }
    if (!CRLF_ONLY.test(text)) this.#intake.put(text);
  }

  /** @param {string} text */
  #read(text) {
    try {
      this.onMessage?.(withReadableAddresses(withOwnChallenges(withoutControls(text))));
    } catch {
      // SIP.js throws on some malformed messages; such a message is dropped, not the phone. What it calls of ours while
      // it reads one tells its own faults (`heard`).
    }
  }

  /** What the intake says by itself. @param {string} text */
  #answer(text) {
    if (this.#socket && this.isConnected() && this.#socket.bufferedAmount < MOST_BUFFERED) this.#socket.send(text);
  }

  /** @param {string} reason */
  #close(reason) {
    const socket = this.#socket;
    this.#lost(reason);
    socket?.close(1000);
  }

  /** @param {string} reason */
  #lost(reason) {
    clearTimeout(this.#opening);
    const wasConnected = this.isConnected();
    this.#socket = null;
    this.#pinged = false;
    this.#enter(TransportState.Disconnected);
    if (wasConnected) this.onDisconnect?.();
    this.#hooks.down(reason);
  }

  /** @param {TransportState} state */
  #enter(state) {
    this.#state = state;
    this.stateChange.emit(state);
  }
}
