/**
 * The calls of this page by their ids, and how they come to be.
 *
 * @import { Invitation } from "sip.js"
 * @import { Surroundings } from "./call.js"
 * @import { Replacement } from "./interface.js"
 * @import { Referrer } from "./referrer.js"
 */
import { Inviter } from "sip.js";

import { tellMistake } from "./attempt.js";
import { Call } from "./call.js";
import { emit } from "./events.js";
import { headerLines, nameOf, targetUri, toldHeaders, userOf } from "./messages.js";
import { keepGruu, offerInDialog, rejoin, replacement, replacesOf, takeOver } from "./replace.js";
import { Silence } from "./silence.js";
import { iceServers, sendOrOwe, userAgent } from "./user-agent.js";

/** @type {Map<string, Call>} */
export const calls = new Map();
/** Our id of a call by its SIP Call-ID. @type {Map<string, string>} */
const expected = new Map();
/** What is silent is said before the call is made, and outlives its sessions. @type {Map<string, Silence>} */
const silences = new Map();

/** @type {Surroundings} */
const phone = {
  sendOrOwe,
  over(id, call) {
    if (calls.get(id) !== call) return;
    calls.delete(id);
    silences.delete(id);
  },
  iceServers,
};

/** Of a call that is there or is about to be made. @param {string} id */
export function silenceOf(id) {
  const silence = silences.get(id) ?? new Silence();
  silences.set(id, silence);
  return silence;
}

/**
 * @param {string} id
 * @param {Inviter | Invitation} session
 * @param {{ resuming?: boolean }} [how]
 */
function add(id, session, how) {
  const call = new Call(id, session, phone, silenceOf(id), how);
  calls.set(id, call);
  return call;
}

/** An INVITE arrived. @param {Invitation} invitation */
export function received(invitation) {
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
    call_uuid: id,
    sip_call_id: request.callId,
    user: userOf(remoteIdentity.uri),
    display_name: nameOf(remoteIdentity),
    headers: toldHeaders(request),
  });
}

/** @param {string} sipCallId @param {string} callId */
export function expect(sipCallId, callId) {
  if (callId) expected.set(sipCallId, callId);
  else expected.delete(sipCallId);
}

/**
 * @param {string} id
 * @param {string} user
 * @param {string} headersJson
 * @param {Referrer} [referrer] who asked for this call, and is told how it goes
 */
export function invite(id, user, headersJson, referrer) {
  const failed = (/** @type {string} */ phrase) => {
    referrer?.decline();
    emit({ type: "ended", call_uuid: id, by: "local", kind: "failed", status: 0, phrase, reason: "" });
  };
  if (!userAgent) {
    failed("Not configured");
    return;
  }
  const target = targetUri(user, userAgent.configuration.uri);
  if (!target) {
    failed("Invalid target");
    return;
  }
  if (calls.has(id)) throw new TypeError("This call exists");
  try {
    const extraHeaders = headerLines(JSON.parse(headersJson || "[]"));
    const inviter = new Inviter(userAgent, target, { extraHeaders });
    referrer?.follow(inviter);
    add(id, inviter).start();
  } catch (error) {
    tellMistake(error, "invite");
    failed("Invalid request");
  }
}

/**
 * Follow the REFER in the call `id` that was told with `newId`. Only what is given here goes into the INVITE.
 * @param {string} id
 * @param {string} newId
 * @param {string} user
 * @param {string} headersJson
 */
export function acceptRefer(id, newId, user, headersJson) {
  const referrer = calls.get(id)?.transfer.accept(newId);
  if (referrer) invite(newId, user, headersJson, referrer);
  else emit({ type: "ended", call_uuid: newId, by: "local", kind: "failed", status: 0, phrase: "No REFER", reason: "" });
}

/** @param {string} id @param {string} json */
export function replace(id, json) {
  /** @type {Replacement} */
  const dialog = JSON.parse(json);
  const silence = silenceOf(id);
  calls.get(id)?.abandon({ again: true });
  silences.set(id, silence);
  silence.mute(dialog.muted);
  silence.hold(dialog.held);
  try {
    if (!userAgent) throw new TypeError("Not configured");
    keepGruu(userAgent, dialog.gruu);
    const { target, options } = dialog.in_dialog ? offerInDialog(dialog) : replacement(dialog);
    const inviter = new Inviter(userAgent, target, options);
    const session = dialog.in_dialog ? rejoin(inviter, dialog) : inviter;
    add(id, session, { resuming: true }).start();
  } catch (error) {
    tellMistake(error, "replace");
    emit({ type: "replace_failed", call_uuid: id, status: 0 });
  }
}

/** @param {string} id */
export async function stats(id) {
  try {
    return JSON.stringify((await calls.get(id)?.sound.stats()) ?? {});
  } catch (error) {
    tellMistake(error, "stats");
    return "{}";
  }
}
