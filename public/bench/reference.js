/** What `make bench` measures the frame against: the same work, written in plain JavaScript.
 *
 * It reads the parameters, takes the token out of the address, fetches sip-config, configures, connects and registers
 * through the same built sip-ua.js, obeys `call`, `answer` and `hangup`, shows the call, rings, and tells its parent
 * `ready`, `connected`, `registered`, `incoming_call`, `call_ringing`, `call_answered` and `call_hangup` as contract
 * section 3 has them. It is no phone: nothing reconnects, nothing is held, bad input is ignored.
 * Only the bench's own server serves it.
 *
 * @import { ShimEvent } from "../sip/interface.js"
 * @import { CallObject } from "../../docs/zorio-webphone.js"
 *
 * @typedef {{ number?: unknown }} CommandPayload
 */
export {}; // a module to tsc alone

const SOURCE = "zorio-webphone";

/** @param {string} id */
function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
const audio = (/** @type {string} */ id) => /** @type {HTMLAudioElement} */ ($(id));
const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ ($(id));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ ($(id));

// ---- The address

const parameters = new URLSearchParams(location.search);
new URLSearchParams(location.hash.slice(1)).forEach((value, name) => parameters.set(name, value));
history.replaceState(null, "", location.pathname);
document.documentElement.lang = parameters.get("locale") ?? "vi";
document.documentElement.dataset.theme = parameters.get("theme") ?? "auto";
document.documentElement.dataset.layout = parameters.get("layout") ?? "docked";
const token = parameters.get("token") ?? "";

// ---- The parent: of an origin this customer allows, or nobody

/** @param {string} origin */
function isAllowed(origin) {
  /** @type {HTMLMetaElement | null} */
  const meta = document.querySelector('meta[name="zorio-parent-origins"]');
  const patterns = (meta?.content ?? "").split(/\s+/);
  return patterns.some((pattern) => {
    if (!pattern.endsWith(":*")) return pattern === origin;
    return origin.startsWith(pattern.slice(0, -1)) && /^\d+$/.test(origin.slice(pattern.length - 1));
  });
}

const parentOrigin = location.ancestorOrigins?.[0] ?? "";

/** @param {string} type @param {object} payload */
function tell(type, payload = {}) {
  if (isAllowed(parentOrigin)) parent.postMessage({ source: SOURCE, type, payload }, parentOrigin);
}

// ---- Calls

/** @type {Map<string, CallObject>} */
const calls = new Map();
const now = () => new Date().toISOString();

/**
 * @param {string} uuid
 * @param {"inbound" | "outbound"} direction
 * @param {string} number
 * @param {string} displayName
 * @param {string} sipCallId
 */
function addCall(uuid, direction, number, displayName, sipCallId) {
  /** @type {CallObject} */
  const call = {
    uuid,
    direction,
    number,
    display_name: displayName,
    state: direction === "inbound" ? "ringing" : "inviting",
    muted: false,
    held: false,
    started_at: now(),
    answered_at: null,
    ended_at: null,
    campaignId: null,
    leadId: null,
    sip_call_id: sipCallId,
  };
  calls.set(uuid, call);
  return call;
}

const callIn = (/** @type {string[]} */ ...states) => [...calls.values()].find((call) => states.includes(call.state));

function show() {
  const call = callIn("inviting", "ringing", "answered");
  $("dialer").hidden = Boolean(call);
  $("call").hidden = !call;
  $("answer").hidden = !(call?.direction === "inbound" && call.state === "ringing");
  $("call-name").textContent = call?.display_name ?? "";
  $("call-number").textContent = call?.number ?? "";
  $("call-state").textContent = call?.state ?? "";
}

/** @param {string} name */
function sound(name) {
  for (const each of ["ring", "ringback"]) {
    if (each === name) audio(each).play().catch(() => showStatus("bad", "no sound"));
    else audio(each).pause();
  }
}

