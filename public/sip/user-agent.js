/**
 * The user agent of this page: its settings, its WebSocket and its registration. One at a time.
 *
 * @import { Invitation } from "sip.js"
 * @import { AnswerRule, Settings } from "./interface.js"
 * @import { TransportHooks } from "./transport.js"
 *
 * @typedef {object} OwnSettings
 * @property {string} uri
 * @property {string} authUsername
 * @property {string} authPassword
 * @property {AnswerRule[]} answers
 * @property {string} displayName
 * @property {RTCIceServer[]} iceServers
 * @property {string} instanceId
 * @property {number} registerExpires seconds
 * @property {number} refreshPercent
 * @property {number} openMs
 * @property {number} gatherMs
 * @property {number} relayMs
 */
import { Core, SIPExtension, URI, UserAgent, UserAgentState } from "sip.js";

import { attempt } from "./attempt.js";
import { takeChallenges } from "./challenges.js";
import { emit, heard } from "./events.js";
import { CallMedia } from "./media.js";
import { acksOf, breakTransaction } from "./inside.js";
import { displayText } from "./messages.js";
import { Registration } from "./registration.js";
import { WebSocketTransport } from "./transport.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const { Accepted, Completed, Terminated } = Core.TransactionState;
const ANSWERED = new Set([Accepted, Completed, Terminated]);

/** @type {OwnSettings | null} */
let settings = null;
/** SIP.js's; null until it was configured. @type {UserAgent | null} */
export let userAgent = null;
/** Of that user agent. @type {Registration | null} */
export let registration = null;
/** What a far end must still hear, once the PBX knows this transport: a BYE or a CANCEL. @type {(() => void)[]} */
const owed = [];
/** Whether a REGISTER was answered over the transport there is. A PBX may challenge what comes before, even in a call. */
let known = false;

export const iceServers = () => settings?.iceServers ?? [];

/**
 * Send a BYE now, or when a REGISTER was answered over the next transport, which may be after `configure`: whoever does not
 * hear it is still in the call. The only place where one waits.
 * @param {(userAgent: UserAgent) => void} send
 */
export function sendOrOwe(send) {
  if (known && userAgent?.isConnected()) send(userAgent);
  else owed.push(() => userAgent && send(userAgent));
}

/** @param {Settings} given @returns {OwnSettings} */
function readSettings(given) {
  return {
    uri: given.uri,
    authUsername: given.auth_username,
    authPassword: given.auth_password,
    answers: given.answers,
    displayName: displayText(given.display_name),
    iceServers: given.ice_servers,
    instanceId: UUID.test(given.instance_id) ? given.instance_id : crypto.randomUUID(),
    registerExpires: given.register_expires,
    refreshPercent: given.refresh_percent,
    openMs: given.open_ms,
    gatherMs: given.gather_ms,
    relayMs: given.relay_ms,
  };
}

/** Our address of record; null for what SIP.js does not read as one. @param {string} text */
function ownUri(text) {
  const uri = UserAgent.makeURI(text);
  return uri?.user ? uri : null;
}

/**
 * @param {URI} uri
 * @param {OwnSettings} own
 * @param {(invitation: Invitation) => void} onInvite
 */
function makeUserAgent(uri, own, onInvite) {
  return new UserAgent({
    uri,
    displayName: own.displayName,
    instanceId: own.instanceId,
    instanceIdAlwaysAdded: true,
    delegate: { onInvite: heard("onInvite", onInvite) },
    sessionDescriptionHandlerFactory: (session) =>
      new CallMedia(session.userAgent.getLogger("sip.SessionDescriptionHandler"), current()),
    sipExtension100rel: SIPExtension.Supported,
    // Named, but not SIP.js's own: that one would not look who replaces, and hangs up the old session by itself.
    sipExtensionExtraSupported: ["replaces"],
    transportConstructor: WebSocketTransport,
    transportOptions: hooks,
    userAgentString: "Zorio webphone",
    // How long a call may ring is policy: SIP.js's own limit is put out of the way.
    noAnswerTimeout: 3600,
    // SIP messages hold people's numbers: nothing of them reaches the console.
    logBuiltinEnabled: false,
    logConfiguration: false,
    logLevel: "error",
  });
}

