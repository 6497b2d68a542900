/* The demo CRM: reads the address, puts the parts together.
 *
 *   ?user=1001..1004   whose phone        ?lang=vi|en        ?theme=auto|light|dark
 *   ?layout=docked|overlay|fullscreen     the phone's
 */
import { Calls } from "./calls.js";
import { colleague, initials, showContacts } from "./contacts.js";
import { logMessage } from "./log.js";
import { Phone } from "./phone.js";
import { translatePage, translator } from "./texts.js";

const CHOICES = {
  lang: ["vi", "en"],
  theme: ["auto", "light", "dark"],
  layout: ["docked", "overlay", "fullscreen"],
};
const OF_ONE_CALL = ["answer", "hangup", "hold", "unhold", "mute", "unmute", "send_dtmf", "transfer"];

const at = (id) => document.getElementById(id);
const given = new URLSearchParams(location.search);
const choice = (name) => (CHOICES[name].includes(given.get(name)) ? given.get(name) : CHOICES[name][0]);
const settings = {
  user: given.get("user") || "1001",
  lang: choice("lang"),
  theme: choice("theme"),
  layout: choice("layout"),
};
const address = (changed) => `?${new URLSearchParams({ ...settings, ...changed })}`;

const t = translator(settings.lang);
document.documentElement.lang = settings.lang;
document.documentElement.dataset.theme = settings.theme;
document.documentElement.dataset.layout = settings.layout;
translatePage(t);

const name = colleague(settings.user) ?? settings.user;
at("me-name").textContent = name;
at("me-initials").textContent = initials(name);
at("me-extension").textContent = t("extension", { extension: settings.user });
document.title = `${name} · Zorio CRM`;
if (settings.user === at("target").value) at("target").value = "1001"; // nobody transfers to himself
for (const link of document.querySelectorAll("[data-switch]")) {
  const [key, value] = link.dataset.switch.split("=");
  link.href = address({ [key]: value });
  if (settings[key] === value) link.setAttribute("aria-current", "true");
}

// ---- The phone

const calls = new Calls(t, (type, payload) => phone.send(type, payload));
const phone = new Phone(at("phone"), settings, {
  onEvent(type, payload) {
    logMessage("event", type, payload, t);
    calls.onEvent(type, payload);
    showState(type, payload);
  },
  onSent: (type, payload) => logMessage("sent", type, payload, t),
});

/** The line above the phone, from the events alone. */
function showState(type, payload) {
  const states = {
    fetching: ["busy", "state.fetching"],
    starting: ["busy", "state.starting"],
    ready: ["busy", "state.ready"],
    connected: ["busy", "state.connected"],
    registered: ["ok", "state.registered"],
    disconnected: ["warn", "state.disconnected"],
    auto_reconnect: ["warn", "state.reconnecting"],
    unregistered: payload.reason === "remote" ? ["bad", "state.refused"] : ["off", "state.unregistered"],
    no_token: ["bad", "state.no_token"],
    error: payload.fatal ? ["bad", "state.failed"] : undefined,
  };
  const [tone, key] = states[type] ?? [];
  if (!key) return;
  at("phone-state").dataset.tone = tone;
  at("phone-state").textContent = t(key, payload);
}

async function openPhone() {
  at("phone-failed").hidden = true;
  at("phone-loading").hidden = false;
  showState("fetching", {});
  try {
    await phone.open();
    showState("starting", {});
  } catch (error) {
    showTokenError(error);
  }
  at("phone-loading").hidden = true;
}

function showTokenError(error) {
  at("phone-failed-text").textContent = t(`phone.${error.code}`, { status: error.status, user: settings.user });
  at("phone-failed").hidden = false;
  showState("no_token", {});
}

at("phone-retry").addEventListener("click", openPhone);

// ---- The commands

function payloadOf(type) {
  const payload = {};
  if (type === "call") payload.number = at("number").value;
  if (type === "send_dtmf") payload.digits = at("digits").value;
  if (type === "transfer") payload.target = at("target").value;
  if (OF_ONE_CALL.includes(type) && at("call-uuid").value.trim()) payload.call_uuid = at("call-uuid").value.trim();
  return payload;
}

function run(type) {
  if (type === "refresh_token") {
    phone.refreshToken().catch((error) => logMessage("sent", type, { failed: error.code }, t));
  } else {
    phone.send(type, payloadOf(type));
  }
}

for (const button of document.querySelectorAll("[data-command]")) {
  if (!button.form) button.addEventListener("click", () => run(button.dataset.command));
}
for (const form of document.querySelectorAll("[data-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form.dataset.form);
  });
}

showContacts({ user: settings.user, t, call: (number) => phone.send("call", { number }), link: (user) => address({ user }) });
openPhone();
