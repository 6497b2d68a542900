/**
 * Addresses SIP.js cannot read. It drops a message with one of them without a word, and with an INVITE the call.
 * Session border controllers send them all the same: `tel:` (RFC 3966), names in Vietnamese without quotes, `#` in a user.
 */
import { Grammar } from "sip.js";

const HEADER = /^(From|f|To|t|Contact|m|Refer-To|r)[ \t]*:[ \t]*(.*)$/gim;
/** @type {Record<string, string>} */
const RULES = { f: "From", t: "To", c: "Contact", m: "Contact", r: "Refer_To" };
const NAMED = /^([^<]*)<([^>]*)>(.*)$/;
const TAG = /;[ \t]*tag=([\w.!%*+`'~-]+)/i;
const SIP_URI = /^(sips?):(?:([^@]*)@)?([^@]*)$/i;
const NOBODY = "<sip:anonymous@anonymous.invalid>";

/**
 * A message in which From, To, Contact and Refer-To can be read. What could be read before is not touched.
 * @param {string} message
 */
export function withReadableAddresses(message) {
  const end = message.search(/\r?\n\r?\n/);
  const head = end < 0 ? message : message.slice(0, end);
  const readable = head.replace(HEADER, (/** @type {string} */ line, /** @type {string} */ name, /** @type {string} */ value) => {
    const rule = RULES[name[0].toLowerCase()];
    const text = value.trimEnd();
    return reads(text, rule) ? line : `${name}: ${mended(text, rule)}`;
  });
  return readable + message.slice(head.length);
}

/**
 * Whether SIP.js can read `value` as a header of this name.
 * @param {string} value
 * @param {string} rule
 */
function reads(value, rule) {
  const parsed = Grammar.parse(value, rule);
  if (parsed === -1) return false;
  try {
    // SIP.js unescapes a user once more whenever it writes the URI: "%25" is read well and throws later.
    for (const each of [parsed].flat()) (each.parsed ?? each).uri?.toString();
  } catch {
    return false;
  }
  return true;
}

/**
 * The same address in a form that can be read. Tags stay: by them, and not by the address, answers find their way. A
 * Contact that is beyond help stays as it is, for there would be nobody to send to; anybody else loses first the host,
 * then the name.
 * @param {string} value
 * @param {string} rule
 */
function mended(value, rule) {
  const named = NAMED.exec(value);
  const [name, address, rest] = named ? named.slice(1) : ["", value.split(";")[0], ""];
  const uri = readableUri(address.trim());
  if (rule === "Contact") {
    const contact = `<${uri}>${rest}`;
    return reads(contact, rule) ? contact : value;
  }
  const tag = TAG.exec(named ? rest : value);
  const after = tag ? `;tag=${tag[1]}` : "";
  const tries = [uri, uri.replace(/@[^@]*$/, "@unknown.invalid")].map((each) => `${quoted(name)}<${each}>${after}`);
  return tries.find((each) => reads(each, rule)) ?? NOBODY + after;
}

/** A display name between quotes, whatever it was (RFC 3261 section 25.1). @param {string} name */
function quoted(name) {
  const text = name.trim().replace(/["\\]/g, "");
  return text && `"${text}" `;
}

/** @param {string} uri */
function readableUri(uri) {
  // RFC 3966: the number ends at the first parameter, and may have visual separators.
  const number = /^tel:([^;]*)/i.exec(uri);
  if (number) return `sip:${escaped(number[1].replace(/[-.()\s]/g, ""))}@tel.invalid`;
  const parts = SIP_URI.exec(uri);
  if (!parts) return uri;
  const [, scheme, user, host] = parts;
  return `${scheme}:${user ? `${escaped(user)}@` : ""}${host}`;
}

/** A user with everything escaped that may not stand in one as it is; what is escaped already stays. @param {string} user */
function escaped(user) {
  const sound = user.replace(/%(?![0-9a-f]{2})|%25|\p{Surrogate}/giu, "");
  const escape = (/** @type {string} */ part) => (part[0] === "%" ? part : encodeURIComponent(part));
  return sound.replace(/%..|[^\w\-.!~*'()&=+$,;?/:]/gu, escape);
}