/** The settings of the user agent there is. */
function current() {
  if (!settings) throw new TypeError("Not configured");
  return settings;
}

takeChallenges(current);

/** @type {TransportHooks} */
const hooks = {
  up: transportUp,
  down: transportDown,
  refused: () => emit({ type: "configure_failed", setting: "url" }),
  pong: (crlf) => emit({ type: "pong", crlf }),
  openMs: () => current().openMs,
};

function transportUp() {
  emit({ type: "transport_up" });
  if (!userAgent) return;
  const { transport, userAgentCore } = userAgent;
  // An ACK may have been lost with the line; without it the other side hangs up after 32 s. One too many is ignored
  // (RFC 3261 sections 13.2.2.4 and 13.3.1.4).
  for (const { transaction } of userAgentCore.userAgentClients.values()) {
    for (const ack of acksOf(transaction)) attempt(() => transport.send(ack.toString()));
  }
}

/** A REGISTER was answered, or failed. What cannot be sent costs nothing else that is owed. */
function registerSettled() {
  known = true;
  owed.splice(0).forEach((send) => heard("owed", send)());
}

/** @param {string} reason */
function transportDown(reason) {
  known = false;
  emit({ type: "transport_down", reason });
  if (!userAgent) return;
  registration?.abandon();
  // Requests whose answer can no longer come have failed (RFC 3261 section 8.1.3.1); SIP.js would wait 32 s, and for a
  // re-INVITE that had its 100 for ever. The INVITE of a ringing call is left alone: its end is the phone's decision.
  // A BYE or a CANCEL is said again: whoever did not hear it is still in the call, or rings on.
  const core = userAgent.userAgentCore;
  for (const { message, transaction } of [...core.userAgentClients.values()]) {
    const { method, toTag } = message;
    if (ANSWERED.has(transaction.state) || (method === "INVITE" && !toTag)) continue;
    if (method === "BYE" || method === "CANCEL") owed.push(() => core.request(message));
    breakTransaction(transaction, reason);
  }
}

/**
 * `received` gets every INVITE; `endAll` is called before the user agent becomes another one's.
 * @param {string} json
 * @param {{ received: (invitation: Invitation) => void, endAll: () => void }} calls
 */
export function configure(json, calls) {
  const next = readSettings(JSON.parse(json));
  if (settings?.uri === next.uri && userAgent) {
    settings = { ...next, instanceId: settings.instanceId };
    return;
  }
  const uri = ownUri(next.uri);
  if (!uri) {
    emit({ type: "configure_failed", setting: "uri" });
    return;
  }
  if (userAgent) {
    calls.endAll();
    registration?.unregister();
    userAgent.transport.disconnect();
    owed.length = 0;
  }
  settings = next;
  userAgent = makeUserAgent(uri, next, calls.received);
  registration = new Registration(userAgent, current, registerSettled);
}

/** @param {UserAgent} userAgent @returns {WebSocketTransport} */
const transportOf = ({ transport }) => /** @type {WebSocketTransport} */ (transport);

/** @param {string} url */
export function connect(url) {
  if (!userAgent) {
    emit({ type: "transport_down", reason: "not configured" });
    return;
  }
  const transport = transportOf(userAgent);
  if (transport.server !== url) transport.disconnect();
  transport.server = url;
  if (userAgent.state === UserAgentState.Stopped) userAgent.start();
  else userAgent.reconnect();
}

/** @param {boolean} byOptions */
export function ping(byOptions) {
  if (!userAgent?.isConnected()) return;
  const transport = transportOf(userAgent);
  if (!byOptions) {
    transport.ping();
    return;
  }
  const { userAgentCore, configuration } = userAgent;
  const domain = new URI("sip", "", configuration.uri.host, configuration.uri.port);
  const options = userAgentCore.makeOutgoingRequestMessage("OPTIONS", domain, configuration.uri, domain, {});
  transport.awaitPong();
  userAgentCore.request(options); // any answer will do
}
