/* What the CRM shows about calls: the card that pops up, and the recent ones. */
import { element, icon, initials, whoIs } from "./contacts.js";

const ENDED_SHOWN_MS = 6000;
const RECENT_KEPT = 6;

const at = (id) => document.getElementById(id);

export class Calls {
  /** `send(type, payload)` sends a command to the phone. */
  constructor(t, send) {
    this.t = t;
    this.shown = null; // {call, contact, reason} of the card
    this.live = new Map(); // uuid -> the same, of every call there is: two at most
    this.title = document.title;
    for (const button of document.querySelectorAll("[data-pop]")) {
      button.addEventListener("click", () => send(button.dataset.pop, { call_uuid: this.shown.call.uuid }));
    }
    setInterval(() => this.showClock(), 500);
  }

  onEvent(type, payload) {
    const { call, contact } = payload;
    if (!call) return;
    if (type === "call_hangup") {
      this.live.delete(call.uuid);
      this.remember(call, payload.reason, payload.billsec);
      if (this.shown?.call.uuid === call.uuid) this.end(call, payload.reason);
      return;
    }
    const known = { call, contact: contact ?? this.live.get(call.uuid)?.contact ?? null, reason: "" };
    this.live.set(call.uuid, known);
    const other = this.live.get(this.shown?.call.uuid);
    if (call.state === "held" && other && other !== known) return; // the card stays with who is talked to
    this.shown = known;
    this.show();
  }

  end(call, reason) {
    const ended = { ...this.shown, call, reason };
    this.shown = ended;
    this.show();
    setTimeout(() => {
      if (this.shown !== ended) return; // another call has the card by now
      this.shown = [...this.live.values()].at(-1) ?? null;
      if (this.shown) this.show();
      else at("pop").hidden = true;
    }, ENDED_SHOWN_MS);
  }

  /** The CRM's own record first, then what the caller says about himself. Always text, never markup. */
  nameOf(call, contact) {
    const known = whoIs(call.number, this.t);
    return { name: known.name || contact?.display_name || call.display_name || this.t("pop.unknown"), note: known.note };
  }

  show() {
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
    at("pop-clock").textContent = from ? clock((new Date(to) - new Date(from)) / 1000) : "";
  }

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
    while (list.children.length > RECENT_KEPT) list.lastElementChild.remove();
    at("recent-empty").hidden = true;
  }
}

function kindOf(call, ringsHere) {
  if (ringsHere) return "pop.incoming";
  return { answered: "pop.answered", held: "pop.held", ended: "pop.ended" }[call.state] ?? "pop.outgoing";
}

/** 65.2 -> "01:05" */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return [Math.floor(whole / 60), whole % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
