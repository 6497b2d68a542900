/**
 * `globalThis.zorioSip`: SIP and media for the phone, with no policy in it.
 *
 * Plain functions that take strings, booleans and numbers; results come as events, JSON strings given to one callback.
 * No function throws. Nothing reconnects, retries, hangs up or decides by itself. This page is the whole interface:
 * another SIP library can take SIP.js's place by rewriting this file and public/sip/.
 *
 * Functions
 *   listen(fn)                  fn(json) gets every event; those before it are kept (at most 1000)
 *   configure(json)             {uri, auth_username, auth_password, display_name, ice_servers, instance_id (uuid),
 *                               register_expires (s, 300), ice_cap_ms (400)}; again with the same uri: replaces
 *                               credentials, ICE servers (future calls) and the two numbers, touches no call.
 *                               Another uri: ends everything and starts afresh.
 *   connect(url)                open the WebSocket; the url may differ from the last one. Already open to it:
 *                               transport_up again. Open to another: that one is closed first.
 *   disconnect()                close it; transport_down{reason:"closed"} comes at once
 *   ping(byOptions)             one CRLF CRLF keep-alive, or an OPTIONS to our own domain
 *   register() unregister()     a registration refreshes itself at 80 % of its time until the transport is down
 *   invite(callId, user, headersJson)     headersJson [["X-Name","value"], …]
 *   expect(sipCallId, callId)   the next INVITE with this SIP Call-ID is this call; callId "": is a new one again
 *   accept(callId) reject(callId, status)
 *   replace(callId, json)       take back a call of a former page (RFC 3891): {target, call_id, local_tag, remote_tag,
 *                               remote_target, remote_uri, sequence, routes, gruu, muted, held, in_dialog}, as `dialog`
 *                               told it then, `target` being where to look for the far end; in_dialog: by a re-INVITE
 *                               in that dialog, for a far end without Replaces. progress, accepted and dialog; or replace_failed.
 *                               A try that is under way is given up for it
 *   cancelReplacement(callId)   give up, without an event
 *   farewell(json)              BYE in a dialog of a former page, fields as above
 *   cancel(callId) bye(callId)  end a call. reject, cancel and bye do what the state of the call asks for (a 200 may
 *                               cross a cancel). A BYE that cannot be sent now goes out after the next transport_up.
 *   hold(callId, on)            re-INVITE; the microphone is silent from the request on
 *   restartIce(callId)          re-INVITE with an ICE restart (RFC 8445 section 9); hold and mute stay as they are
 *   reopenMicrophone(callId)    in the place of one that stopped; microphone_ready or microphone_failed
 *   mute(callId, on)            the microphone sends silence; kept over hold
 *   setAside(callId, on)        neither microphone nor loudspeaker, apart from mute and hold; also for a call that is only about
 *                               to be made
 *   canInsertDtmf(callId) -> bool     the peer takes telephone-events (RFC 4733)
 *   insertDtmf(callId, digits)  appends to the digits still to be sent; "," pauses 2 s
 *   sendInfo(callId, contentType, body)
 *   refer(callId, user)         blind transfer
 *   referToCall(callId, json)   attended transfer (RFC 5589): the peer shall call `target`, a URI, and take our place in that
 *                               call: {target, name, call_id, local_tag, remote_tag}, as `dialog` told it; `name` may be shown
 *   acceptRefer(callId) rejectRefer(callId)     answer to `referred`
 *   play()                      try again to play remote audio, within a tap
 *   stats(callId) -> Promise<json>     {packets_received, packets_sent, packets_lost, loss_sent (fraction), direction (what
 *                               both sides agreed on), audio_energy_received, audio_level, connection_state,
 *                               round_trip_ms}; "{}" for a call without media
 *
 * Events {type, …}
 *   transport_up | transport_down {reason}     once per loss and per failed attempt; reason: "closed",
 *                               "code <WebSocket close code>", "timeout" (10 s), "error <name>", "not configured"
 *   pong {crlf}                 first data of any kind after a ping; crlf: nothing but the answer to a CRLF CRLF
 *   registered {expires}        for every accepted REGISTER, refreshes included
 *   register_failed {status, phrase}     status 0: no (usable) answer; nothing is refreshed any more
 *   unregistered
 *   invite {call_id, sip_call_id, user, display_name, headers}
 *   dialog {call_id, sip_call_id, local_tag, remote_tag, remote_target, remote_uri, sequence, routes, instance_id, gruu,
 *           user, display_name} after accepted; once more when the far end's page has taken its call back, or somebody it
 *                               was transferred to has taken the far end's place: who that is, remote_uri, user and display_name say
 *   replace_failed {call_id, status}     status 0: no answer
 *   sent {call_id, sip_call_id} | progress {call_id, status} | accepted {call_id}
 *   ended {call_id, by: local|remote, kind: bye|cancel|reject|failed, status, phrase, reason}
 *                               exactly one per call, nothing about the call after it; status 0: no SIP status;
 *                               reason: the Reason header as it came, or ""
 *   held {call_id, on} | hold_failed {call_id, on, status}     491: try again later; 0: no answer
 *   restarted {call_id} | restart_failed {call_id, status}     as for hold; 481: the far end knows no such call
 *   dtmf {call_id, digit, via: info|rtp}
 *   refer_accepted {call_id} | refer_progress {call_id, status, phrase} | refer_failed {call_id, status, phrase}
 *   referred {call_id, new_call_id, user, attended}     the peer asks us to call `user`; acceptRefer starts that call as
 *                               new_call_id, with its own events, and SIP.js reports to the peer. attended: it talks to that one
 *                               already, at any address; `user` is then what it is called
 *   microphone_failed {call_id, name, message}     then `ended` with kind failed, before the call is answered; name
 *                               "PolicyBlocked": the page may not even ask
 *   microphone_ended {call_id}  unplugged, or its permission taken back | microphone_ready {call_id}
 *   autoplay_blocked {call_id} | audio_playing {call_id}
 *   media {call_id, state}      RTCPeerConnection.connectionState, or "peer_closed": the far end closed DTLS
 *   fault {function, name}      a function could not do what was asked (bad JSON, unknown settings): name of the error
 */
