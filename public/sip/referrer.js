/**
 * @import { Inviter, Session } from "sip.js"
 */
import { SessionState } from "sip.js";

import { attempt } from "./attempt.js";
import { hearResponses } from "./inside.js";

const DECLINED = 603;
const LONGEST_PHRASE = 80;
/** Seconds. Longer than a call may ring. */
const EXPIRES = 120;

/**
 * A peer whose REFER was accepted, and what it is told of the call it asked for: a NOTIFY with the status line of each response
 * (RFC 3515 section 2.4.4). The subscription is active until the final one, and ends with it.
 */
export class Referrer {
  #session;
  #event;
  /** @type {Set<number>} */
  #told = new Set();
  #over = false;

  /**
   * @param {Session} session the REFER came in its dialog
   * @param {number | null} id CSeq of the REFER; null for the first one in its dialog (RFC 3515 section 2.4.6)
   */
  constructor(session, id) {
    this.#session = session;
    this.#event = id === null ? "refer" : `refer;id=${id}`;
    this.#tell(100, "Trying");
  }

  /** Tell how the call goes. @param {Inviter} inviter not sent yet */
  follow(inviter) {
    hearResponses(inviter, ({ statusCode, reasonPhrase }) => this.#tell(statusCode ?? 0, reasonPhrase ?? ""));
    // Given up here, or never sent: no response says so.
    inviter.stateChange.addListener((state) => state === SessionState.Terminated && this.decline());
  }

  /** There is no call, and none will come. */
  decline() {
    this.#tell(DECLINED, "Declined");
  }

  /** @param {number} status @param {string} phrase */
  #tell(status, phrase) {
    const { dialog } = this.#session;
    if (this.#over || this.#told.has(status) || !dialog) return;
    this.#told.add(status);
    this.#over = status >= 200;
    const state = this.#over ? "terminated;reason=noresource" : `active;expires=${EXPIRES}`;
    const content = `SIP/2.0 ${status} ${phrase.slice(0, LONGEST_PHRASE)}\r\n`;
    attempt(() =>
      dialog.notify(
        { onReject: () => (this.#over = true) },
        {
          extraHeaders: [`Event: ${this.#event}`, `Subscription-State: ${state}`],
          body: { contentDisposition: "render", contentType: "message/sipfrag;version=2.0", content },
        },
      ),
    );
  }
}
