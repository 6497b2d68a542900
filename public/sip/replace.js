/** A call outlives the page of one of its sides: INVITE with Replaces (RFC 3891), made and understood. */
import { Grammar, URI } from "sip.js";

import { attempt } from "./attempt.js";

const RETRY_LATER = 491;
/** A former page sent some requests we know nothing of; ours must have a higher CSeq, and gaps are allowed. */
const SEQUENCE_AHEAD = 1000;
const FAREWELL_AHEAD = 100_000;
let offersInDialog = 0;

/** The end a dialog is known by, as this side sees it. */
export const dialogKey = (callId, localTag, remoteTag) => `${callId};${localTag};${remoteTag}`;

/** `{key, earlyOnly}` of an INVITE with Replaces, null of another; a header that cannot be read has no key. */
export function replacesOf(request) {
  if (!request.hasHeader("replaces")) return null;
  let parts;
  try {
    parts = request.parseHeader("replaces");
  } catch {
    parts = undefined;
  }
  const { call_id: callId, replaces_to_tag: toTag, replaces_from_tag: fromTag, early_only: earlyOnly } = parts ?? {};
  if (!callId || !toTag || !fromTag) return { key: null };
  return { key: dialogKey(callId, toTag, fromTag), earlyOnly: earlyOnly === true };
}

export const sameIdentity = (one, other) =>
  one.user === other.user && one.host.toLowerCase() === other.host.toLowerCase();

/**
 * Another session takes the place of one we are in: of the same person, whose page was reloaded, or of somebody that
 * person transfers to us (RFC 5589 section 7), who says so by Referred-By. Who that is, the PBX has checked (the From of
 * an INVITE it lets through); that it is the same one as before, nobody but we can. A Referred-By can be made up, but
 * not the tags of the call it must come with.
 */
export function takeOver(invitation, replaces, calls) {
  const refuse = (statusCode) => attempt(() => invitation.reject({ statusCode }));
  const call = replaces.key && calls.find((candidate) => candidate.isKnownBy(replaces.key));
  if (!call) refuse(481);
  else if (!maySpeakFor(invitation, call)) refuse(403);
  else if (replaces.earlyOnly) refuse(486);
  else if (!call.replaceWith(invitation)) refuse(RETRY_LATER);
}

function maySpeakFor({ remoteIdentity, request }, call) {
  if (call.isWith(remoteIdentity.uri)) return true;
  const referredBy = Grammar.nameAddrHeaderParse(request.getHeader("referred-by") ?? "");
  return referredBy !== undefined && call.isWith(referredBy.uri);
}

/** Headers and options of the Inviter that replaces `dialog` (see `zorioSip.replace`). */
export function replacement(dialog) {
  const target = parsed(dialog.target);
  const { call_id: callId, local_tag: localTag, remote_tag: remoteTag } = dialog;
  const extraHeaders = [`Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`, "Require: replaces"];
  return { target, options: { extraHeaders, params: { toUri: parsed(dialog.remote_uri) } } };
}

/**
 * Options of an Inviter whose INVITE is a re-INVITE in `dialog`, for a far end that knows no Replaces; then hand it to
 * `rejoin`. SIP.js makes the dialog anew from the answer: it has the same tags, and so is the same one.
 */
export function offerInDialog(dialog) {
  offersInDialog += 1;
  const params = {
    toUri: parsed(dialog.remote_uri),
    toTag: dialog.remote_tag,
    callId: dialog.call_id,
    cseq: dialog.sequence + SEQUENCE_AHEAD * offersInDialog,
    routeSet: dialog.routes,
  };
  return { target: parsed(dialog.remote_target), options: { params } };
}

/** What no option of the Inviter says: our tag, and the route set, which an answer to a re-INVITE does not repeat. */
export function rejoin(inviter, dialog) {
  const { outgoingRequestMessage: invite } = inviter;
  invite.fromTag = dialog.local_tag;
  invite.from.setParam("tag", dialog.local_tag);
  invite.setHeader("From", invite.from.toString());
  const accepted = inviter.onAccept.bind(inviter);
  inviter.onAccept = (response) => {
    response.session.dialogState.routeSet = [...dialog.routes];
    return accepted(response);
  };
  return inviter;
}

/** What a later page must know of `session` (SIP.js, established). */
export function dialogOf(session) {
  const { dialog, userAgent } = session;
  return {
    sip_call_id: dialog.callId,
    local_tag: dialog.localTag,
    remote_tag: dialog.remoteTag,
    remote_target: dialog.remoteTarget.toString(),
    remote_uri: plain(session.remoteIdentity.uri).toString(),
    sequence: dialog.localSequenceNumber ?? 0,
    routes: dialog.routeSet,
    instance_id: userAgent.instanceId,
    gruu: userAgent.contact.pubGruu?.toString() ?? "",
  };
}

/** End a dialog of a former page, which no session of ours belongs to. */
export function sayFarewell(userAgent, dialog) {
  const core = userAgent.userAgentCore;
  const { uri } = userAgent.configuration;
  const options = {
    callId: dialog.call_id,
    cseq: dialog.sequence + FAREWELL_AHEAD,
    fromTag: dialog.local_tag,
    toTag: dialog.remote_tag,
    routeSet: dialog.routes,
  };
  core.request(
    core.makeOutgoingRequestMessage("BYE", parsed(dialog.remote_target), uri, parsed(dialog.remote_uri), options),
  );
}

/** Be reachable as the former page was, before the registrar has said so again (RFC 5627). */
export function keepGruu(userAgent, gruu) {
  if (gruu && !userAgent.contact.pubGruu) userAgent.contact.pubGruu = parsed(gruu);
}

export function parsed(text) {
  const uri = Grammar.URIParse(text);
  if (!(uri instanceof URI)) throw new SyntaxError("Not a SIP URI");
  return uri;
}

/** Without parameters, as an address of record is written. */
function plain(uri) {
  return new URI(uri.scheme, uri.user, uri.host, uri.port);
}
