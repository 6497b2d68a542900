/* The one part a real CRM needs too: a token from its own backend, the iframe, and messages both ways. */

const SOURCE = "zorio-webphone";
const TOKEN_PATIENCE_MS = 15000;
const RENEW_AGAIN_MS = 10000;

/**
 * @import { CallObject, CommandPayloads, Contact } from "../../docs/zorio-webphone.js"
 *
 * @typedef {{ user: string, lang: string, theme: string, layout: string }} Settings
 * @typedef {keyof CommandPayloads} CommandType
 * @typedef {{ number?: string, digits?: string, target?: string, token?: string, call_uuid?: string }} CommandPayload
 *
 * What this page reads of the payloads of events, all of them together.
 * @typedef {object} EventPayload
 * @property {CallObject} [call]
 * @property {Contact} [contact]
 * @property {string} [reason]
 * @property {number} [billsec]
 * @property {string} [digit]
 * @property {string} [number]
 * @property {string} [code]
 * @property {string} [message]
 * @property {boolean} [fatal]
 * @property {number} [width]
 * @property {number} [height]
 */

/** `code`: "unreachable", "unknown_user", "busy" or "status" (then `status` is the HTTP status). */
export class TokenError extends Error {
  /** @param {string} code @param {number} status */
  constructor(code, status = 0) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

/** Asks the CRM's own backend, which alone knows the user's bearer. Throws TokenError. @param {string} user @returns {Promise<string>} */
async function fetchToken(user) {
  let answer;
  try {
    answer = await fetch(`/demo/embed-token?${new URLSearchParams({ user })}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(TOKEN_PATIENCE_MS),
    });
  } catch {
    throw new TokenError("unreachable");
  }
  if (answer.status === 404) throw new TokenError("unknown_user", 404);
  if (answer.status === 429) throw new TokenError("busy", 429);
  if (!answer.ok) throw new TokenError("status", answer.status);
  try {
    return (await answer.json()).token;
  } catch {
    throw new TokenError("unreachable");
  }
}

export class Phone {
  /**
   * `onEvent(type, payload)` gets every message, `onSent(type, payload)` ours.
   * @param {HTMLIFrameElement} frame
   * @param {Settings} settings
   * @param {{ onEvent: (type: string, payload: EventPayload) => void,
   *           onSent: (type: CommandType, payload: CommandPayload) => void }} listeners
   */
  constructor(frame, settings, { onEvent, onSent }) {
    this.frame = frame;
    this.settings = settings;
    // The demo's phone is on the other name of this machine, so that parent and frame are two origins.
    this.origin = `${location.protocol}//localhost${location.port && `:${location.port}`}`;
    this.onEvent = onEvent;
    this.onSent = onSent;
    this.renewing = false;
    addEventListener("message", (event) => this.receive(event));
  }

  /** Throws TokenError. */
  async open() {
    const token = await fetchToken(this.settings.user);
    const { lang, theme, layout } = this.settings;
    const query = new URLSearchParams({ token, layout, theme, locale: lang, auto_register: "1" });
    this.frame.src = `${this.origin}/webphone-embed?${query}`;
  }

  /** @param {MessageEvent} event */
  receive(event) {
    if (event.origin !== this.origin || event.source !== this.frame.contentWindow) return;
    if (event.data?.source !== SOURCE || typeof event.data.type !== "string") return;
    const { type, payload = {} } = event.data;
    this.onEvent(type, payload);
    if (type === "resize") this.resize(payload);
    const stale = type === "error" && ["token_expired", "token_rejected"].includes(payload.code ?? "");
    if (type === "token_expiring" || stale) this.renew();
  }

  /** What an overlay would like to be, in CSS pixels: a button or a phone. @param {EventPayload} payload */
  resize({ width, height }) {
    this.frame.style.width = `${width}px`;
    this.frame.style.height = `${height}px`;
  }

  /** @param {CommandType} type @param {CommandPayload} payload */
  send(type, payload = {}) {
    this.onSent(type, payload);
    this.frame.contentWindow?.postMessage({ source: SOURCE, type, payload }, this.origin);
  }

  /** Throws TokenError. */
  async refreshToken() {
    this.send("refresh_token", { token: await fetchToken(this.settings.user) });
  }

  /** One renewal at a time, and again until the backend answers: a phone must not be lost to a short outage. */
  async renew() {
    if (this.renewing) return;
    this.renewing = true;
    try {
      await this.refreshToken();
      setTimeout(() => (this.renewing = false), RENEW_AGAIN_MS);
    } catch {
      setTimeout(() => {
        this.renewing = false;
        this.renew();
      }, RENEW_AGAIN_MS);
    }
  }
}
