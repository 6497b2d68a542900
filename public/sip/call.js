import { Inviter, SessionState } from "sip.js";

import { attempt } from "./attempt.js";
import { emit, heard } from "./events.js";
import { Hold, withHold } from "./hold.js";
import { ackWithoutBye, hearRefer } from "./inside.js";
import { finalStatus, nameOf, reasonOf, userOf } from "./messages.js";
import { digitOfInfo } from "./received-dtmf.js";
import { dialogKey, dialogOf, sameIdentity } from "./replace.js";
import { Sound } from "./sound.js";
import { Transfer } from "./transfer.js";

/**
 * @import { Bye, Cancel, Core, Info, Invitation, URI } from "sip.js"
 * @import { CallEvents, CallNews } from "./interface.js"
 * @import { CallMedia } from "./media.js"
 * @import { Silence } from "./silence.js"
 *
 * @typedef {CallEvents["ended"]} End
 *
 * @typedef {object} Surroundings
 * @property {(send: () => void) => void} sendOrOwe
 * @property {(id: string, call: Call) => void} over
 * @property {() => RTCIceServer[]} iceServers
 */

const RETRY_LATER = 491;
/** Of an INVITE that wants the place of a session that is over (RFC 3891 section 3). */
const GONE = 481;
/** @type {End} */
const FAILED = { by: "local", kind: "failed", status: 0, phrase: "", reason: "" };

/**
 * One call: a SIP.js Inviter or Invitation, its `sound`, its `transfer` and its events.
 *
 * Exactly one `ended` is emitted, and nothing after it.
 *
 * `resuming`: it takes back a call of a former page. Until that has worked it tells of progress, and
 * `replace_failed` instead of an end; afterwards it is a call like any other. When the far end's page does the same,
 * another session takes this one's place and the call goes on (`acceptTakeover`).
 */
export class Call {
  #id;
  #session;
  #phone;
  #silence;
  /** @type {Hold} */
  #hold;
  #answering = false;
  #over = false;
  #resuming;
  /** @type {Set<string>} */
  #known = new Set();
  /** Wants this session's place, and waits to hear whether it may have it. @type {Invitation | null} */
  #applicant = null;
  /** @type {Invitation | null} */
  #successor = null;
  /** Why the session ended whose successor is being answered. @type {Partial<End> | null} */
  #parting = null;
  /** @type {() => void} */
  #detach;

