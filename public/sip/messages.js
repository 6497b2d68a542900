/**
 * Reading and making the parts of SIP messages the shim needs.
 *
 * @import { Core, NameAddrHeader } from "sip.js"
 * @typedef {{ status: number, phrase: string }} FinalStatus status 0: no answer came
 */
import { URI } from "sip.js";

const DIALLED = /^[A-Za-z0-9+*#._~!-]{1,64}$/;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
// Tab is the only control character a header value may hold (RFC 3261 section 25.1).
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const TOLD_HEADERS =
  /^(X-.+|P-Asserted-Identity|Remote-Party-ID|Diversion|Alert-Info|Call-Info|Referred-By|Replaces|Reason)$/i;

/**
 * `sip:user@<domain of our own URI>`, or null. The caller has validated `user`; this last look makes sure that nothing
 * which could change the host, add headers or leave the request line gets out, whoever calls.
 * @param {string} user
 * @param {URI} own
 */
export function targetUri(user, own) {
  if (!DIALLED.test(user)) return null;
  return new URI("sip", user, own.host, own.port);
}

/** [[name, value], …] -> ["Name: value", …]; pairs that could break the message are left out. @param {[string, string][]} pairs */
export function headerLines(pairs) {
  return pairs
    .filter(([name, value]) => HEADER_NAME.test(name) && !CONTROL.test(value))
    .map(([name, value]) => `${name}: ${value}`);
}

/**
 * A message as it came, without the control characters its head may not hold: one of them in a caller's name would
 * make SIP.js drop the whole INVITE without a word, and with it the call.
 * @param {string} message
 */
export function withoutControls(message) {
  const end = message.search(/\r?\n\r?\n/);
  const head = end < 0 ? message : message.slice(0, end);
  return head.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "") + message.slice(head.length);
}

/** Text for a quoted display name (RFC 3261 section 25.1): SIP.js puts it between quotes as it is. @param {string | undefined} text */
export function displayText(text) {
  return String(text ?? "").replace(/[\u0000-\u001f\u007f"\\]/g, "");
}

/**
 * The display name of an address as it was meant: SIP.js leaves quoted pairs (RFC 3261 section 25.1) as they came.
 * @param {NameAddrHeader} address
 */
export const nameOf = ({ displayName }) => (displayName ?? "").replace(/\\(.)/gs, "$1");

/** The user part of a URI, unescaped. @param {URI} uri */
export function userOf(uri) {
  const user = uri.user ?? "";
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}

/** `{name: value}` of the headers of an INVITE that mean something to the phone; several of a name are joined. @param {Core.IncomingMessage} message */
export function toldHeaders(message) {
  /** @type {Record<string, string>} */
  const told = {};
  for (const name of Object.keys(message.headers)) {
    if (TOLD_HEADERS.test(name)) told[name] = message.getHeaders(name).join(", ");
  }
  return told;
}

/** The Reason headers (RFC 3326) as they came, or "". @param {Core.IncomingMessage} message */
export function reasonOf(message) {
  return message.getHeaders("reason").join(", ");
}

/**
 * `{status, phrase}` of a final response. SIP.js makes up a 408 or 503 when no answer came or none could be asked for;
 * such a message has no Via: status 0.
 * @param {Core.IncomingResponseMessage} message
 * @returns {FinalStatus}
 */
export function finalStatus(message) {
  const received = message.getHeaders("via").length > 0;
  return { status: received ? (message.statusCode ?? 0) : 0, phrase: message.reasonPhrase ?? "" };
}

/** First line of a message/sipfrag body (RFC 3420) -> {status, phrase}, or null. @param {string | undefined} body */
export function sipfragStatus(body) {
  const line = /^\s*SIP\/2\.0\s+([1-6]\d\d)(?:[ \t]+([^\r\n]*))?/i.exec(body ?? "");
  return line && { status: Number(line[1]), phrase: (line[2] ?? "").trim() };
}
