import { Inviter, SessionState } from "sip.js";

import { attempt } from "./attempt.js";
import { emit } from "./events.js";
import { Hold } from "./hold.js";
import { finalStatus, nameOf, reasonOf, userOf } from "./messages.js";
import { digitOfInfo } from "./received-dtmf.js";
import { dialogKey, dialogOf, sameIdentity } from "./replace.js";
import { Sound } from "./sound.js";
import { Transfer } from "./transfer.js";

const FAILED = { by: "local", kind: "failed", status: 0, phrase: "", reason: "" };

/**
 * One call: a SIP.js Inviter or Invitation, its `sound`, its `transfer` and its events.
 *
 * `phone` is what a call needs of its surroundings: `whenConnected(action)`, `over(id, call)`, `iceServers()` and
 * `referred(inviter, id)`. Exactly one `ended` is emitted, and nothing after it.
 *
 * `resuming` `{muted, held}`: it takes back a call of a former page. Until that has worked it tells of progress, and
 * `replace_failed` instead of an end; afterwards it is a call like any other. When the far end's page does the same,
 * another session takes this one's place and the call goes on (`replaceWith`).
 */
export class Call {
  #id;
  #session;
  #phone;
  #hold;
  #answering = false;
  #over = false;
  #resuming;
  #known = new Set();
  #successor = null;
  /** Why the session ended whose successor is being answered. */
  #parting = null;
  #detach;

  constructor(id, session, phone, resuming = null) {
    this.#id = id;
    this.#phone = phone;
    this.#resuming = resuming;
    const tell = (type, details) => this.#tell(type, details);
    this.sound = new Sound(tell, () => this.#hold.silent, resuming?.muted ?? false);
    this.transfer = new Transfer(() => this.#session, tell, phone.referred);
    this.#attach(session, resuming?.held ?? false);
  }

  /** Be told of everything `session` does, which has been put on hold by us already or not. */
  #attach(session, held) {
    this.#session = session;
    session.delegate = {
      onSessionDescriptionHandler: (media) => this.sound.adopt(media),
      onBye: (bye) => this.#byeReceived(bye),
      onCancel: (cancel) => this.#close({ by: "remote", kind: "cancel", reason: reasonOf(cancel.request) }),
      onInfo: (info) => this.#infoReceived(info),
      onNotify: (notification) => attempt(() => notification.accept()),
      onRefer: (referral) => this.transfer.received(referral),
    };
    const changed = (state) => this.#stateChanged(state);
    session.stateChange.addListener(changed);
    const current = () => session === this.#session;
    const events = {
      media: () => (current() ? this.sound.media : null),
      microphoneChanged: () => current() && this.sound.setMicrophone(),
      held: (on) => current() && this.#tell("held", { on }),
      failed: (on, status) => current() && this.#tell("hold_failed", { on, status }),
      restarted: () => current() && this.#tell("restarted"),
      restartFailed: (status) => current() && this.#tell("restart_failed", { status }),
    };
    this.#hold = new Hold(session, events, held);
    this.#detach = () => {
      session.delegate = undefined;
      session.stateChange.removeListener(changed);
      this.sound.orphan();
    };
  }

  get established() {
    return this.#session.state === SessionState.Established;
  }

  /**
   * Whether `uri` is the far end: the number that was called, or whoever answered it. That is another one where a number
   * rings several phones, and the PBX says who (RFC 3325).
   */
  isWith(uri) {
    const { remoteIdentity, assertedIdentity } = this.#session;
    return [remoteIdentity, assertedIdentity].some((each) => each && sameIdentity(each.uri, uri));
  }

  /** Whether it is, or was before it was replaced, the dialog of this key (see replace.js). */
  isKnownBy(key) {
    return this.#known.has(key);
  }

