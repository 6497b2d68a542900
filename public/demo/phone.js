/* The one part a real CRM needs too: a token from its own backend, the iframe, and messages both ways. */

const SOURCE = "zorio-webphone";
const TOKEN_PATIENCE_MS = 15000;
const RENEW_AGAIN_MS = 10000;

/** `code`: "unreachable", "unknown_user", "busy" or "status" (then `status` is the HTTP status). */
export class TokenError extends Error {
  constructor(code, status = 0) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

/** Asks the CRM's own backend, which alone knows the user's bearer. Throws TokenError. */
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
  /** `settings`: {user, lang, theme, layout}. `onEvent(type, payload)` gets every message, `onSent(type, payload)` ours. */
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

  receive(event) {
    if (event.origin !== this.origin || event.source !== this.frame.contentWindow) return;
    if (event.data?.source !== SOURCE || typeof event.data.type !== "string") return;
    const { type, payload = {} } = event.data;
    this.onEvent(type, payload);
    if (type === "resize") this.resize(payload);
    const stale = type === "error" && ["token_expired", "token_rejected"].includes(payload.code);
    if (type === "token_expiring" || stale) this.renew();
  }

  /** What an overlay would like to be, in CSS pixels: a button or a phone. */
  resize({ width, height }) {
    this.frame.style.width = `${width}px`;
    this.frame.style.height = `${height}px`;
  }

  send(type, payload = {}) {
    this.onSent(type, payload);
    this.frame.contentWindow.postMessage({ source: SOURCE, type, payload }, this.origin);
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
