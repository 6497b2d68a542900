import { Inviter, SessionState } from "sip.js";

import { attempt, harmless } from "./attempt.js";
import { beforeReinvite } from "./inside.js";
import { outliveLostAck } from "./lost-ack.js";
import { finalStatus } from "./messages.js";

const RETRY_LATER = 491;
const NO_ANSWER = 0;
/** @param {boolean} hold @returns {SessionDescriptionHandlerOptions} */
export const withHold = (hold) => ({ hold });

/**
 * @import { Core, Session } from "sip.js"
 * @import { SessionDescriptionHandlerOptions } from "sip.js/lib/platform/web/index.js"
 * @import { CallMedia } from "./media.js"
 * @import { Silence } from "./silence.js"
 *
 * @typedef {object} HoldHooks what a Hold needs of the call
 * @property {() => CallMedia | null} media null when another session has taken this one's place
 * @property {Silence} silence
 * @property {(on: boolean) => void} held
 * @property {(on: boolean, status: number) => void} failed
 * @property {() => void} restarted
 * @property {(status: number) => void} restartFailed
 */

/**
 * Our re-INVITEs in one call, one offer at a time (RFC 3261 section 14): hold and unhold (RFC 3264 section 8.4), and ICE
 * restarts, which keep the hold as it is.
 *
 * The microphone is silent from the wish to hold on until an unhold has been accepted. A hold that fails leaves it silent:
 * whether that hold is still wanted, whoever asked for it knows and says (`Silence.hold`).
 */
export class Hold {
  #session;
  #call;
  #held = false;
  #asking = false;
  #answering = false;
  #confirmed;

  /**
   * `held`: the session begins on hold, or in the place of one that was.
   * @param {Session} session with its delegate
   * @param {HoldHooks} call
   * @param {boolean} held
   */
  constructor(session, call, held) {
    this.#session = session;
    this.#call = call;
    this.#held = held;
    if (held) session.sessionDescriptionHandlerOptionsReInvite = withHold(true);
    this.#confirmed = session instanceof Inviter;
    const onInvite = () => {
      this.#answering = false;
    };
    const onAck = () => {
      this.#confirmed = true;
    };
    session.delegate = { ...session.delegate, onInvite, onAck };
    this.#refuseWhileAsking();
  }

  /** @param {boolean} on */
  set(on) {
    const { silence } = this.#call;
    // "sendonly" still sends: whoever puts a caller on hold must not be heard from this moment on
    if (on) silence.hold(true);
    const endSilence = silence.askUnhold();
    const refused = this.#refusal();
    if (refused !== null) {
      this.#call.failed(on, refused);
      return;
    }
    const directions = this.#call.media()?.directions ?? [];
    const accepted = () => {
      this.#settle(on);
      if (this.#call.media()) {
        if (on) silence.hold(true);
        else endSilence();
      }
      this.#call.held(on);
    };
    const failed = (/** @type {number} */ status) => {
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
    const options = { hold: this.#held, offerOptions: { iceRestart: true } };
    const restarted = () => {
      this.#settle(this.#held);
      this.#call.restarted();
    };
    const failed = (/** @type {number} */ status) => {
      this.#settle(this.#held);
      this.#call.restartFailed(status);
    };
    this.#offer(options, restarted, failed);
  }

  /** The status to fail with when no offer can be made now, else null. */
  #refusal() {
    if (this.#session.state !== SessionState.Established) return NO_ANSWER;
    // SIP.js ends the call when the ACK of an inbound call meets an offer of ours
    return this.#asking || this.#answering || !this.#confirmed ? RETRY_LATER : null;
  }

  /**
   * @param {SessionDescriptionHandlerOptions} sessionDescriptionHandlerOptions
   * @param {() => void} accepted
   * @param {(status: number) => void} failed
   */
  #offer(sessionDescriptionHandlerOptions, accepted, failed) {
    this.#asking = true;
    const requestDelegate = {
      onAccept: () => accepted(),
      onReject: (/** @type {Core.IncomingResponse} */ { message }) => failed(finalStatus(message).status),
    };
    attempt(
      () => this.#session.invite({ sessionDescriptionHandlerOptions, requestDelegate }),
      async () => {
        // The offer may have been made although it could not be sent: an INVITE of the peer is not done with yet. A
        // rollback that fails leaves a closed connection, or an offer of the peer's that came between.
        await this.#call.media()?.rollbackDescription().catch(harmless);
        failed(RETRY_LATER);
      },
    );
  }

  /** @param {boolean} held */
  #settle(held) {
    this.#asking = false;
    this.#held = held;
    // What SIP.js answers the peer's next re-INVITE with
    this.#session.sessionDescriptionHandlerOptionsReInvite = withHold(held);
  }

  /**
   * SIP.js answers 491 only once its own INVITE is on the wire: one of the peer's that came while our offer was being
   * made spoiled both, with 488. That it has answered one it tells through onInvite.
   */
  #refuseWhileAsking() {
    beforeReinvite(this.#session, (request) => {
      if (this.#asking) {
        request.reject({ statusCode: RETRY_LATER });
        return false;
      }
      this.#answering = true;
      if (this.#session.dialog) outliveLostAck(this.#session.dialog, request);
      return true;
    });
  }
}