/** @param {CallObject} call */
function billsec(call) {
  return call.answered_at && call.ended_at ? Math.floor((Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000) : 0;
}

// ---- What the SIP user agent says

/** The call an event is about. @param {{ call_uuid: string }} event */
function callOf({ call_uuid: callUuid }) {
  const call = calls.get(callUuid);
  if (!call) throw new Error("no such call");
  return call;
}

/** @type {{ [Type in ShimEvent["type"]]?: (event: Extract<ShimEvent, { type: Type }>) => void }} */
const heard = {
  transport_up() {
    showStatus("busy", "Đang đăng ký…");
    tell("connected");
    zorioSip.register();
  },
  transport_down({ reason }) {
    showStatus("bad", "Mất kết nối");
    tell("disconnected", { reason });
  },
  registered() {
    showStatus("good", "Sẵn sàng");
    button("dial-keys").disabled = false;
    button("dial").disabled = false;
    tell("registered");
  },
  invite({ call_uuid, sip_call_id, user, display_name }) {
    const call = addCall(call_uuid, "inbound", user, display_name, sip_call_id);
    const contact = { number: user, display_name: display_name || null, external_id: null };
    tell("incoming_call", { call, contact });
    sound("ring");
    tell("call_ringing", { call });
  },
  sent(event) {
    callOf(event).sip_call_id = event.sip_call_id;
  },
  progress(event) {
    const call = callOf(event);
    if (event.status < 180 || call.state !== "inviting") return;
    call.state = "ringing";
    sound("ringback");
    tell("call_ringing", { call });
  },
  accepted(event) {
    const call = callOf(event);
    call.state = "answered";
    call.answered_at = now();
    sound("");
    tell("call_answered", { call });
  },
  ended(event) {
    const call = callOf(event);
    call.state = "ended";
    call.ended_at = now();
    calls.delete(call.uuid);
    sound("");
    tell("call_hangup", { call, reason: `${event.by}_hangup`, billsec: billsec(call) });
  },
};

/** @param {string} json */
function listen(json) {
  /** @type {ShimEvent} */
  const event = JSON.parse(json);
  const handler = /** @type {((event: ShimEvent) => void) | undefined} */ (heard[event.type]);
  handler?.(event);
  show();
}

// ---- What the parent commands

/** @type {Record<string, (payload: CommandPayload) => void>} */
const commands = {
  call({ number }) {
    if (typeof number !== "string" || !/^\+?[\d*#]{1,32}$/.test(number)) return;
    const call = addCall(crypto.randomUUID(), "outbound", number, "", "");
    zorioSip.invite(call.uuid, number, "[]");
  },
  answer() {
    const call = callIn("ringing");
    if (call?.direction === "inbound") zorioSip.accept(call.uuid);
  },
  hangup() {
    const call = callIn("answered", "ringing", "inviting");
    if (call) zorioSip.bye(call.uuid);
  },
};

addEventListener("message", ({ data, origin, source }) => {
  if (source !== parent || !isAllowed(origin) || data?.source !== SOURCE) return;
  commands[data.type]?.(data.payload ?? {});
  show();
});
$("answer").addEventListener("click", () => commands.answer({}));
$("hangup").addEventListener("click", () => commands.hangup({}));
$("dial-form").addEventListener("submit", (event) => {
  event.preventDefault();
  commands.call({ number: field("dial-number").value });
  show();
});

// ---- The start

/** @param {string} tone @param {string} text */
function showStatus(tone, text) {
  $("status").dataset.tone = tone;
  $("status-text").textContent = text;
}

function claims() {
  const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(part));
}

async function connect() {
  const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
  const response = await fetch("/api/webphone/sip-config", { headers, cache: "no-store", credentials: "omit" });
  if (!response.ok) throw new Error(`sip-config: ${response.status}`);
  const { data } = await response.json();
  zorioSip.configure(
    JSON.stringify({
      uri: data.sip_uri,
      auth_username: data.auth_username,
      auth_password: data.auth_password,
      display_name: data.display_name,
      ice_servers: data.ice_servers,
      instance_id: crypto.randomUUID(),
      // As the frame has them (embed_app/core/link/timing.py).
      register_expires: 300,
      refresh_percent: 80,
      open_ms: 10_000,
      gather_ms: 400,
      relay_ms: 1600,
    }),
  );
  zorioSip.connect(data.wss_urls[0]);
}

zorioSip.listen(listen);
if (parameters.get("auto_register") !== "0") {
  connect().catch((error) => showStatus("bad", error.message));
}
document.documentElement.dataset.boot = "started"; // the font, as the frame does
tell("ready", { version: "reference", extension: claims().sub, state: "connecting" });
