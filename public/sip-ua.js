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
 *   useDevices(microphone, speaker)     ids of devices, "" for the browser's own choice; running calls change over, microphone_ready
 *                               comes for each that did. One that is not there is the browser's own choice as well
 *   openMicrophone(id) -> Promise<MediaStream>     to try one out, apart from any call; "" or one that is gone: the browser's
 *                               own choice. Rejects with a DOMException, "PolicyBlocked" as in microphone_failed
 *   play()                      try again to play remote audio, within a tap
 *   stats(callId) -> Promise<json>     {packets_received, packets_sent, packets_lost, loss_sent (fraction), reported_at (ms,
 *                               of the far end's last report on our packets), direction (what both sides agreed on), audio_energy_received, audio_level, connection_state,
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
import { calls, expect, invite, received, replace, setAside, stats } from "./sip/calls.js";
import { chooseDevices, openMicrophone } from "./sip/devices.js";
import { openEarly } from "./sip/early-microphone.js";
import { emit, listen } from "./sip/events.js";
import { sayFarewell } from "./sip/replace.js";
import { configure, connect, ping, registration, userAgent, whenConnected } from "./sip/user-agent.js";

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
  configure: (json) => configure(json, { received, endAll: () => calls.forEach((call) => call.end()) }),
  connect,
  disconnect: () => userAgent?.transport.disconnect(),
  ping,
  register: () => registration.register(),
  unregister: () => registration.unregister(),
  invite,
  replace,
  expect,
  cancelReplacement: ofCall((call) => call.abandon()),
  farewell: (json) => whenConnected(() => sayFarewell(userAgent, JSON.parse(json))),
  accept: ofCall((call) => call.accept()),
  reject: ofCall((call, status) => call.end(status)),
  cancel: ofCall((call) => call.end()),
  bye: ofCall((call) => call.end()),
  hold: ofCall((call, on) => call.hold(on)),
  restartIce: ofCall((call) => call.restartIce()),
  reopenMicrophone: ofCall((call) => call.sound.reopenMicrophone()),
  setAside,
  mute: ofCall((call, on) => call.sound.mute(on)),
  canInsertDtmf: (id) => calls.get(id)?.takesTones ?? false,
  insertDtmf: ofCall((call, digits) => call.sound.insertTones(digits)),
  sendInfo: ofCall((call, contentType, body) => call.sendInfo(contentType, body)),
  refer: ofCall((call, user) => call.transfer.refer(user)),
  referToCall: ofCall((call, json) => call.transfer.referToCall(JSON.parse(json))),
  acceptRefer: ofCall((call) => call.transfer.accept()),
  rejectRefer: ofCall((call) => call.transfer.reject()),
  useDevices: (microphone, speaker) => {
    chooseDevices(microphone, speaker);
    calls.forEach((call) => call.sound.useDevices());
  },
  openMicrophone,
  play: () => calls.forEach((call) => call.sound.play()),
  stats,
};

globalThis.zorioSip = Object.freeze(
  Object.fromEntries(
    Object.entries(functions).map(([name, fn]) => [name, safe(name, fn, name === "canInsertDtmf" ? false : undefined)]),
  ),
);

openEarly();
