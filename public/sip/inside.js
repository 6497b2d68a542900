/**
 * The private parts of SIP.js that this shim uses. No other file uses any.
 *
 * SIP.js is pinned in package-lock.json. Brackets are TypeScript's way past `private` and `protected`: tsc still finds
 * out when a part of that name is gone. SIP.js publishes no types of its private parts, so they are given here.
 *
 * @import { Emitter, Inviter, RegistererOptions, RegistererRegisterOptions, RegistererState } from "sip.js"
 * @import { RegistererUnregisterOptions, Session, UserAgent } from "sip.js"
 */
import { Core, Registerer } from "sip.js";

/** The INVITE that `inviter` is going to send. @param {Inviter} inviter @returns {Core.OutgoingRequestMessage} */
export const inviteOf = (inviter) => inviter["outgoingRequestMessage"];

/**
 * Look at each 2xx before SIP.js does. `look` gets the session dialog that was just made.
 * @param {Inviter} inviter
 * @param {(dialog: Core.Session) => void} look
 */
export function beforeAccept(inviter, look) {
  /** @type {(response: Core.AckableIncomingResponseWithSession) => Promise<void>} */
  const accepted = inviter["onAccept"].bind(inviter);
  inviter["onAccept"] = (/** @type {Core.AckableIncomingResponseWithSession} */ response) => {
    look(response.session);
    return accepted(response);
  };
}

/**
 * `decide(request)` sees every re-INVITE of the peer; SIP.js answers it where that is true.
 * @param {Session} session
 * @param {(request: Core.IncomingInviteRequest) => boolean} decide
 */
export function beforeReinvite(session, decide) {
  const answer = session["onInviteRequest"].bind(session);
  session["onInviteRequest"] = (request) => {
    if (decide(request)) answer(request);
  };
}

/**
 * `hear(request)` gets every REFER in a dialog of `session`. SIP.js leaves one without an answer that does not come in an
 * established session.
 * @param {Session} session
 * @param {(request: Core.IncomingReferRequest) => void} hear
 */
export function hearRefer(session, hear) {
  session["onReferRequest"] = hear;
}

/**
 * `hear(message)` gets each response to the INVITE of `inviter` that SIP.js would tell a referrer of.
 * @param {Inviter} inviter
 * @param {(message: Core.IncomingResponseMessage) => void} hear
 */
export function hearResponses(inviter, hear) {
  inviter["notifyReferer"] = (/** @type {Core.IncomingResponse} */ { message }) => hear(message);
}

/** A 200 that comes after a CANCEL is acknowledged, and no BYE follows it. @param {Session} session */
export function ackWithoutBye(session) {
  session["ackAndBye"] = (response) => {
    response.ack();
  };
}

/** SIP.js has one class of dialogs with sessions; its interface leaves some of it out. @param {Core.Session} dialog */
export const sessionDialog = (dialog) => /** @type {Core.SessionDialog} */ (dialog);

/** SIP.js's server transaction behind a request it hands out. @param {Core.IncomingInviteRequest} request */
export const transactionOf = (request) => /** @type {Core.UserAgentServer} */ (/** @type {unknown} */ (request)).transaction;

/**
 * @param {Core.OutgoingRequestMessage} invite not sent yet
 * @param {string} tag
 */
export function setFromTag(invite, tag) {
  /** @type {{ fromTag: string }} */ (invite).fromTag = tag;
  invite.from.setParam("tag", tag);
  invite.setHeader("From", invite.from.toString());
}

/** @param {Core.Session} dialog @param {string[]} routes */
export function setRouteSet(dialog, routes) {
  sessionDialog(dialog)["dialogState"].routeSet = [...routes];
}

/**
 * @typedef {{
 *   readonly state: RegistererState,
 *   readonly stateChange: Emitter<RegistererState>,
 *   register(options?: RegistererRegisterOptions): Promise<Core.OutgoingRegisterRequest>,
 *   unregister(options?: RegistererUnregisterOptions): Promise<Core.OutgoingRegisterRequest>,
 *   readonly expires: number,
 *   readonly request: Core.OutgoingRequestMessage,
 *   readonly waiting: boolean,
 *   readonly waitingChange: Emitter<boolean>,
 *   registered(expires: number): void,
 *   unregistered(): void,
 *   terminated(): void,
 * }} RegistererInside
 */

/** Registerer with what a subclass of it must see. */
export const OpenRegisterer = /** @type {new (userAgent: UserAgent, options?: RegistererOptions) => RegistererInside} */ (
  /** @type {unknown} */ (Registerer)
);

/**
 * A Session as far as SIP.js looks at one that a REFER names.
 * @param {{ dialog: Pick<Core.Session, "remoteTarget" | "callId" | "localTag" | "remoteTag">,
 *           remoteIdentity: { friendlyName: string } }} part
 */
export const sessionLike = (part) => /** @type {Session} */ (/** @type {unknown} */ (part));

/** The ACKs that an INVITE transaction of ours has sent. @param {Core.ClientTransaction} transaction */
export function acksOf(transaction) {
  if (!(transaction instanceof Core.InviteClientTransaction)) return [];
  /** @type {Map<string, Core.OutgoingRequestMessage | undefined>} */
  const kept = transaction["ackRetransmissionCache"];
  return [...kept.values()].filter((ack) => ack !== undefined);
}

/** Let a transaction fail as if its message could not be sent. @param {Core.ClientTransaction} transaction @param {string} reason */
export function breakTransaction(transaction, reason) {
  transaction["onTransportError"](new Core.TransportError(reason));
}

/**
 * `answer(client, response)` decides about every final answer to a request of ours: the header to repeat the request with,
 * or null, and SIP.js goes on with the answer as it is. It takes the place of SIP.js's own digest.
 * @param {(client: Core.UserAgentClient, response: Core.IncomingResponseMessage) => { name: string, value: string } | null} answer
 */
export function overrideAuthentication(answer) {
  Core.UserAgentClient.prototype["authenticationGuard"] = function (response, dialog) {
    const header = answer(this, response);
    if (!header) return true;
    const { message } = this;
    const { callId, fromTag, toTag } = message;
    // SIP.js gives the dialog only of a re-INVITE; without it the next request would have this one's CSeq.
    const within = dialog ?? (toTag ? this["core"].dialogs.get(callId + fromTag + toTag) : undefined);
    message.cseq += 1;
    if (within?.localSequenceNumber) {
      within.incrementLocalSequenceNumber();
      message.cseq = within.localSequenceNumber;
    }
    message.setHeader("cseq", `${message.cseq} ${message.method}`);
    message.setHeader(header.name, header.value);
    this["init"]();
    return false;
  };
}

/** Whether somebody has answered an INVITE of ours with more than 100. @param {Core.UserAgentClient} client */
export const hasEarlyDialog = (client) => client instanceof Core.InviteUserAgentClient && client["earlyDialogs"].size > 0;
