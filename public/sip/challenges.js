/**
 * Which 401 and 407 are answered (RFC 3261 section 22): only those of a rule that the phone gave. Everybody whom a request
 * reaches can ask for credentials, a callee too, and credentials are enough to guess the password by.
 *
 * @import { Core } from "sip.js"
 * @import { AnswerRule, RefusalCause } from "./interface.js"
 * @import { Challenge } from "./digest.js"
 *
 * @typedef {{ why: RefusalCause, realm: string }} Refusal
 * @typedef {{ realm: string, algorithm: string }} Asked
 */
import { emit } from "./events.js";
import { algorithmOf, asksForAuth, challengesOf, credentialsFor } from "./digest.js";
import { hasEarlyDialog, overrideAuthentication } from "./inside.js";

const KEPT = "Kept-";
const CHALLENGE = /^(WWW|Proxy)-Authenticate(?=[ \t]*:)/gim;
/** @type {Record<number, [string, string]>} */
const HEADERS = {
  401: [`${KEPT}WWW-Authenticate`, "Authorization"],
  407: [`${KEPT}Proxy-Authenticate`, "Proxy-Authorization"],
};
const MOST_CHALLENGES = 10;
const MOST_NONCES = 100;

/** How often a nonce was used; the oldest first. @type {Map<string, number>} */
const uses = new Map();
/** What a request was repeated with, and whether that was for a stale nonce. @type {WeakMap<Core.OutgoingRequestMessage, { challenge: Challenge, again: boolean }>} */
const answered = new WeakMap();
/** @type {WeakMap<Core.IncomingResponseMessage, Refusal>} */
const refusals = new WeakMap();

/**
 * A message whose challenges SIP.js leaves alone: it keeps one of several, and drops a message with one that it cannot
 * read, so that an INVITE would not even get its ACK.
 * @param {string} message
 */
export function withOwnChallenges(message) {
  const end = message.search(/\r?\n\r?\n/);
  const head = end < 0 ? message : message.slice(0, end);
  return head.replace(CHALLENGE, `${KEPT}$&`) + message.slice(head.length);
}

/** Why the challenge of this response was not answered. @param {Core.IncomingResponseMessage} response @returns {Refusal} */
export const refusalOf = (response) => refusals.get(response) ?? { why: "", realm: "" };

/** Of the challenge that this request answered. @param {Core.OutgoingRequestMessage} request @returns {Asked} */
export function answeredBy(request) {
  const challenge = answered.get(request)?.challenge;
  return challenge ? { realm: challenge.realm, algorithm: algorithmOf(challenge) } : { realm: "", algorithm: "" };
}

/** This request begins anew. @param {Core.OutgoingRequestMessage} request */
export function forgetChallenge(request) {
  answered.delete(request);
}

/**
 * Take SIP.js's place at every challenge.
 * @param {() => { authUsername: string, authPassword: string, answers: AnswerRule[] }} settings
 */
export function takeChallenges(settings) {
  overrideAuthentication((client, response) => {
    const [asks, header] = HEADERS[response.statusCode ?? 0] ?? [];
    if (!asks) return null;
    const { message } = client;
    const challenges = response.getHeaders(asks).slice(0, MOST_CHALLENGES).flatMap(challengesOf);
    const { authUsername: username, authPassword: password, answers: rules } = settings();
    const chosen = choose(rules, message, challenges, hasEarlyDialog(client));
    if ("why" in chosen) {
      refuse(message, response, chosen);
      return null;
    }
    const { challenge } = chosen;
    const before = answered.get(message);
    // Asked once more, it is a wrong password, unless only the nonce was too old (RFC 7616 section 3.3); and that but once.
    const isStale = challenge.stale?.toLowerCase() === "true" && challenge.realm === before?.challenge.realm;
    if (before && (before.again || !isStale)) return null;
    answered.set(message, { challenge, again: before !== undefined });
    const uri = message.ruri.toString();
    const parts = { method: message.method, uri, username, password, nc: count(challenge.nonce), cnonce: crypto.randomUUID() };
    return { name: header, value: credentialsFor(challenge, parts) };
  });
}

/** @param {string} nonce */
function count(nonce) {
  const times = (uses.get(nonce) ?? 0) + 1;
  uses.delete(nonce);
  uses.set(nonce, times);
  const [oldest] = uses.keys();
  if (uses.size > MOST_NONCES) uses.delete(oldest);
  return times.toString(16).padStart(8, "0");
}

/**
 * The challenge to answer, the strongest; or why there is none.
 * @param {AnswerRule[]} rules
 * @param {Core.OutgoingRequestMessage} request
 * @param {Challenge[]} challenges
 * @param {boolean} rings the far end has answered already: what passed the INVITE on would have asked before
 * @returns {{ challenge: Challenge } | Refusal}
 */
function choose(rules, { method, toTag }, challenges, rings) {
  const readable = challenges.filter(({ realm, nonce }) => realm && nonce);
  const realm = readable[0]?.realm ?? "";
  if (!readable.length) return { why: "malformed", realm };
  const fitting = rules.filter((rule) => rule.methods.includes(method) && rule.in_dialog === Boolean(toTag));
  if (!fitting.length || rings) return { why: "request", realm };
  const ours = fitting.flatMap((rule) =>
    readable
      .filter((challenge) => rule.realms.some((each) => each.toLowerCase() === challenge.realm.toLowerCase()))
      .map((challenge) => ({ challenge, rank: rule.algorithms.indexOf(algorithmOf(challenge)) })),
  );
  if (!ours.length) return { why: "realm", realm };
  const known = ours.filter(({ rank }) => rank >= 0).sort((one, other) => one.rank - other.rank);
  if (!known.length) return { why: "algorithm", realm: ours[0].challenge.realm };
  const good = known.find(({ challenge }) => asksForAuth(challenge));
  return good ? { challenge: good.challenge } : { why: "qop", realm: known[0].challenge.realm };
}

/**
 * @param {Core.OutgoingRequestMessage} request
 * @param {Core.IncomingResponseMessage} response
 * @param {Refusal} refusal
 */
function refuse({ method, callId }, response, { why, realm }) {
  refusals.set(response, { why, realm });
  if (method !== "REGISTER") emit({ type: "challenge_refused", method, sip_call_id: callId, why, realm });
}