import { Inviter, SIPExtension, URI, UserAgent, UserAgentState } from "sip.js";

import { Call } from "./sip/call.js";
import { openEarly } from "./sip/early-microphone.js";
import { emit, listen } from "./sip/events.js";
import { CallMedia } from "./sip/media.js";
import { displayText, headerLines, targetUri, toldHeaders, userOf } from "./sip/messages.js";
import { Registration } from "./sip/registration.js";
import {
  keepGruu,
  offerInDialog,
  rejoin,
  replacement,
  replacesOf,
  sayFarewell,
  takeOver,
} from "./sip/replace.js";
import { WebSocketTransport } from "./sip/transport.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

let settings = null;
let userAgent = null;
let registration = null;
const calls = new Map();
const expected = new Map();
const aside = new Set();
const whenUp = [];

/** What a Call may ask of its surroundings. */
const phone = {
  whenConnected(action) {
    if (userAgent.isConnected()) action();
    else whenUp.push(action);
  },
  over(id, call) {
    if (calls.get(id) !== call) return;
    calls.delete(id);
    aside.delete(id);
  },
  iceServers() {
    return settings.iceServers;
  },
  referred(inviter, id) {
    add(id, inviter).start();
  },
};

function add(id, session, resuming) {
  const call = new Call(id, session, phone, resuming);
  calls.set(id, call);
  call.setAside(aside.has(id));
  return call;
}

function readSettings(given) {
  return {
    uri: given.uri,
    authUsername: given.auth_username ?? "",
    authPassword: given.auth_password ?? "",
    displayName: displayText(given.display_name),
    iceServers: given.ice_servers ?? [],
    instanceId: UUID.test(given.instance_id) ? given.instance_id : crypto.randomUUID(),
    registerExpires: given.register_expires ?? 300,
    iceCapMs: given.ice_cap_ms ?? 400,
  };
}

