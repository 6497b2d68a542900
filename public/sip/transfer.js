import { attempt, tellMistake } from "./attempt.js";
import { sessionLike } from "./inside.js";
import { displayText, finalStatus, nameOf, sipfragStatus, targetUri, userOf } from "./messages.js";
import { parsed } from "./replace.js";

/**
 * @import { Core, Inviter, NameAddrHeader, Notification, Referral, Session, URI } from "sip.js"
 * @import { CallNews, TransferTarget } from "./interface.js"
 * @import { FinalStatus } from "./messages.js"
 */

/**
 * REFER in one call: ours and the peer's, blind (RFC 3515) and attended, with Replaces (RFC 3891 and RFC 5589 section 7).
 *
 * `referred(inviter, callUuid)` starts the call the peer asked for.
 */
export class Transfer {
  #session;
  #tell;
  #referred;
  /** @type {{ referral: Referral, newUuid: string } | null} */
  #referral = null;

  /**
   * @param {() => Session} session
   * @param {(event: CallNews) => void} tell
   * @param {(inviter: Inviter, callUuid: string) => void} referred
   */
  constructor(session, tell, referred) {
    this.#session = session;
    this.#tell = tell;
    this.#referred = referred;
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

  /** The peer sent a REFER: one at a time is told by `referred`, and waits for `accept` or `reject`. @param {Referral} referral */
  received(referral) {
    try {
      if (this.#referral) {
        attempt(() => referral.reject({ statusCode: 491 }));
        return;
      }
      const callee = calleeOf(referral.referTo);
      const newUuid = crypto.randomUUID();
      this.#referral = { referral, newUuid };
      this.#tell({ type: "referred", new_call_uuid: newUuid, ...callee });
    } catch (error) {
      tellMistake(error, "received");
      attempt(() => referral.reject({ statusCode: 400 }));
    }
  }

  /** Follow the REFER announced by `referred`: the new call starts under the id given there. */
  accept() {
    const pending = this.#takeReferral();
    if (!pending) return;
    attempt(async () => {
      await pending.referral.accept();
      this.#referred(pending.referral.makeInviter(), pending.newUuid);
    });
  }

  reject() {
    const pending = this.#takeReferral();
    if (pending) attempt(() => pending.referral.reject({ statusCode: 603 }));
  }

  #takeReferral() {
    const pending = this.#referral;
    this.#referral = null;
    return pending;
  }
}

/** `{user, attended}` of a Refer-To. Throws for a Replaces that would not stay one header (SIP.js does not look). @param {NameAddrHeader} referTo */
function calleeOf(referTo) {
  const [replaces] = [referTo.uri.getHeader("replaces")].flat();
  if (!replaces) return { user: userOf(referTo.uri), attended: false };
  if (/[\u0000-\u001f\u007f]/.test(decodeURIComponent(replaces))) throw new SyntaxError("Not a Replaces");
  return { user: nameOf(referTo) || userOf(referTo.uri), attended: true };
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
