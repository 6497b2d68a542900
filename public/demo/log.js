/* The log of messages, newest first. Secrets never get into it. */
import { element } from "./contacts.js";
import { at } from "./page.js";

/**
 * @import { CommandPayload, EventPayload } from "./phone.js"
 * @import { Translate } from "./texts.js"
 *
 * @typedef {EventPayload & CommandPayload & { failed?: string }} Shown
 */

const KEPT = 300;
const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const SECRET = /token|password|credential|authorization/i;

const list = at("log");
const empty = at("log-empty");

at("clear-log").addEventListener("click", () => {
  list.replaceChildren();
  empty.hidden = false;
});

/**
 * `way`: "event" (from the phone) or "sent" (to it).
 * @param {"event" | "sent"} way
 * @param {string} type
 * @param {Shown} payload
 * @param {Translate} t
 */
export function logMessage(way, type, payload, t) {
  const row = element("li", way);
  row.dataset[way] = type;
  const now = new Date();
  const time = document.createElement("time");
  time.textContent = TIME.format(now);
  time.dateTime = now.toISOString();
  const arrow = element("span", "arrow", way === "sent" ? "→" : "←");
  arrow.setAttribute("role", "img");
  arrow.setAttribute("aria-label", t(way === "sent" ? "log.sent" : "log.received"));
  const summary = element("summary");
  summary.append(time, " ", arrow, " ", element("code", "type", type), " ", element("span", "short", short(type, payload)));
  const details = element("details");
  details.append(summary, element("pre", "", JSON.stringify(payload, hideSecrets, 2)));
  row.append(details);
  list.prepend(row);
  while (list.children.length > KEPT) list.lastElementChild?.remove();
  empty.hidden = true;
}

/** @type {(name: string, value: unknown) => unknown} */
const hideSecrets = (name, value) => (SECRET.test(name) && typeof value === "string" ? "•••" : value);

/** @param {string} type @param {Shown} payload */
function short(type, payload) {
  const { call } = payload;
  if (type === "call_hangup") return `${payload.reason} · ${payload.billsec} s · ${call?.number}`;
  if (type === "dtmf") return payload.digit;
  if (call) return `${call.direction} · ${[call.display_name, call.number].filter(Boolean).join(" ")} · ${call.state}`;
  if (type === "error") return `${payload.code} · ${payload.message}`;
  const text = JSON.stringify(payload, hideSecrets);
  return text === "{}" ? "" : text.slice(0, 120);
}