function makeUserAgent() {
  const uri = UserAgent.makeURI(settings.uri);
  if (!(uri instanceof URI) || !uri.user) throw new SyntaxError("Not a SIP URI");
  return new UserAgent({
    uri,
    displayName: settings.displayName,
    authorizationUsername: settings.authUsername,
    authorizationPassword: settings.authPassword,
    instanceId: settings.instanceId,
    instanceIdAlwaysAdded: true,
    delegate: { onInvite: received },
    sessionDescriptionHandlerFactory: (session) =>
      new CallMedia(session.userAgent.getLogger("sip.SessionDescriptionHandler"), settings),
    sipExtension100rel: SIPExtension.Supported,
    // Named, but not SIP.js's own: that one would not look who replaces, and hangs up the old session by itself.
    sipExtensionExtraSupported: ["replaces"],
    transportConstructor: WebSocketTransport,
    transportOptions: { up: transportUp, down: transportDown, pong: (crlf) => emit({ type: "pong", crlf }) },
    userAgentString: "Zorio webphone",
    // How long a call may ring is policy: SIP.js's own limit is put out of the way.
    noAnswerTimeout: 3600,
    // SIP messages hold people's numbers: nothing of them reaches the console.
    logBuiltinEnabled: false,
    logConfiguration: false,
    logLevel: "error",
  });
}

function transportUp() {
  emit({ type: "transport_up" });
  whenUp.splice(0).forEach((action) => action());
}

function transportDown(reason) {
  emit({ type: "transport_down", reason });
  registration.abandon();
  // Requests whose answer can no longer come have failed (RFC 3261 section 8.1.3.1); SIP.js would wait 32 s, and for a
  // re-INVITE that had its 100 for ever. The INVITE of a ringing call is left alone: its end is the phone's decision.
  for (const client of [...userAgent.userAgentCore.userAgentClients.values()]) {
    const { method, toTag } = client.message;
    if (method !== "INVITE" || toTag) client.transaction.onTransportError(new Error(reason));
  }
}

function received(invitation) {
  const replaces = replacesOf(invitation.request);
  if (replaces) {
    takeOver(invitation, replaces, [...calls.values()]);
    return;
  }
  const id = expected.get(invitation.request.callId) ?? crypto.randomUUID();
  expected.delete(invitation.request.callId);
  add(id, invitation);
  const { request, remoteIdentity } = invitation;
  emit({
    type: "invite",
    call_id: id,
    sip_call_id: request.callId,
    user: userOf(remoteIdentity.uri),
    display_name: remoteIdentity.displayName ?? "",
    headers: toldHeaders(request),
  });
}

function configure(json) {
  const before = settings;
  const next = readSettings(JSON.parse(json));
  if (before?.uri === next.uri && userAgent) {
    settings = { ...next, instanceId: before.instanceId };
    // SIP.js reads these when a request is challenged.
    userAgent.configuration.authorizationUsername = settings.authUsername;
    userAgent.configuration.authorizationPassword = settings.authPassword;
    return;
  }
  if (userAgent) {
    calls.forEach((call) => call.end());
    registration.unregister();
    userAgent.transport.disconnect();
  }
  whenUp.length = 0;
  settings = next;
  userAgent = makeUserAgent();
  registration = new Registration(userAgent, () => settings);
}

function connect(url) {
  if (!userAgent) {
    emit({ type: "transport_down", reason: "not configured" });
    return;
  }
  const { transport } = userAgent;
  if (transport.server !== url) transport.disconnect();
  transport.server = url;
  if (userAgent.state === UserAgentState.Stopped) userAgent.start();
  else userAgent.reconnect();
}

