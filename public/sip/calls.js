/**
 * The calls of this page by their ids, and how they come to be.
 *
 * @import { Invitation } from "sip.js"
 * @import { Resuming, Surroundings } from "./call.js"
 * @import { Replacement } from "./interface.js"
 */
import { Inviter } from "sip.js";

import { tellMistake } from "./attempt.js";
import { Call } from "./call.js";
import { emit } from "./events.js";
import { headerLines, nameOf, targetUri, toldHeaders, userOf } from "./messages.js";
import { keepGruu, offerInDialog, rejoin, replacement, replacesOf, takeOver } from "./replace.js";
import { iceServers, sendOrOwe, userAgent } from "./user-agent.js";

/** @type {Map<string, Call>} */
export const calls = new Map();
/** Our id of a call by its SIP Call-ID. @type {Map<string, string>} */
const expected = new Map();
/** @type {Set<string>} */
const aside = new Set();

/** @type {Surroundings} */
const phone = {
  sendOrOwe,
  over(id, call) {
    if (calls.get(id) !== call) return;
    calls.delete(id);
    aside.delete(id);
  },
  iceServers,
  referred(inviter, id) {
    add(id, inviter).start();
  },
};

/**
 * @param {string} id
 * @param {Inviter | Invitation} session
 * @param {Resuming} [resuming]
 */
function add(id, session, resuming) {
  const call = new Call(id, session, phone, resuming);
  calls.set(id, call);
  call.sound.setAside(aside.has(id));
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

/** @param {string} id @param {string} user @param {string} headersJson */
export function invite(id, user, headersJson) {
  const failed = (/** @type {string} */ phrase) =>
    emit({ type: "ended", call_uuid: id, by: "local", kind: "failed", status: 0, phrase, reason: "" });
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
    add(id, new Inviter(userAgent, target, { extraHeaders })).start();
  } catch (error) {
    tellMistake(error, "invite");
    failed("Invalid request");
  }
}

/** @param {string} id @param {string} json */
export function replace(id, json) {
  /** @type {Replacement} */
  const dialog = JSON.parse(json);
  const wasAside = aside.has(id);
  calls.get(id)?.abandon({ again: true });
  setAside(id, wasAside);
  try {
    if (!userAgent) throw new TypeError("Not configured");
    keepGruu(userAgent, dialog.gruu);
    const { target, options } = dialog.in_dialog ? offerInDialog(dialog) : replacement(dialog);
    const inviter = new Inviter(userAgent, target, options);
    const session = dialog.in_dialog ? rejoin(inviter, dialog) : inviter;
    add(id, session, { muted: dialog.muted, held: dialog.held }).start();
  } catch (error) {
    tellMistake(error, "replace");
    emit({ type: "replace_failed", call_uuid: id, status: 0 });
  }
}

/** @param {string} id @param {boolean} on */
export function setAside(id, on) {
  if (on) aside.add(id);
  else aside.delete(id);
  calls.get(id)?.sound.setAside(on);
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
