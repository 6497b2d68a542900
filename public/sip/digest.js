/**
 * Digest authentication as text (RFC 7616, with the algorithms of RFC 8760): challenges read, credentials made. SIP.js's
 * own knows only MD5, answers whoever asks, and takes the last challenge for the only one.
 */
import { md5 } from "@noble/hashes/legacy.js";
import { sha256, sha512_256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * @typedef {Record<string, string>} Challenge its parameters, names in lower case, without quotes
 *
 * @typedef {object} Request what is signed
 * @property {string} method
 * @property {string} uri the Request-URI as it is sent
 * @property {string} username
 * @property {string} password
 * @property {string} nc eight hexadecimal digits: how often this nonce was used
 * @property {string} cnonce
 */

/** @type {Map<string, (data: Uint8Array) => Uint8Array>} */
const HASHES = new Map([
  ["SHA-512-256", sha512_256],
  ["SHA-256", sha256],
  ["MD5", md5],
]);
const LONGEST = 4096;
const SCHEME = /[\s,]*([\w!#$%&'*+.^`|~-]+)[ \t]+(?=[\w!#$%&'*+.^`|~-]+[ \t]*=)/y;
const PARAMETER = /[\s,]*([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;

/**
 * The Digest challenges of one header value. One that cannot be read, or says something twice, is left out.
 * @param {string} value
 */
export function challengesOf(value) {
  /** @type {Challenge[]} */
  const found = [];
  if (value.length > LONGEST) return found;
  let at = 0;
  while (at < value.length) {
    const scheme = next(SCHEME, value, at);
    if (!scheme) return found;
    at = SCHEME.lastIndex;
    /** @type {Challenge} */
    const challenge = {};
    let twice = false;
    while (!next(SCHEME, value, at)) {
      const part = next(PARAMETER, value, at);
      if (!part) break;
      at = PARAMETER.lastIndex;
      const name = part[1].toLowerCase();
      twice ||= Object.hasOwn(challenge, name);
      challenge[name] = part[2]?.replace(/\\(.)/gs, "$1") ?? part[3];
    }
    const whole = /^[\s,]*$/.test(value.slice(at)) || next(SCHEME, value, at) !== null;
    if (!whole) return found;
    if (scheme[1].toLowerCase() === "digest" && !twice) found.push(challenge);
  }
  return found;
}

/** @param {RegExp} pattern sticky @param {string} text @param {number} at */
function next(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The algorithm's name as RFC 8760 writes it; MD5 where the challenge has none. @param {Challenge} challenge */
export const algorithmOf = ({ algorithm = "MD5" }) => algorithm.toUpperCase();

/** Whether it can be answered with `auth`, or came before there were any `qop`. @param {Challenge} challenge */
export const asksForAuth = ({ qop }) =>
  qop === undefined || qop.split(",").some((each) => each.trim().toLowerCase() === "auth");

/**
 * The value of Authorization or Proxy-Authorization. Throws for a challenge with another algorithm than the three.
 * @param {Challenge} challenge
 * @param {Request} request
 */
export function credentialsFor(challenge, { method, uri, username, password, nc, cnonce }) {
  const hash = HASHES.get(algorithmOf(challenge));
  if (!hash) throw new TypeError("Unknown algorithm");
  const hex = (/** @type {string} */ text) => bytesToHex(hash(utf8ToBytes(text)));
  const { realm, nonce, opaque, algorithm = "MD5", qop } = challenge;
  const secret = hex(`${username}:${realm}:${password}`);
  const signed = hex(`${method}:${uri}`);
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:auth`;
  return [
    `Digest algorithm=${algorithm}`,
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${hex(`${secret}:${middle}:${signed}`)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop === undefined ? [] : ["qop=auth", `cnonce="${cnonce}"`, `nc=${nc}`]),
  ].join(", ");
}

/** @param {string} text */
const quoted = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;
