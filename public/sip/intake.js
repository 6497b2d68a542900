/**
 * What comes over the WebSocket, on its way to SIP.js: bounded, and a little of it at a time.
 *
 *     socket -> [unread] -> too large? too many of a kind? -> answered here without SIP.js (stateless.js), or dropped
 *                        -> [of our calls], [of strangers] -> SIP.js
 *
 * Nothing waits as long as SIP takes little of the page's time. Else a few milliseconds of work follow each other with
 * the page's turn between them: its parent's messages, clicks, timers.
 *
 * How many of what are let in is policy of the core: embed_app/core/shared.json.
 */
import shared from "../../embed_app/core/shared.json" with { type: "json" };

import { glance } from "./glance.js";
import { acknowledgesStateless, statelessAnswer } from "./stateless.js";

/** @import { Glance } from "./glance.js" */

const { sip_rates, sip_turn_ms, sip_most_waiting, sip_most_unread, sip_longest_waiting, sip_calls_known } = shared;
/** What ends something, or belongs to the end of a transaction. */
const CLOSING = new Set(["ACK", "BYE", "CANCEL", "PRACK"]);
const OFFERS = new Set(["INVITE", "UPDATE"]);
/** Of the time that passes, what SIP may take without a break. */
const SHARE = 0.5;

/** At most `burst` at once and `perSecond` in the long run, for each key of the last ones that were seen. */
class Rate {
  #burst;
  #perSecond;
  /** @type {Map<string, { left: number, at: number }>} */
  #buckets = new Map();

  /** @param {number[]} rate */
  constructor([burst, perSecond]) {
    this.#burst = burst;
    this.#perSecond = perSecond;
  }

  /** Whether one more may come. @param {string} key @param {number} now ms */
  takes(key, now) {
    const { left, at } = this.#buckets.get(key) ?? { left: this.#burst, at: now };
    const filled = Math.min(this.#burst, left + ((now - at) / 1000) * this.#perSecond);
    const taken = filled >= 1;
    remember(this.#buckets, key, { left: taken ? filled - 1 : filled, at: now });
    return taken;
  }
}

/**
 * @template V
 * @param {Map<string, V>} map
 * @param {string} key
 * @param {V} value
 */
function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > sip_calls_known) map.delete(/** @type {string} */ (map.keys().next().value));
}