  /**
   * @param {string} id
   * @param {Inviter | Invitation} session
   * @param {Surroundings} phone
   * @param {Silence} silence
   * @param {{ resuming?: boolean }} [how]
   */
  constructor(id, session, phone, silence, { resuming = false } = {}) {
    this.#id = id;
    this.#phone = phone;
    this.#silence = silence;
    this.#resuming = resuming;
    const tell = (/** @type {CallNews} */ event) => this.#tell(event);
    this.sound = new Sound(tell, silence);
    this.transfer = new Transfer(() => this.#session, tell);
    [this.#session, this.#hold, this.#detach] = this.#attach(session, silence.held);
  }

  /**
   * Be told of everything `session` does, which has been put on hold by us already or not.
   * @param {Inviter | Invitation} session
   * @param {boolean} held
   * @returns {[Inviter | Invitation, Hold, () => void]} the session, its Hold, and what ends the listening
   */
  #attach(session, held) {
    session.delegate = {
      onSessionDescriptionHandler: (media) => this.sound.adopt(/** @type {CallMedia} */ (media)),
      onBye: heard("onBye", (/** @type {Bye} */ bye) => this.#byeReceived(bye)),
      onCancel: heard("onCancel", (/** @type {Cancel} */ cancel) => this.#cancelReceived(cancel)),
      onInfo: heard("onInfo", (/** @type {Info} */ info) => this.#infoReceived(info)),
      onNotify: (notification) => attempt(() => notification.accept()),
    };
    hearRefer(session, heard("onRefer", (/** @type {Core.IncomingReferRequest} */ request) => this.transfer.received(request, session)));
    const changed = heard("stateChange", (/** @type {SessionState} */ state) => this.#stateChanged(state));
    session.stateChange.addListener(changed);
    const current = () => session === this.#session;
    const tell = (/** @type {CallNews} */ event) => {
      if (current()) this.#tell(event);
    };
    const hold = new Hold(
      session,
      {
        media: () => (current() && !this.#over ? this.sound.media : null),
        silence: this.#silence,
        held: (on) => tell({ type: "held", on }),
        failed: (on, status) => tell({ type: "hold_failed", on, status }),
        restarted: () => tell({ type: "restarted" }),
        restartFailed: (status) => tell({ type: "restart_failed", status }),
      },
      held,
    );
    const detach = () => {
      session.delegate = undefined;
      session.stateChange.removeListener(changed);
      this.sound.orphan();
    };
    return [session, hold, detach];
  }

  get established() {
    return this.#session.state === SessionState.Established;
  }

  /**
   * Whether `uri` is the far end: the number that was called, or whoever answered it. That is another one where a number
   * rings several phones, and the PBX says who (RFC 3325).
   * @param {URI} uri
   */
  isWith(uri) {
    const { remoteIdentity, assertedIdentity } = this.#session;
    return [remoteIdentity, assertedIdentity].some((each) => each !== undefined && sameIdentity(each.uri, uri));
  }

  /** Whether it is, or was before it was replaced, the dialog of this key (see replace.js). @param {string} key */
  isKnownBy(key) {
    return this.#known.has(key);
  }

  /**
   * Ask whether `invitation` may take this session's place. False when another one asks already.
   * @param {Invitation} invitation
   * @param {CallEvents["takeover_asked"]} who
   */
  askTakeover(invitation, who) {
    if (this.#over || this.#applicant) return false;
    this.#applicant = invitation;
    this.#tell({ type: "takeover_asked", ...who });
    return true;
  }

  acceptTakeover() {
    const invitation = this.#takeApplicant();
    if (invitation && !this.#replaceWith(invitation)) attempt(() => invitation.reject({ statusCode: RETRY_LATER }));
  }

  /** @param {number} status */
  refuseTakeover(status) {
    const invitation = this.#takeApplicant();
    if (invitation) attempt(() => invitation.reject({ statusCode: status }));
  }

  #takeApplicant() {
    const invitation = this.#applicant;
    this.#applicant = null;
    return invitation;
  }

  /**
   * The far end goes on in another session, whose INVITE this is. False when it cannot now. The old session stays until
   * the new one is answered; then its end is no end of the call.
   * @param {Invitation} invitation
   */
  #replaceWith(invitation) {
    if (this.#over || this.#successor || !this.established) return false;
    this.#successor = invitation;
    /** @type {CallMedia | null} */
    let media = null;
    invitation.delegate = {
      onSessionDescriptionHandler: (made) => {
        media = /** @type {CallMedia} */ (made);
        media.borrowMicrophone(this.sound.media);
      },
    };
    // Cancelled while it is being answered: what is awaited of a closed connection never comes (W3C WebRTC 4.4.1.2).
    const over = () => {
      if (this.#successor !== invitation) return;
      this.#successor = null;
      if (this.#parting) this.#close(this.#parting);
    };
    invitation.stateChange.addListener((state) => state === SessionState.Terminated && over());
    const accept = async () => {
      const { held } = this.#silence;
      await invitation.accept({ sessionDescriptionHandlerOptions: withHold(held) });
      // Cancelled or failed meanwhile: the old session is all there is.
      if (invitation.state === SessionState.Established) this.#succeed(invitation, media, held);
      over();
    };
    attempt(accept, over);
    return true;
  }

  /**
   * @param {Invitation} invitation
   * @param {CallMedia | null} media
   * @param {boolean} held
   */
  #succeed(invitation, media, held) {
    if (this.#over) {
      attempt(() => invitation.bye());
      return;
    }
    const [old, oldMedia] = [this.#session, this.sound.media];
    this.#parting = null;
    this.#detach();
    [this.#session, this.#hold, this.#detach] = this.#attach(invitation, held);
    if (media) this.sound.succeed(media);
    this.#tellDialog();
    // RFC 3891 section 3; the page it was with is gone, but another phone would be left in the old dialog.
    attempt(() => old.bye());
    oldMedia?.close();
  }

  #tellDialog() {
    const dialog = dialogOf(this.#session);
    const { remoteIdentity } = this.#session;
    this.#known.add(dialogKey(dialog.sip_call_id, dialog.local_tag, dialog.remote_tag));
    this.#tell({ type: "dialog", ...dialog, user: userOf(remoteIdentity.uri), display_name: nameOf(remoteIdentity) });
  }

  /** Send the INVITE of an outbound call. */
  start() {
    const session = this.#session;
    const options = this.#silence.held ? { sessionDescriptionHandlerOptions: withHold(true) } : {};
    const refused = (/** @type {Core.IncomingResponse} */ { message }) => this.#refused(message);
    const requestDelegate = {
      onProgress: (/** @type {Core.IncomingResponse} */ { message }) => this.#tell({ type: "progress", status: message.statusCode ?? 0 }),
      onRedirect: refused,
      onReject: refused,
    };
    const send = async () => {
      await session.invite({ requestDelegate, ...options });
      if (!this.#resuming) this.#tell({ type: "sent", sip_call_id: session.request.callId });
    };
    attempt(send, () => this.#close(FAILED));
  }

  /** Answer an inbound call; without a microphone SIP.js refuses it with 480. */
  accept() {
    const session = this.#session;
    if (session.state !== SessionState.Initial || session instanceof Inviter) return;
    this.#answering = true;
    attempt(
      () => session.accept(),
      () => this.#end(480, FAILED),
    );
  }

  /**
   * End the call in the way its present state asks for: BYE, CANCEL or `status` (400 to 699). Whoever wanted to cancel
   * may be crossing a 200, so the state decides and not the name of the function that was called.
   * @param {number} status
   */
  end(status = 480) {
    this.#end(Number.isInteger(status) && status >= 400 && status <= 699 ? status : 480);
  }

  /**
   * Stop trying to take a call back, without a word. One that was taken back in this very moment is ended, unless
   * `again`: another try follows, and the far end must still be in the call when it comes.
   */
  abandon({ again = false } = {}) {
    if (this.#over) return;
    this.#over = true;
    const session = this.#session;
    if (again) ackWithoutBye(session);
    this.#letGo();
    attempt(() => (session instanceof Inviter && !this.established ? session.cancel() : session.bye()));
  }

  /** @param {boolean} on */
  hold(on) {
    this.#hold.set(on);
  }

  /** Look for another media path, with whatever ICE servers there are by now. */
  restartIce() {
    this.sound.media?.useServers(this.#phone.iceServers());
    this.#hold.restartIce();
  }

  get takesTones() {
    return this.established && this.sound.takesTones;
  }

  /** @param {string} contentType @param {string} content */
  sendInfo(contentType, content) {
    const body = { contentDisposition: "render", contentType, content };
    const refused = (/** @type {Core.IncomingResponse} */ { message }) => this.#digitsFailed(finalStatus(message).status);
    const requestDelegate = { onReject: refused, onRedirect: refused };
    attempt(
      () => this.#session.info({ requestOptions: { body }, requestDelegate }),
      () => this.#digitsFailed(0),
    );
  }

  /** @param {string} digits */
  insertDtmf(digits) {
    attempt(
      () => this.sound.insertTones(digits),
      () => this.#digitsFailed(0),
    );
  }

  /** @param {number} status */
  #digitsFailed(status) {
    this.#tell({ type: "dtmf_failed", status });
  }

  /** @param {number} status @param {Partial<End>} cause */
  #end(status, cause = {}) {
    const session = this.#session;
    switch (session.state) {
      case SessionState.Established:
        this.#close({ by: "local", kind: "bye", ...cause });
        this.#phone.sendOrOwe(() => attempt(() => session.bye()));
        break;
      case SessionState.Initial:
      case SessionState.Establishing:
        if (session instanceof Inviter) {
          this.#close({ by: "local", kind: "cancel", ...cause });
          attempt(() => session.cancel());
        } else {
          this.#close({ by: "local", kind: "reject", status, ...cause });
          attempt(() => session.reject({ statusCode: status }));
        }
        break;
      default:
        this.#close({ ...FAILED, ...cause });
    }
  }

  /** @param {CallNews} event */
  #tell(event) {
    if (!this.#over) emit({ ...event, call_uuid: this.#id });
  }

  /** Emit `ended`, once, and let go of microphone, connection and loudspeaker. The session may still finish its SIP. @param {Partial<End>} cause */
  #close(cause) {
    if (this.#over) return;
    if (this.#resuming) this.#tell({ type: "replace_failed", status: cause.status ?? 0 });
    else this.#tell({ type: "ended", ...FAILED, ...cause });
    this.#over = true;
    this.#letGo();
  }

  /** With its successor at the door it is no end of the call: whoever handed it over has left, or gave a try up. @param {Partial<End>} cause */
  #sessionOver(cause) {
    if (this.#successor) this.#parting ??= cause;
    else this.#close(cause);
  }

  #letGo() {
    this.refuseTakeover(GONE);
    this.transfer.over();
    this.sound.stop();
    this.#phone.over(this.#id, this);
  }

  /** @param {SessionState} state */
  #stateChanged(state) {
    if (state === SessionState.Established) {
      this.#resuming = false;
      this.#tell({ type: "accepted" });
      this.#tellDialog();
    } else if (state === SessionState.Terminated) {
      // SIP.js changes the state before it says why: whatever knows the cause closes first. A call that stops ringing
      // for no cause has outlived the caller's Expires (RFC 3261 section 13.3.1).
      const session = this.#session;
      const expired = !(session instanceof Inviter) && !this.#answering;
      /** @type {Partial<End>} */
      const cause = expired ? { by: "remote", kind: "cancel" } : FAILED;
      queueMicrotask(() => session === this.#session && this.#sessionOver(cause));
    }
  }

  /** @param {Core.IncomingResponseMessage} message */
  #refused(message) {
    const { status, phrase } = finalStatus(message);
    if (status === 0) this.#close({ ...FAILED, phrase });
    else this.#close({ by: "remote", kind: "reject", status, phrase, reason: reasonOf(message) });
  }

  /** @param {Bye} bye */
  #byeReceived(bye) {
    this.#sessionOver({ by: "remote", kind: "bye", reason: reasonOf(bye.request) });
    attempt(() => bye.accept());
  }

  /** @param {Cancel} cancel */
  #cancelReceived(cancel) {
    this.#close({ by: "remote", kind: "cancel", reason: reasonOf(cancel.request) });
  }

  /** @param {Info} info */
  #infoReceived(info) {
    const type = info.request.getHeader("content-type");
    const digit = digitOfInfo(type, info.request.body);
    if (digit) this.#tell({ type: "dtmf", digit, via: "info" });
    // RFC 2976: an INFO without a body is a keep-alive of the dialog and is accepted
    const status = digit || !info.request.body ? 200 : digit === "" ? 400 : 415;
    attempt(() => (status === 200 ? info.accept() : info.reject({ statusCode: status })));
  }
}