function ping(byOptions) {
  const transport = userAgent?.transport;
  if (!transport?.isConnected()) return;
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

function invite(id, user, headersJson) {
  const failed = (phrase) =>
    emit({ type: "ended", call_id: id, by: "local", kind: "failed", status: 0, phrase, reason: "" });
  const target = userAgent && targetUri(user, userAgent.configuration.uri);
  if (!target) {
    failed(userAgent ? "Invalid target" : "Not configured");
    return;
  }
  if (calls.has(id)) throw new TypeError("This call exists");
  try {
    const extraHeaders = headerLines(JSON.parse(headersJson || "[]"));
    add(id, new Inviter(userAgent, target, { extraHeaders })).start();
  } catch {
    failed("Invalid request");
  }
}

function replace(id, json) {
  const dialog = JSON.parse(json);
  const wasAside = aside.has(id);
  calls.get(id)?.abandon();
  setAside(id, wasAside);
  try {
    keepGruu(userAgent, dialog.gruu);
    const { target, options } = dialog.in_dialog ? offerInDialog(dialog) : replacement(dialog);
    const inviter = new Inviter(userAgent, target, options);
    const session = dialog.in_dialog ? rejoin(inviter, dialog) : inviter;
    add(id, session, { muted: dialog.muted, held: dialog.held }).start();
  } catch {
    emit({ type: "replace_failed", call_id: id, status: 0 });
  }
}

function setAside(id, on) {
  if (on) aside.add(id);
  else aside.delete(id);
  calls.get(id)?.setAside(on);
}

async function stats(id) {
  try {
    return JSON.stringify((await calls.get(id)?.stats()) ?? {});
  } catch {
    return "{}";
  }
}

/** Nothing may be thrown into Python: a failure becomes an event and `otherwise`. */
function safe(name, fn, otherwise) {
  return (...args) => {
    try {
      return fn(...args);
    } catch (error) {
      emit({ type: "fault", function: name, name: error?.name ?? "Error" });
      return otherwise;
    }
  };
}

/** A function of one call; a call that is over is no fault, its `ended` is on the way. */
const ofCall = (action) => (id, ...args) => {
  const call = calls.get(id);
  return call && action(call, ...args);
};

const functions = {
  listen,
  configure,
  connect,
  disconnect: () => userAgent?.transport.disconnect(),
  ping,
  register: () => registration.register(),
  unregister: () => registration.unregister(),
  invite,
  replace,
  expect: (sipCallId, callId) => (callId ? expected.set(sipCallId, callId) : expected.delete(sipCallId)),
  cancelReplacement: ofCall((call) => call.abandon()),
  farewell: (json) => phone.whenConnected(() => sayFarewell(userAgent, JSON.parse(json))),
  accept: ofCall((call) => call.accept()),
  reject: ofCall((call, status) => call.end(status)),
  cancel: ofCall((call) => call.end()),
  bye: ofCall((call) => call.end()),
  hold: ofCall((call, on) => call.hold(on)),
  restartIce: ofCall((call) => call.restartIce()),
  reopenMicrophone: ofCall((call) => call.reopenMicrophone()),
  setAside,
  mute: ofCall((call, on) => call.mute(on)),
  canInsertDtmf: (id) => calls.get(id)?.takesTones ?? false,
  insertDtmf: ofCall((call, digits) => call.insertTones(digits)),
  sendInfo: ofCall((call, contentType, body) => call.sendInfo(contentType, body)),
  refer: ofCall((call, user) => call.refer(user)),
  referToCall: ofCall((call, json) => call.referToCall(JSON.parse(json))),
  acceptRefer: ofCall((call) => call.acceptRefer()),
  rejectRefer: ofCall((call) => call.rejectRefer()),
  play: () => calls.forEach((call) => call.play()),
  stats,
};

globalThis.zorioSip = Object.freeze(
  Object.fromEntries(
    Object.entries(functions).map(([name, fn]) => [name, safe(name, fn, name === "canInsertDtmf" ? false : undefined)]),
  ),
);

openEarly();