export class Intake {
  #take;
  #answer;
  #rates = /** @type {Record<keyof typeof sip_rates, Rate>} */ (
    Object.fromEntries(Object.entries(sip_rates).map(([name, rate]) => [name, new Rate(rate)]))
  );
  /**
   * Call-IDs of our calls, of other requests of ours, and of calls that ring here. Apart from each other: a phone that
   * asks OPTIONS every few seconds would forget a call in which nothing is said for an hour.
   */
  #ours = /** @type {Map<string, true>} */ (new Map());
  #asked = /** @type {Map<string, true>} */ (new Map());
  #ringing = /** @type {Map<string, true>} */ (new Map());
  /** Of our calls, and of strangers: what was let in and waits. @type {string[]} */
  #first = [];
  /** @type {string[]} */
  #later = [];
  /** Nobody has looked at them yet. @type {string[]} */
  #unread = [];
  #waiting = 0;
  #pumping = false;
  /** Milliseconds of the page that SIP has taken of late. */
  #spent = 0;
  #seen = 0;
  #channel = new MessageChannel();

  /**
   * @param {(text: string) => void} take gives one message to SIP.js; never throws
   * @param {(text: string) => void} answer sends one
   */
  constructor(take, answer) {
    this.#take = take;
    this.#answer = answer;
    this.#channel.port1.onmessage = () => void this.#turn();
  }

  /** One message has come. @param {string} text */
  put(text) {
    const now = performance.now();
    if (!this.#pumping && this.#isIdle(now)) {
      this.#look(text);
      this.#count(now);
    } else if (this.#unread.length < sip_most_unread && this.#waiting + text.length <= sip_longest_waiting) {
      this.#unread.push(text);
      this.#waiting += text.length;
      this.#goOn();
    }
  }

  /** One message leaves: whose calls are ours. @param {string} text */
  sent(text) {
    const { callId, method, status, ofInvite, inDialog } = glance(text);
    if (method ? ofInvite || inDialog : ofInvite && status >= 200 && status < 300) remember(this.#ours, callId, true);
    else if (method) remember(this.#asked, callId, true);
    else if (ofInvite && status > 100 && status < 200) remember(this.#ringing, callId, true);
  }

  /**
   * The status to refuse it with, 0 to drop it without a word, null to let it in.
   * @param {Glance} message
   * @param {number} now
   */
  #refusal(message, now) {
    const { method, status, callId, caller, inDialog, tooLarge } = message;
    const rates = this.#rates;
    if (tooLarge) return method ? 513 : 0;
    const fresh = method !== "" && !inDialog && !CLOSING.has(method);
    if (!fresh && !this.#isOurs(callId) && !rates.stranger.takes("", now)) return statusOf(message);
    if (!method) {
      const rate = status >= 200 ? rates.final_of_call : rates.provisional_of_call;
      return rate.takes(callId, now) ? null : 0;
    }
    const refusal = statusOf(message);
    if (CLOSING.has(method)) return rates.closing_of_call.takes(callId, now) ? null : refusal;
    if (inDialog) {
      const rate = method === "REFER" ? rates.refer_of_call : OFFERS.has(method) ? rates.offer_of_call : rates.other_of_call;
      return rate.takes(callId, now) ? null : refusal;
    }
    if (method === "INVITE") {
      return rates.invite_of_caller.takes(caller, now) && rates.invite.takes("", now) ? null : refusal;
    }
    return rates.outside.takes("", now) ? null : refusal;
  }

  /** @param {Glance} message @param {number} status @param {number} now */
  #refuse(message, status, now) {
    const answer = status ? statelessAnswer(message, status) : null;
    if (answer !== null && this.#rates.refusal.takes("", now)) this.#answer(answer);
  }

  /** @param {number} now */
  #isIdle(now) {
    this.#spent = Math.max(0, this.#spent - (now - this.#seen) * SHARE);
    this.#seen = now;
    return this.#spent < sip_turn_ms;
  }

  /** What was done since `began` took so long. @param {number} began */
  #count(began) {
    // The listener hears of it in a microtask (events.js), which is before this one.
    queueMicrotask(() => {
      this.#spent += performance.now() - began;
    });
  }

  /** Refuse it, give it to SIP.js, or let it wait. @param {string} text */
  #look(text) {
    const now = performance.now();
    const message = glance(text);
    if (acknowledgesStateless(message)) return;
    const refusal = this.#refusal(message, now);
    if (refusal !== null) this.#refuse(message, refusal, now);
    else if (!this.#pumping) this.#take(text);
    else if (!this.#wait(text, message)) this.#refuse(message, statusOf(message), now);
  }

  /** @param {string} callId */
  #isOurs(callId) {
    return this.#ours.has(callId) || this.#ringing.has(callId) || this.#asked.has(callId);
  }

  /** False when too much waits already. @param {string} text @param {Glance} message */
  #wait(text, { callId }) {
    const queue = this.#isOurs(callId) ? this.#first : this.#later;
    if (queue.length >= sip_most_waiting) return false;
    queue.push(text);
    this.#waiting += text.length;
    return true;
  }

  #goOn() {
    if (!this.#pumping) this.#channel.port2.postMessage(null);
    this.#pumping = true;
  }

  /** Some milliseconds of work. Calls of ours first, and no stranger before all have been looked at. */
  async #turn() {
    const end = performance.now() + sip_turn_ms;
    do {
      const queue = [this.#first, this.#unread, this.#later].find(({ length }) => length > 0);
      const text = queue?.shift();
      if (text === undefined) {
        this.#pumping = false;
        return;
      }
      this.#waiting -= text.length;
      if (queue === this.#unread) {
        this.#look(text);
      } else {
        this.#take(text);
        await null; // what the listener does with it counts as well
      }
    } while (performance.now() < end);
    this.#channel.port2.postMessage(null);
  }
}

/**
 * What hears a message that is one too many; 0: nothing. Of what ends something only that there is no such call: all
 * else would be a lie.
 * @param {Glance} message
 */
function statusOf({ method, inDialog }) {
  if (!method || method === "ACK") return 0;
  if (CLOSING.has(method)) return 481;
  if (method === "INVITE" && !inDialog) return 486;
  return method === "REFER" ? 603 : 503;
}
