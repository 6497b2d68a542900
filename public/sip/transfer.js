import { URI } from "sip.js";

import { attempt, tellMistake } from "./attempt.js";
import { sessionLike } from "./inside.js";
import { displayText, finalStatus, sipfragStatus, targetUri, userOf } from "./messages.js";
import { Referrer } from "./referrer.js";
import { parsed } from "./replace.js";

/**
 * @import { Core, Notification, Session } from "sip.js"
 * @import { CallNews, ReferTarget, TransferTarget } from "./interface.js"
 * @import { FinalStatus } from "./messages.js"
 */

const DECLINED = 603;

/**
 * REFER in one call: ours and the peer's, blind (RFC 3515) and attended, with Replaces (RFC 3891 and RFC 5589 section 7).
 */
export class Transfer {
  #session;
  #tell;
  /** REFERs of the peer without a final response. @type {Map<string, { request: Core.IncomingReferRequest, session: Session, id: number | null }>} */
  #waiting = new Map();
  #wasReferred = false;

  /**
   * @param {() => Session} session
   * @param {(event: CallNews) => void} tell
   */
  constructor(session, tell) {
    this.#session = session;
    this.#tell = tell;
  }

  /** Blind transfer (RFC 3515). What the referred party is told comes as NOTIFY. @param {string} user */
  refer(user) {
    const target = targetUri(user, this.#session().userAgent.configuration.uri);
    if (target) this.#refer(target);
    else this.#tell({ type: "refer_failed", status: 0, phrase: "Invalid target" });
  }

  /** Attended transfer (RFC 5589 section 7): to somebody we have a call with, which is replaced. @param {TransferTarget} dialog */
  referToCall(dialog) {
    try {
      this.#refer(otherCall(dialog));
    } catch (error) {
      tellMistake(error, "referToCall");
      this.#tell({ type: "refer_failed", status: 0, phrase: "Invalid target" });
    }
  }

  /** @param {URI | Session} target */
  #refer(target) {
    const failed = (/** @type {FinalStatus} */ outcome) => this.#tell({ type: "refer_failed", ...outcome });
    const refused = (/** @type {Core.IncomingResponse} */ { message }) => failed(finalStatus(message));
    const requestDelegate = { onAccept: () => this.#tell({ type: "refer_accepted" }), onReject: refused, onRedirect: refused };
    const onNotify = (/** @type {Notification} */ notification) => this.#notified(notification);
    attempt(
      () => this.#session().refer(target, { requestDelegate, onNotify }),
      () => failed({ status: 0, phrase: "Not established" }),
    );
  }

  /** @param {Notification} notification */
  #notified(notification) {
    attempt(() => notification.accept());
    // SIP.js as the other side says "terminated" in every NOTIFY: only the sipfrag tells how far the transfer is.
    const progress = sipfragStatus(notification.request.body);
    if (progress) this.#tell({ type: "refer_progress", ...progress });
  }

  /**
   * The peer sent a REFER: `referred` tells all of it, and it waits for `accept` or `reject`.
   * @param {Core.IncomingReferRequest} request
   * @param {Session} session the one whose dialog it came in
   */
  received(request, session) {
    const newUuid = crypto.randomUUID();
    const id = this.#wasReferred ? request.message.cseq : null;
    this.#wasReferred = true;
    this.#waiting.set(newUuid, { request, session, id });
    const referredBy = request.message.getHeader("referred-by") ?? "";
    this.#tell({ type: "referred", new_call_uuid: newUuid, ...targetOf(request.message), referred_by: referredBy });
  }

  /** 202 to a REFER that waits. Null where it does not wait any more. @param {string} newUuid */
  accept(newUuid) {
    const refer = this.#take(newUuid);
    if (!refer) return null;
    attempt(() => refer.request.accept({ statusCode: 202 }));
    return new Referrer(refer.session, refer.id);
  }

  /** @param {string} newUuid @param {number} status */
  reject(newUuid, status) {
    const refer = this.#take(newUuid);
    const statusCode = Number.isInteger(status) && status >= 400 && status <= 699 ? status : DECLINED;
    if (refer) attempt(() => refer.request.reject({ statusCode }));
  }

  /** The call is over. */
  over() {
    for (const newUuid of this.#waiting.keys()) this.reject(newUuid, DECLINED);
  }

  /** @param {string} newUuid */
  #take(newUuid) {
    const refer = this.#waiting.get(newUuid);
    this.#waiting.delete(newUuid);
    return refer;
  }
}

/** What the one Refer-To names, as it came; without a scheme where that cannot be said. @param {Core.IncomingRequestMessage} message @returns {ReferTarget} */
function targetOf(message) {
  const unreadable = { scheme: "", user: "", host: "", port: 0, method: "", replaces: null };
  const head = message.data.split(/\r?\n\r?\n/, 1)[0];
  const named = head.match(/^(refer-to|r)[ \t]*:/gim) ?? [];
  const uri = named.length === 1 && message.parseHeader("refer-to")?.uri;
  if (!(uri instanceof URI)) return unreadable;
  try {
    const replaces = [uri.getHeader("replaces") ?? []].flat();
    if (replaces.length > 1) return unreadable;
    return {
      scheme: uri.scheme,
      user: userOf(uri),
      host: uri.host,
      port: uri.port ?? 0,
      method: String(uri.getParam("method") ?? ""),
      replaces: replaces.length ? decodeURIComponent(replaces[0]) : null,
    };
  } catch {
    return unreadable;
  }
}

/**
 * The Session that SIP.js wants to be given, as far as it looks at it.
 * @param {TransferTarget} dialog
 */
function otherCall({ target, name, sip_call_id: callId, local_tag: localTag, remote_tag: remoteTag }) {
  return sessionLike({
    dialog: { remoteTarget: parsed(target), callId, localTag, remoteTag },
    remoteIdentity: { friendlyName: displayText(name) },
  });
}