  /**
   * The far end goes on in another session, whose INVITE this is. False when it cannot now. The old session stays until
   * the new one is answered; then its end is no end of the call.
   */
  replaceWith(invitation) {
    if (this.#over || this.#successor || !this.established) return false;
    this.#successor = invitation;
    let media = null;
    invitation.delegate = {
      onSessionDescriptionHandler: (made) => {
        media = made;
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
      const { held } = this.#hold;
      await invitation.accept({ sessionDescriptionHandlerOptions: { hold: held } });
      // Cancelled or failed meanwhile: the old session is all there is.
      if (invitation.state === SessionState.Established) this.#succeed(invitation, media, held);
      over();
    };
    attempt(accept, over);
    return true;
  }

  #succeed(invitation, media, held) {
    if (this.#over) {
      attempt(() => invitation.bye());
      return;
    }
    const [old, oldMedia] = [this.#session, this.sound.media];
    this.#parting = null;
    this.#detach();
    this.#attach(invitation, held);
    this.sound.succeed(media);
    this.#tellDialog();
    // RFC 3891 section 3; the page it was with is gone, but another phone would be left in the old dialog.
    attempt(() => old.bye());
    oldMedia?.close();
  }

  #tellDialog() {
    const dialog = dialogOf(this.#session);
    const { remoteIdentity } = this.#session;
    this.#known.add(dialogKey(dialog.sip_call_id, dialog.local_tag, dialog.remote_tag));
    this.#tell("dialog", { ...dialog, user: userOf(remoteIdentity.uri), display_name: nameOf(remoteIdentity) });
  }

  /** Send the INVITE of an outbound call. */
  start() {
    const options = this.#resuming?.held ? { sessionDescriptionHandlerOptions: { hold: true } } : {};
    const requestDelegate = {
      onProgress: ({ message }) => this.#tell("progress", { status: message.statusCode }),
      onRedirect: ({ message }) => this.#refused(message),
      onReject: ({ message }) => this.#refused(message),
    };
    const send = async () => {
      await this.#session.invite({ requestDelegate, ...options });
      if (!this.#resuming) this.#tell("sent", { sip_call_id: this.#session.request.callId });
    };
    attempt(send, () => this.#close(FAILED));
  }

  /** Answer an inbound call; without a microphone SIP.js refuses it with 480. */
  accept() {
    if (this.#session.state !== SessionState.Initial || !this.#session.accept) return;
    this.#answering = true;
    attempt(
      () => this.#session.accept(),
      () => this.#end(480, FAILED),
    );
  }

  /**
   * End the call in the way its present state asks for: BYE, CANCEL or `status` (400 to 699). Whoever wanted to cancel
   * may be crossing a 200, so the state decides and not the name of the function that was called.
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
    if (again) this.#session.ackAndBye = (response) => response.ack();
    this.#letGo();
    attempt(() => (this.established ? this.#session.bye() : this.#session.cancel()));
  }

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

  sendInfo(contentType, content) {
    const body = { contentDisposition: "render", contentType, content };
    attempt(() => this.#session.info({ requestOptions: { body } }));
  }

  #end(status, cause = {}) {
    const session = this.#session;
    switch (session.state) {
      case SessionState.Established:
        this.#close({ by: "local", kind: "bye", ...cause });
        this.#phone.whenConnected(() => attempt(() => session.bye()));
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

  #tell(type, details = {}) {
    if (!this.#over) emit({ type, call_id: this.#id, ...details });
  }

  /** Emit `ended`, once, and let go of microphone, connection and loudspeaker. The session may still finish its SIP. */
  #close(cause) {
    if (this.#over) return;
    if (this.#resuming) this.#tell("replace_failed", { status: cause.status ?? 0 });
    else this.#tell("ended", { ...FAILED, ...cause });
    this.#over = true;
    this.#letGo();
  }

  /** With its successor at the door it is no end of the call: whoever handed it over has left, or gave a try up. */
  #sessionOver(cause) {
    if (this.#successor) this.#parting ??= cause;
    else this.#close(cause);
  }

  #letGo() {
    this.sound.stop();
    this.#phone.over(this.#id, this);
  }

  #stateChanged(state) {
    if (state === SessionState.Established) {
      this.#resuming = null;
      this.#tell("accepted");
      this.#tellDialog();
    } else if (state === SessionState.Terminated) {
      // SIP.js changes the state before it says why: whatever knows the cause closes first. A call that stops ringing
      // for no cause has outlived the caller's Expires (RFC 3261 section 13.3.1).
      const session = this.#session;
      const expired = session.accept && !this.#answering;
      const cause = expired ? { by: "remote", kind: "cancel" } : FAILED;
      queueMicrotask(() => session === this.#session && this.#sessionOver(cause));
    }
  }

  #refused(message) {
    const { status, phrase } = finalStatus(message);
    if (status === 0) this.#close({ ...FAILED, phrase });
    else this.#close({ by: "remote", kind: "reject", status, phrase, reason: reasonOf(message) });
  }

  #byeReceived(bye) {
    this.#sessionOver({ by: "remote", kind: "bye", reason: reasonOf(bye.request) });
    attempt(() => bye.accept());
  }

  #infoReceived(info) {
    const type = info.request.getHeader("content-type");
    const digit = digitOfInfo(type, info.request.body);
    if (digit) this.#tell("dtmf", { digit, via: "info" });
    // RFC 2976: an INFO without a body is a keep-alive of the dialog and is accepted
    const status = digit || !info.request.body ? 200 : digit === "" ? 400 : 415;
    attempt(() => (status === 200 ? info.accept() : info.reject({ statusCode: status })));
  }
}
