import { Inviter, SessionState } from "sip.js";

import { attempt } from "./attempt.js";
import { finalStatus } from "./messages.js";

const RETRY_LATER = 491;
const NO_ANSWER = 0;

/**
 * Hold and unhold of one call by re-INVITE (RFC 3264 section 8.4), one offer at a time (RFC 3261 section 14).
 *
 * `call` is what it needs of the call: `media()` (CallMedia or null), `microphoneChanged()`, `held(on)` and
 * `failed(on, status)`. `silent` is true from the request to hold on until the unhold has been accepted.
 */
export class Hold {
  silent = false;
  #session;
  #call;
  #held = false;
  #asking = false;
  #answering = false;
  #confirmed;

  constructor(session, call) {
    this.#session = session;
    this.#call = call;
    this.#confirmed = session instanceof Inviter;
    session.delegate.onInvite = () => (this.#answering = false);
    session.delegate.onAck = () => (this.#confirmed = true);
    this.#refuseWhileAsking();
  }

  set(on) {
    if (this.#session.state !== SessionState.Established) {
      this.#call.failed(on, NO_ANSWER);
      return;
    }
    // SIP.js ends the call when the ACK of an inbound call meets an offer of ours
    if (this.#asking || this.#answering || !this.#confirmed) {
      this.#call.failed(on, RETRY_LATER);
      return;
    }
    const directions = this.#call.media()?.directions ?? [];
    this.#asking = true;
    // "sendonly" still sends: whoever puts a caller on hold must not be heard from this moment on
    this.silent ||= on;
    this.#call.microphoneChanged();
    const requestDelegate = {
      onAccept: () => {
        this.#settle(on);
        this.#call.held(on);
      },
      onReject: ({ message }) => this.#failed(on, directions, finalStatus(message).status),
    };
    attempt(
      () => this.#session.invite({ sessionDescriptionHandlerOptions: { hold: on }, requestDelegate }),
      async () => {
        // The offer may have been made although it could not be sent: an INVITE of the peer is not done with yet.
        await this.#call.media()?.rollbackDescription().catch(() => {});
        this.#failed(on, directions, RETRY_LATER);
      },
    );
  }

  #failed(on, directions, status) {
    const media = this.#call.media();
    if (media) media.directions = directions;
    // What SIP.js answers the peer's next re-INVITE with
    this.#session.sessionDescriptionHandlerOptionsReInvite = { hold: this.#held };
    this.#settle(this.#held);
    this.#call.failed(on, status);
  }

  #settle(held) {
    this.#asking = false;
    this.#held = held;
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
      answer(request);
    };
  }
}
