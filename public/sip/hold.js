import { Inviter, SessionState } from "sip.js";

import { attempt } from "./attempt.js";
import { outliveLostAck } from "./lost-ack.js";
import { finalStatus } from "./messages.js";

const RETRY_LATER = 491;
const NO_ANSWER = 0;

/**
 * Our re-INVITEs in one call, one offer at a time (RFC 3261 section 14): hold and unhold (RFC 3264 section 8.4), and ICE
 * restarts, which keep the hold as it is.
 *
 * `call` is what it needs of the call: `media()` (CallMedia or null), `microphoneChanged()`, `held(on)`,
 * `failed(on, status)`, `restarted()` and `restartFailed(status)`. `silent` is true from the request to hold on until the unhold has been accepted.
 */
export class Hold {
  silent = false;
  #session;
  #call;
  #held = false;
  #asking = false;
  #answering = false;
  #confirmed;

  /** `held`: the session begins on hold, or in the place of one that was. */
  constructor(session, call, held) {
    this.#session = session;
    this.#call = call;
    this.#held = held;
    this.silent = held;
    if (held) session.sessionDescriptionHandlerOptionsReInvite = { hold: true };
    this.#confirmed = session instanceof Inviter;
    session.delegate.onInvite = () => (this.#answering = false);
    session.delegate.onAck = () => (this.#confirmed = true);
    this.#refuseWhileAsking();
  }

  get held() {
    return this.#held;
  }

  set(on) {
    const refused = this.#refusal();
    if (refused !== null) {
      this.#call.failed(on, refused);
      return;
    }
    const directions = this.#call.media()?.directions ?? [];
    // "sendonly" still sends: whoever puts a caller on hold must not be heard from this moment on
    this.silent ||= on;
    this.#call.microphoneChanged();
    const accepted = () => {
      this.#settle(on);
      this.#call.held(on);
    };
    const failed = (status) => {
      const media = this.#call.media();
      if (media) media.directions = directions;
      this.#settle(this.#held);
      this.#call.failed(on, status);
    };
    this.#offer({ hold: on }, accepted, failed);
  }

  restartIce() {
    const refused = this.#refusal();
    if (refused !== null) {
      this.#call.restartFailed(refused);
      return;
    }
    const settled = (tell) => (status) => {
      this.#settle(this.#held);
      tell(status);
    };
    const options = { hold: this.#held, offerOptions: { iceRestart: true } };
    this.#offer(options, settled(this.#call.restarted), settled(this.#call.restartFailed));
  }

  /** The status to fail with when no offer can be made now, else null. */
  #refusal() {
    if (this.#session.state !== SessionState.Established) return NO_ANSWER;
    // SIP.js ends the call when the ACK of an inbound call meets an offer of ours
    return this.#asking || this.#answering || !this.#confirmed ? RETRY_LATER : null;
  }

  #offer(sessionDescriptionHandlerOptions, accepted, failed) {
    this.#asking = true;
    const requestDelegate = {
      onAccept: () => accepted(),
      onReject: ({ message }) => failed(finalStatus(message).status),
    };
    attempt(
      () => this.#session.invite({ sessionDescriptionHandlerOptions, requestDelegate }),
      async () => {
        // The offer may have been made although it could not be sent: an INVITE of the peer is not done with yet.
        await this.#call.media()?.rollbackDescription().catch(() => {});
        failed(RETRY_LATER);
      },
    );
  }

  #settle(held) {
    this.#asking = false;
    this.#held = held;
    // What SIP.js answers the peer's next re-INVITE with
    this.#session.sessionDescriptionHandlerOptionsReInvite = { hold: held };
    this.silent = held;
    this.#call.microphoneChanged();
  }

  /**
   * SIP.js answers 491 only once its own INVITE is on the wire: one of the peer's that came while our offer was being
   * made spoiled both, with 488. That it has answered one it tells through onInvite.
   */
  #refuseWhileAsking() {
    const answer = this.#session.onInviteRequest.bind(this.#session);
    this.#session.onInviteRequest = (request) => {
      if (this.#asking) {
        request.reject({ statusCode: RETRY_LATER });
        return;
      }
      this.#answering = true;
      outliveLostAck(this.#session.dialog, request);
      answer(request);
    };
  }
}
