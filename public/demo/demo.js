/* The demo CRM: reads the address, puts the parts together.
 *
 *   ?user=1001..1004   whose phone        ?lang=vi|en        ?theme=auto|light|dark
 *   ?layout=docked|overlay|fullscreen     the phone's
 */
import { Calls } from "./calls.js";
import { colleague, initials, showContacts } from "./contacts.js";
import { logMessage } from "./log.js";
import { all, at, field } from "./page.js";
import { Phone } from "./phone.js";
import { translatePage, translator } from "./texts.js";

/**
 * @import { CommandPayload, CommandType, EventPayload, TokenError } from "./phone.js"
 * @typedef {{ user: string, lang: string, theme: string, layout: string }} Settings
 */

const CHOICES = {
  lang: ["vi", "en"],
  theme: ["auto", "light", "dark"],
  layout: ["docked", "overlay", "fullscreen"],
};
const OF_ONE_CALL = [
  ...["answer", "hangup", "hold", "unhold", "mute", "unmute", "send_dtmf", "transfer"],
  ...["accept_transfer", "decline_transfer"],
];

const given = new URLSearchParams(location.search);
const choice = (/** @type {keyof typeof CHOICES} */ name) =>
  CHOICES[name].find((allowed) => allowed === given.get(name)) ?? CHOICES[name][0];
/** @type {Settings} */
const settings = {
  user: given.get("user") || "1001",
  lang: choice("lang"),
  theme: choice("theme"),
  layout: choice("layout"),
};
const address = (/** @type {Partial<Settings>} */ changed) => `?${new URLSearchParams({ ...settings, ...changed })}`;

/** The number of the newest `transfer_requested`. */
let asked = "";

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
if (settings.user === field("target").value) field("target").value = "1001"; // nobody transfers to himself
for (const link of all("[data-switch]")) {
  const [key, value] = (link.dataset.switch ?? "").split("=");
  link.setAttribute("href", address({ [key]: value }));
  if (settings[/** @type {keyof Settings} */ (key)] === value) link.setAttribute("aria-current", "true");
}

// ---- The phone

const calls = new Calls(t, (type, payload) => phone.send(type, payload));
const phone = new Phone(/** @type {HTMLIFrameElement} */ (at("phone")), settings, {
  onEvent(type, payload) {
    logMessage("event", type, payload, t);
    if (type === "transfer_requested") asked = String(payload.number);
    calls.onEvent(type, payload);
    showState(type, payload);
  },
  onSent: (type, payload) => logMessage("sent", type, payload, t),
});

/** The line above the phone, from the events alone. @param {string} type @param {EventPayload} payload */
function showState(type, payload) {
  /** @type {Record<string, string[] | undefined>} */
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
    showTokenError(/** @type {TokenError} */ (error));
  }
  at("phone-loading").hidden = true;
}

/** @param {TokenError} error */
function showTokenError(error) {
  at("phone-failed-text").textContent = t(`phone.${error.code}`, { status: error.status, user: settings.user });
  at("phone-failed").hidden = false;
  showState("no_token", {});
}

at("phone-retry").addEventListener("click", openPhone);

// ---- The commands

/** @param {CommandType} type */
function payloadOf(type) {
  /** @type {CommandPayload} */
  const payload = {};
  if (type === "call") payload.number = field("number").value;
  if (type === "send_dtmf") payload.digits = field("digits").value;
  if (type === "transfer") payload.target = field("target").value;
  if (type === "accept_transfer") payload.number = asked; // what the other side asked for, and nothing typed
  const callUuid = field("call-uuid").value.trim();
  if (OF_ONE_CALL.includes(type) && callUuid) payload.call_uuid = callUuid;
  return payload;
}

/** @param {CommandType} type */
function run(type) {
  if (type === "refresh_token") {
    phone.refreshToken().catch((error) => logMessage("sent", type, { failed: error.code }, t));
  } else {
    phone.send(type, payloadOf(type));
  }
}

for (const button of all("[data-command]")) {
  const type = /** @type {CommandType} */ (button.dataset.command);
  if (!(/** @type {HTMLButtonElement} */ (button).form)) button.addEventListener("click", () => run(type));
}
for (const form of all("[data-form]")) {
  const type = /** @type {CommandType} */ (form.dataset.form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(type);
  });
}

showContacts({ user: settings.user, t, call: (number) => phone.send("call", { number }), link: (user) => address({ user }) });
openPhone();
