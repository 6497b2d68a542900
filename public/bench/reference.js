/* What `make bench` measures the frame against: the same work, written in plain JavaScript.
 *
 * It reads the parameters, takes the token out of the address, fetches sip-config, configures, connects and registers
 * through the same built sip-ua.js, obeys `call`, `answer` and `hangup`, shows the call, rings, and tells its parent
 * `ready`, `connected`, `registered`, `incoming_call`, `call_ringing`, `call_answered` and `call_hangup` as contract
 * section 3 has them. It is no phone: nothing reconnects, nothing is held, bad input is ignored.
 * Only the bench's own server serves it.
 */
const SOURCE = "zorio-webphone";
const $ = (id) => document.getElementById(id);

// ---- The address

const parameters = new URLSearchParams(location.search);
new URLSearchParams(location.hash.slice(1)).forEach((value, name) => parameters.set(name, value));
history.replaceState(null, "", location.pathname);
document.documentElement.lang = parameters.get("locale") ?? "vi";
document.documentElement.dataset.theme = parameters.get("theme") ?? "auto";
document.documentElement.dataset.layout = parameters.get("layout") ?? "docked";
const token = parameters.get("token") ?? "";

// ---- The parent: of an origin this customer allows, or nobody

function isAllowed(origin) {
  const patterns = document.querySelector('meta[name="zorio-parent-origins"]').content.split(/\s+/);
  return patterns.some((pattern) => {
    if (!pattern.endsWith(":*")) return pattern === origin;
    return origin.startsWith(pattern.slice(0, -1)) && /^\d+$/.test(origin.slice(pattern.length - 1));
  });
}

const parentOrigin = location.ancestorOrigins?.[0] ?? "";

function tell(type, payload = {}) {
  if (isAllowed(parentOrigin)) parent.postMessage({ source: SOURCE, type, payload }, parentOrigin);
}

// ---- Calls

const calls = new Map();
const now = () => new Date().toISOString();

function addCall(uuid, direction, number, displayName, sipCallId) {
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

const callIn = (...states) => [...calls.values()].find((call) => states.includes(call.state));

function show() {
  const call = callIn("inviting", "ringing", "answered");
  $("dialer").hidden = Boolean(call);
  $("call").hidden = !call;
  $("answer").hidden = !(call?.direction === "inbound" && call.state === "ringing");
  $("call-name").textContent = call?.display_name ?? "";
  $("call-number").textContent = call?.number ?? "";
  $("call-state").textContent = call?.state ?? "";
}

function sound(name) {
  for (const each of ["ring", "ringback"]) {
    if (each === name) $(each).play().catch(() => {});
    else $(each).pause();
  }
}

function billsec(call) {
  return call.answered_at ? Math.floor((Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000) : 0;
}

// ---- What the SIP user agent says

const heard = {
  transport_up() {
    status("busy", "Đang đăng ký…");
    tell("connected");
    zorioSip.register();
  },
  transport_down({ reason }) {
    status("bad", "Mất kết nối");
    tell("disconnected", { reason });
  },
  registered() {
    status("good", "Sẵn sàng");
    $("dial-keys").disabled = false;
    $("dial").disabled = false;
    tell("registered");
  },
  invite({ call_id, sip_call_id, user, display_name }) {
    const call = addCall(call_id, "inbound", user, display_name, sip_call_id);
    const contact = { number: user, display_name: display_name || null, external_id: null };
    tell("incoming_call", { call, contact });
    sound("ring");
    tell("call_ringing", { call });
  },
  sent({ call_id, sip_call_id }) {
    calls.get(call_id).sip_call_id = sip_call_id;
  },
  progress({ call_id, status }) {
    const call = calls.get(call_id);
    if (status < 180 || call.state !== "inviting") return;
    call.state = "ringing";
    sound("ringback");
    tell("call_ringing", { call });
  },
  accepted({ call_id }) {
    const call = Object.assign(calls.get(call_id), { state: "answered", answered_at: now() });
    sound("");
    tell("call_answered", { call });
  },
  ended({ call_id, by }) {
    const call = Object.assign(calls.get(call_id), { state: "ended", ended_at: now() });
    calls.delete(call_id);
    sound("");
    tell("call_hangup", { call, reason: `${by}_hangup`, billsec: billsec(call) });
  },
};

function listen(json) {
  const event = JSON.parse(json);
  heard[event.type]?.(event);
  show();
}

// ---- What the parent commands

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
$("answer").addEventListener("click", commands.answer);
$("hangup").addEventListener("click", commands.hangup);
$("dial-form").addEventListener("submit", (event) => {
  event.preventDefault();
  commands.call({ number: $("dial-number").value });
  show();
});

// ---- The start

function status(tone, text) {
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
    }),
  );
  zorioSip.connect(data.wss_urls[0]);
}

zorioSip.listen(listen);
if (parameters.get("auto_register") !== "0") {
  connect().catch((error) => status("bad", error.message));
}
document.documentElement.dataset.boot = "started"; // the font, as the frame does
tell("ready", { version: "reference", extension: claims().sub, state: "connecting" });
