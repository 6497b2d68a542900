/* The log of messages, newest first. Secrets never get into it. */
import { element } from "./contacts.js";

const KEPT = 300;
const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const SECRET = /token|password|credential|authorization/i;

const list = document.getElementById("log");
const empty = document.getElementById("log-empty");

document.getElementById("clear-log").addEventListener("click", () => {
  list.replaceChildren();
  empty.hidden = false;
});

/** `way`: "event" (from the phone) or "sent" (to it). */
export function logMessage(way, type, payload, t) {
  const row = element("li", way);
  row.dataset[way] = type;
  const now = new Date();
  const time = element("time", "", TIME.format(now));
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
  while (list.children.length > KEPT) list.lastElementChild.remove();
  empty.hidden = true;
}

const hideSecrets = (name, value) => (SECRET.test(name) && typeof value === "string" ? "•••" : value);

function short(type, payload) {
  const { call } = payload;
  if (type === "call_hangup") return `${payload.reason} · ${payload.billsec} s · ${call.number}`;
  if (type === "dtmf") return payload.digit;
  if (call) return `${call.direction} · ${[call.display_name, call.number].filter(Boolean).join(" ")} · ${call.state}`;
  if (type === "error") return `${payload.code} · ${payload.message}`;
  const text = JSON.stringify(payload, hideSecrets);
  return text === "{}" ? "" : text.slice(0, 120);
}
