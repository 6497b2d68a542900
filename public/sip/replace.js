/** A call outlives the page of one of its sides: INVITE with Replaces (RFC 3891), made and understood. */
import { Grammar, URI } from "sip.js";

import { attempt } from "./attempt.js";
import { beforeAccept, inviteOf, sessionDialog, setFromTag, setRouteSet } from "./inside.js";

/**
 * @import { Core, Invitation, Inviter, Session, UserAgent } from "sip.js"
 * @import { Call } from "./call.js"
 * @import { Dialog, Replacement } from "./interface.js"
 *
 * @typedef {{ key: string | null, earlyOnly?: boolean }} Replaces a header that cannot be read has no key
 */

const RETRY_LATER = 491;
/** A former page sent some requests we know nothing of; ours must have a higher CSeq, and gaps are allowed. */
const SEQUENCE_AHEAD = 1000;
const FAREWELL_AHEAD = 100_000;
let offersInDialog = 0;

/**
 * The end a dialog is known by, as this side sees it.
 * @param {string} sipCallId
 * @param {string} localTag
 * @param {string} remoteTag
 */
export const dialogKey = (sipCallId, localTag, remoteTag) => `${sipCallId};${localTag};${remoteTag}`;

/** Of an INVITE with Replaces, null of another. @param {Core.IncomingRequestMessage} request @returns {Replaces | null} */
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

/** @param {URI} one @param {URI} other */
export const sameIdentity = (one, other) =>
  one.user === other.user && hostOf(one) === hostOf(other);

const hostOf = (/** @type {URI} */ uri) => uri.host.toLowerCase();

/**
 * Another session wants the place of one we are in: of the same person, whose page was reloaded, or of somebody that
 * person transfers to us (RFC 5589 section 7), who says so by Referred-By. Who may have it, the listener decides.
 * @param {Invitation} invitation
 * @param {Replaces} replaces
 * @param {Call[]} calls
 */
export function takeOver(invitation, replaces, calls) {
  const refuse = (/** @type {number} */ statusCode) => attempt(() => invitation.reject({ statusCode }));
  const { key } = replaces;
  const call = key !== null && calls.find((candidate) => candidate.isKnownBy(key));
  if (!call) {
    refuse(481);
    return;
  }
  const { remoteIdentity, request } = invitation;
  const referredBy = Grammar.nameAddrHeaderParse(request.getHeader("referred-by") ?? "");
  const asked = call.askTakeover(invitation, {
    same_party: call.isWith(remoteIdentity.uri),
    sent_by_party: referredBy !== undefined && call.isWith(referredBy.uri),
    early_only: replaces.earlyOnly === true,
  });
  if (!asked) refuse(RETRY_LATER);
}

/** Headers and options of the Inviter that replaces `dialog`. @param {Replacement} dialog */
export function replacement(dialog) {
  const target = parsed(dialog.target);
  const { sip_call_id: sipCallId, local_tag: localTag, remote_tag: remoteTag } = dialog;
  const extraHeaders = [`Replaces: ${sipCallId};to-tag=${remoteTag};from-tag=${localTag}`, "Require: replaces"];
  return { target, options: { extraHeaders, params: { toUri: parsed(dialog.remote_uri) } } };
}

/**
 * Options of an Inviter whose INVITE is a re-INVITE in `dialog`, for a far end that knows no Replaces; then hand it to
 * `rejoin`. SIP.js makes the dialog anew from the answer: it has the same tags, and so is the same one.
 * @param {Dialog} dialog
 */
export function offerInDialog(dialog) {
  offersInDialog += 1;
  const params = {
    toUri: parsed(dialog.remote_uri),
    toTag: dialog.remote_tag,
    callId: dialog.sip_call_id,
    cseq: dialog.sequence + SEQUENCE_AHEAD * offersInDialog,
    routeSet: dialog.routes,
  };
  return { target: parsed(dialog.remote_target), options: { params } };
}

/**
 * What no option of the Inviter says: our tag, and the route set, which an answer to a re-INVITE does not repeat.
 * @param {Inviter} inviter
 * @param {Dialog} dialog
 */
export function rejoin(inviter, dialog) {
  setFromTag(inviteOf(inviter), dialog.local_tag);
  beforeAccept(inviter, (session) => setRouteSet(session, dialog.routes));
  return inviter;
}

/** What a later page must know of `session`, which is established. @param {Session} session @returns {Dialog} */
export function dialogOf(session) {
  const { userAgent } = session;
  if (!session.dialog) throw new TypeError("Not established");
  const dialog = sessionDialog(session.dialog);
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

/** End a dialog of a former page, which no session of ours belongs to. @param {UserAgent} userAgent @param {Dialog} dialog */
export function sayFarewell(userAgent, dialog) {
  const core = userAgent.userAgentCore;
  const { uri } = userAgent.configuration;
  const options = {
    callId: dialog.sip_call_id,
    cseq: dialog.sequence + FAREWELL_AHEAD,
    fromTag: dialog.local_tag,
    toTag: dialog.remote_tag,
    routeSet: dialog.routes,
  };
  core.request(
    core.makeOutgoingRequestMessage("BYE", parsed(dialog.remote_target), uri, parsed(dialog.remote_uri), options),
  );
}

/**
 * Be reachable as the former page was, before the registrar has said so again (RFC 5627).
 * @param {UserAgent} userAgent
 * @param {string} gruu
 */
export function keepGruu(userAgent, gruu) {
  if (gruu && !userAgent.contact.pubGruu) userAgent.contact.pubGruu = parsed(gruu);
}

/** Throws SyntaxError. @param {string} text */
export function parsed(text) {
  const uri = Grammar.URIParse(text);
  if (!(uri instanceof URI)) throw new SyntaxError("Not a SIP URI");
  return uri;
}

/** Without parameters, as an address of record is written. @param {URI} uri */
function plain(uri) {
  return new URI(uri.scheme, uri.user ?? "", uri.host, uri.port);
}
