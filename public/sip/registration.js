import { RegistererState } from "sip.js";

import { harmless } from "./attempt.js";
import { answeredBy, forgetChallenge, refusalOf } from "./challenges.js";
import { emit } from "./events.js";
import { OpenRegisterer } from "./inside.js";
import { finalStatus } from "./messages.js";

/** Of what a registrar grants: outside of it SIP.js would refresh in a tight loop. */
const SHORTEST_S = 10;
const LONGEST_S = 86_400;

/**
 * @import { Core, RegistererOptions, UserAgent } from "sip.js"
 * @import { Refusal } from "./challenges.js"
 * @import { FinalStatus } from "./messages.js"
 */

/**
 * A Registerer that reports the outcome of every REGISTER, also of those its own refresh timer sends.
 *
 * It overrides three methods SIP.js calls on itself: `register`, `registered` and `unregistered`.
 */
class ReportingRegisterer extends OpenRegisterer {
  #retired = false;
  #awaiting = false;
  #granted = 0;
  #settled;

  /**
   * @param {UserAgent} userAgent
   * @param {RegistererOptions} options
   * @param {() => void} settled
   */
  constructor(userAgent, options, settled) {
    super(userAgent, options);
    this.#settled = settled;
    // Answers SIP.js finds unusable (a 200 without our Contact) reach no delegate. They are noticed by what it does
    // after: it says Unregistered, or stops waiting and (unlike after a 423) does not ask again.
    const unusable = () => this.#failed({ status: 0, phrase: "Unusable answer" });
    this.stateChange.addListener((state) => {
      if (state === RegistererState.Unregistered) queueMicrotask(unusable);
    });
    this.waitingChange.addListener(() => queueMicrotask(() => this.waiting || unusable()));
  }

  /** @override */
  register() {
    this.#awaiting = true;
    this.#forgetCredentials();
    const failed = (/** @type {Core.IncomingResponse} */ { message }) => this.#failed(finalStatus(message), refusalOf(message));
    const requestDelegate = { onAccept: () => this.#accepted(), onReject: failed, onRedirect: failed };
    return super.register({ requestDelegate });
  }

  /** Remove the binding; `done()` is called with whatever answer comes. @param {() => void} done */
  leave(done) {
    this.#awaiting = false;
    this.#forgetCredentials();
    return super.unregister({ requestDelegate: { onAccept: done, onReject: done, onRedirect: done } });
  }

  /** Stop for good, without a word on the wire: dispose() would send an unregister first. */
  retire() {
    this.#retired = true;
    if (this.state !== RegistererState.Terminated) this.terminated();
  }

  /** @override @param {number} expires */
  registered(expires) {
    if (this.#retired) return;
    // A Contact without expires gives NaN here, a huge one overflows setTimeout: both would refresh in a tight loop.
    const seconds = Number.isFinite(expires) ? expires : this.expires;
    this.#granted = Math.min(Math.max(seconds, SHORTEST_S), LONGEST_S);
    super.registered(this.#granted);
  }

  /** @override */
  unregistered() {
    if (!this.#retired) super.unregistered();
  }

  /**
   * SIP.js sends the same message object again with the Authorization of last time: a replay, and with replaced or
   * time-limited credentials a 403 where a challenge would have made it use the new ones.
   */
  #forgetCredentials() {
    delete this.request.headers["Authorization"];
    delete this.request.headers["Proxy-Authorization"];
    forgetChallenge(this.request);
  }

  #accepted() {
    if (this.#retired) return;
    this.#awaiting = false;
    emit({ type: "registered", expires: this.#granted, ...answeredBy(this.request) });
    this.#settled();
  }

  /** @param {FinalStatus} outcome @param {Refusal} [refusal] */
  #failed({ status, phrase }, refusal = { why: "", realm: "" }) {
    if (this.#retired || !this.#awaiting) return;
    this.#awaiting = false;
    emit({ type: "register_failed", status, phrase, ...refusal });
    this.#settled();
  }
}

/** The binding of one user agent at its registrar (RFC 3261 section 10, RFC 5626 instance id). */
export class Registration {
  #userAgent;
  #settings;
  #settled;
  /** @type {ReportingRegisterer | null} */
  #registerer = null;
  #leaving = false;

  /**
   * @param {UserAgent} userAgent
   * @param {() => { instanceId: string, registerExpires: number, refreshPercent: number }} settings the current ones
   * @param {() => void} settled called after every answer to a REGISTER, and where none came
   */
  constructor(userAgent, settings, settled) {
    this.#settled = settled;
    this.#userAgent = userAgent;
    this.#settings = settings;
  }

  /** Send a REGISTER now; it is refreshed until unregister() or abandon(). */
  register() {
    this.#usable().register().catch(harmless); // rejects only while an answer is awaited, which will be told
  }

  unregister() {
    if (!this.#userAgent.isConnected()) {
      this.abandon();
      emit({ type: "unregistered" });
      return;
    }
    const registerer = this.#usable();
    this.#leaving = true;
    registerer.leave(() => this.#left(registerer)).catch(() => this.#left(registerer));
  }

  /**
   * The transport is gone. The Registerer still says Registered, may wait 32 s for an answer that cannot come and would
   * refresh into the void: the next register() starts with a new one.
   */
  abandon() {
    this.#registerer?.retire();
    this.#registerer = null;
    if (!this.#leaving) return;
    this.#leaving = false;
    emit({ type: "unregistered" });
  }

  /** @param {ReportingRegisterer} registerer */
  #left(registerer) {
    if (registerer === this.#registerer) this.abandon();
  }

  #usable() {
    if (this.#registerer && !this.#registerer.waiting) return this.#registerer;
    this.abandon();
    const { instanceId, registerExpires, refreshPercent } = this.#settings();
    this.#registerer = new ReportingRegisterer(this.#userAgent, {
      expires: registerExpires,
      instanceId,
      logConfiguration: false,
      refreshFrequency: refreshPercent,
    }, this.#settled);
    return this.#registerer;
  }
}
