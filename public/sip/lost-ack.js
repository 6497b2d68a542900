import { Core } from "sip.js";

import { sessionDialog, transactionOf } from "./inside.js";

const { SignalingState, TransactionState } = Core;

/**
 * Let the dialog get over the ACK of `offer`, a re-INVITE, that never comes: the peer's line broke before our 200 was there.
 *
 * SIP.js would wait for it as long as the call lasts, refuse each later offer with 500 and make none itself. RFC 3261
 * section 14.2 would end the call after 64*T1. But a peer that offers anew has given up the offer before, and whoever
 * does not is still in the call.
 * @param {Core.Session} session
 * @param {Core.IncomingInviteRequest} offer
 */
export function outliveLostAck(session, offer) {
  const dialog = sessionDialog(session);
  const { message } = offer;
  const transaction = transactionOf(offer);
  const forget = () => {
    if (dialog.reinviteUserAgentServer === offer) dialog.reinviteUserAgentServer = undefined;
  };
  transaction.addStateChangeListener(() => transaction.state === TransactionState.Terminated && forget());
  const { receiveRequest } = Object.getPrototypeOf(dialog);
  dialog.receiveRequest = (request) => {
    const answered = transaction.state === TransactionState.Accepted && dialog.signalingState === SignalingState.Stable;
    if (answered && request.method === "INVITE" && request.cseq > message.cseq) forget();
    receiveRequest.call(dialog, request);
  };
}
