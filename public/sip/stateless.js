/**
 * Answers without SIP.js, for requests that it shall not see (RFC 3261 section 8.2.7): of a flood, or too large.
 * They cost no transaction and no memory.
 */
import { CRLF } from "./glance.js";

/** @import { Glance } from "./glance.js" */

/** What a response copies from its request (RFC 3261 section 8.2.6.2). Compact forms: section 7.3.3. */
const COPIED = /^(?:Via|v|From|f|To|t|Call-ID|i|CSeq)[ \t]*:[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*/gim;
const TO = /^(?:To|t)[ \t]*:/i;
const MOST_COPIED = 8192;
/** @type {Record<number, string>} */
const PHRASES = { 481: "Call/Transaction Does Not Exist", 486: "Busy Here", 503: "Service Unavailable", 513: "Message Too Large", 603: "Decline" };
/** The same one each time, because nothing is remembered of a request (RFC 3261 section 8.2.7). */
const TAG = `zr-${crypto.randomUUID()}`;
const RETRY_AFTER_S = 5;

/**
 * The response with `status` as text; null where it may not be answered or nobody can be told whom it is for.
 * @param {Glance} request
 * @param {number} status
 */
export function statelessAnswer({ head, method, inDialog }, status) {
  if (!method || method === "ACK") return null;
  const lines = [...head.matchAll(COPIED)].map(([line]) => line);
  if (lines.length < 5 || lines.join("").length > MOST_COPIED) return null;
  const tagged = lines.map((line) => (TO.test(line) && !inDialog ? `${line};tag=${TAG}` : line));
  const retry = status === 503 ? [`Retry-After: ${RETRY_AFTER_S}`] : [];
  return [`SIP/2.0 ${status} ${PHRASES[status]}`, ...tagged, ...retry, "Content-Length: 0", "", ""].join(CRLF);
}

/** Whether it is the ACK of an answer made here: nobody waits for it. @param {Glance} request */
export const acknowledgesStateless = ({ method, head }) => method === "ACK" && head.includes(TAG);
