/** What a SIP message is, as far as it can be told without parsing it: in microseconds, and whatever the text is. */
import shared from "../../embed_app/core/shared.json" with { type: "json" };

const { sip_longest_message, sip_longest_head, sip_longest_line, sip_most_lines } = shared;

export const CRLF = "\r\n";
const START = /^(?:SIP\/2\.0 ([1-6]\d\d)|([A-Z]{1,20}) )/;
const HEAD_END = /\r?\n\r?\n/;
const CALL_ID = /^(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]{1,256})/im;
const CALLER = /^(?:From|f)[ \t]*:[^\r\n]*?(?:sips?|tel):([^@;>\r\n]{0,64})/im;
/** A tag is a parameter of the header: one in a display name or in the URI is none (RFC 3261 section 20). */
const TO_TAG = /^(?:To|t)[ \t]*:(?:[^"<\r\n]|"(?:[^"\\\r\n]|\\.)*"|<[^>\r\n]*>)*?;[ \t]*tag[ \t]*=/im;
const OF_INVITE = /^CSeq[ \t]*:[ \t]*\d+[ \t]+INVITE\b/im;

/**
 * @typedef {object} Glance
 * @property {string} head the header fields, cut at the most they may have
 * @property {number} status of a response; 0 of a request
 * @property {string} method of a request; "" of a response, and of what is neither
 * @property {boolean} ofInvite whether the transaction is one of INVITE
 * @property {string} callId
 * @property {string} caller the user of From
 * @property {boolean} inDialog whether To has a tag
 * @property {boolean} tooLarge
 */

/** @param {string} text @returns {Glance} */
export function glance(text) {
  const start = text.slice(0, sip_longest_head).replace(/^(?:\r\n)+/, "");
  const end = start.search(HEAD_END);
  const head = end < 0 ? start : start.slice(0, end);
  const lines = head.split("\n");
  const [, status, method] = START.exec(head) ?? [];
  return {
    head,
    status: Number(status ?? 0),
    method: method ?? "",
    ofInvite: OF_INVITE.test(head),
    callId: CALL_ID.exec(head)?.[1].trimEnd() ?? "",
    caller: CALLER.exec(head)?.[1] ?? "",
    inDialog: TO_TAG.test(head),
    tooLarge:
      text.length > sip_longest_message ||
      (end < 0 && text.length > sip_longest_head) ||
      lines.length > sip_most_lines ||
      lines.some((line) => line.length > sip_longest_line),
  };
}
