/** The calls of this page by their ids, and how they come to be. */
import { Inviter } from "sip.js";

import { Call } from "./call.js";
import { emit } from "./events.js";
import { headerLines, nameOf, targetUri, toldHeaders, userOf } from "./messages.js";
import { keepGruu, offerInDialog, rejoin, replacement, replacesOf, takeOver } from "./replace.js";
import { iceServers, userAgent, whenConnected } from "./user-agent.js";

export const calls = new Map();
const expected = new Map();
const aside = new Set();

/** What a Call may ask of its surroundings. */
const phone = {
  whenConnected,
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

function add(id, session, resuming) {
  const call = new Call(id, session, phone, resuming);
  calls.set(id, call);
  call.sound.setAside(aside.has(id));
  return call;
}

/** An INVITE arrived. */
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
    call_id: id,
    sip_call_id: request.callId,
    user: userOf(remoteIdentity.uri),
    display_name: nameOf(remoteIdentity),
    headers: toldHeaders(request),
  });
}

export function expect(sipCallId, callId) {
  if (callId) expected.set(sipCallId, callId);
  else expected.delete(sipCallId);
}

export function invite(id, user, headersJson) {
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

export function replace(id, json) {
  const dialog = JSON.parse(json);
  const wasAside = aside.has(id);
  calls.get(id)?.abandon({ again: true });
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

export function setAside(id, on) {
  if (on) aside.add(id);
  else aside.delete(id);
  calls.get(id)?.sound.setAside(on);
}

export async function stats(id) {
  try {
    return JSON.stringify((await calls.get(id)?.sound.stats()) ?? {});
  } catch {
    return "{}";
  }
}
