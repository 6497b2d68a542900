/* What the CRM shows about calls: the card that pops up, and the recent ones. */
import { element, icon, initials, whoIs } from "./contacts.js";
import { all, at } from "./page.js";

/**
 * @import { CallObject, Contact, EventPayloads } from "../../docs/zorio-webphone.js"
 * @import { CommandPayload, CommandType, EventPayload } from "./phone.js"
 * @import { Translate } from "./texts.js"
 *
 * @typedef {{ call: CallObject, contact: Contact | null, reason: string }} Shown
 */

const ENDED_SHOWN_MS = 6000;
const RECENT_KEPT = 6;

export class Calls {
  /**
   * `send(type, payload)` sends a command to the phone.
   * @param {Translate} t
   * @param {(type: CommandType, payload: CommandPayload) => void} send
   */
  constructor(t, send) {
    this.t = t;
    /** What the card shows. @type {Shown | null} */
    this.shown = null;
    /** The same of every call there is, two at most, by uuid. @type {Map<string, Shown>} */
    this.live = new Map();
    this.title = document.title;
    for (const button of all("[data-pop]")) {
      const type = /** @type {CommandType} */ (button.dataset.pop);
      button.addEventListener("click", () => send(type, { call_uuid: this.shown?.call.uuid }));
    }
    setInterval(() => this.showClock(), 500);
  }

  /** @param {string} type @param {EventPayload} payload */
  onEvent(type, payload) {
    const { call, contact } = payload;
    if (!call) return;
    if (type === "call_hangup") {
      const { reason, billsec } = /** @type {EventPayloads["call_hangup"]} */ (payload);
      this.live.delete(call.uuid);
      this.remember(call, reason, billsec);
      if (this.shown?.call.uuid === call.uuid) this.end(call, reason);
      return;
    }
    const known = { call, contact: contact ?? this.live.get(call.uuid)?.contact ?? null, reason: "" };
    this.live.set(call.uuid, known);
    const other = this.live.get(this.shown?.call.uuid ?? "");
    if (call.state === "held" && other && other !== known) return; // the card stays with who is talked to
    this.shown = known;
    this.show();
  }

  /** @param {CallObject} call @param {string} reason */
  end(call, reason) {
    /** @type {Shown} */
    const ended = { contact: this.shown?.contact ?? null, call, reason };
    this.shown = ended;
    this.show();
    setTimeout(() => {
      if (this.shown !== ended) return; // another call has the card by now
      this.shown = [...this.live.values()].at(-1) ?? null;
      if (this.shown) this.show();
      else at("pop").hidden = true;
    }, ENDED_SHOWN_MS);
  }

  /** The CRM's own record first, then what the caller says about himself. Always text, never markup. @param {CallObject} call @param {Contact | null} contact */
  nameOf(call, contact) {
    const known = whoIs(call.number, this.t);
    return { name: known.name || contact?.display_name || call.display_name || this.t("pop.unknown"), note: known.note };
  }

  show() {
    if (!this.shown) return;
    const { call, contact, reason } = this.shown;
    const { name, note } = this.nameOf(call, contact);
    const ringsHere = call.direction === "inbound" && call.state === "ringing";
    at("pop").hidden = false;
    at("pop").dataset.state = ringsHere ? "incoming" : call.state;
    at("pop-title").textContent = reason ? `${this.t("pop.ended")} · ${this.t(`reason.${reason}`)}` : this.t(kindOf(call, ringsHere));
    at("pop-initials").textContent = initials(name);
    at("pop-name").textContent = name;
    at("pop-number").textContent = call.number;
    at("pop-note").textContent = note && `· ${note}`;
    at("pop-actions").hidden = !ringsHere;
    if (ringsHere) at("spoken").textContent = `${this.t("pop.incoming")}: ${name}`;
    document.title = ringsHere ? `☎ ${name}` : this.title;
    this.showClock();
  }

  showClock() {
    const call = this.shown?.call;
    const from = call?.answered_at;
    const to = call?.ended_at ?? Date.now();
    at("pop-clock").textContent = from ? clock((Number(new Date(to)) - Number(new Date(from))) / 1000) : "";
  }

  /** @param {CallObject} call @param {string} reason @param {number} billsec */
  remember(call, reason, billsec) {
    const { name } = this.nameOf(call, null);
    const row = element("li");
    const way = icon(call.direction === "inbound" ? "i-in" : "i-out");
    const said = element("span", "hidden-text", this.t(`recent.${call.direction}`));
    const text = element("span", "contact-text");
    const who = element("bdi", "contact-name", name);
    text.append(who, element("span", "contact-note", `${call.number} · ${this.t(`reason.${reason}`)}`));
    row.append(way, said, text, element("span", "clock", clock(billsec)));
    const list = at("recent");
    list.prepend(row);
    while (list.children.length > RECENT_KEPT) list.lastElementChild?.remove();
    at("recent-empty").hidden = true;
  }
}

/** @param {CallObject} call @param {boolean} ringsHere */
function kindOf(call, ringsHere) {
  if (ringsHere) return "pop.incoming";
  /** @type {Record<string, string>} */
  const kinds = { answered: "pop.answered", held: "pop.held", ended: "pop.ended" };
  return kinds[call.state] ?? "pop.outgoing";
}

/** 65.2 -> "01:05" @param {number} seconds */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return [Math.floor(whole / 60), whole % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
