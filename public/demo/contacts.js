/**
 * Whom the CRM knows. The numbers are the demo PBX's services and its four users.
 *
 * @import { Translate } from "./texts.js"
 */
import { all, at, field } from "./page.js";

const SERVICES = [
  ["*43", "service.echo"],
  ["*44", "service.tone"],
  ["*45", "service.digits"],
  ["*46", "service.busy"],
  ["*47", "service.silent"],
  ["*48", "service.callback"],
  ["*49", "service.declined"],
];
/** @type {Record<string, string>} */
const COLLEAGUES = {
  1001: "Nguyễn Văn An",
  1002: "Trần Thị Bình",
  1003: "Lê Minh Châu",
  1004: "Phạm Quốc Dũng",
};
/** @type {Record<string, { name: string, note: string }>} */
const CUSTOMERS = { "0912345678": { name: "Khách hàng thử", note: "customer.test" } };

/** @type {(extension: string) => string | undefined} */
export const colleague = (extension) => COLLEAGUES[extension];

/** What the CRM knows about a number: {name, note}; name "" for a stranger. @param {string} number @param {Translate} t */
export function whoIs(number, t) {
  const service = SERVICES.find(([code]) => code === number);
  if (service) return { name: t(service[1]), note: "" };
  const customer = CUSTOMERS[number];
  if (customer) return { name: customer.name, note: t(customer.note) };
  return { name: COLLEAGUES[number] ?? "", note: "" };
}

/** "Nguyễn Văn An" -> "NA", "1009" -> "10". @param {string} name */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  if (words.length < 2) return name.slice(0, 2);
  return (words[0][0] + words[words.length - 1][0]).toUpperCase();
}

/**
 * Fills both lists. `call(number)` is what a click on a number does; `link(extension)` the second window's address.
 * @param {{ user: string, t: Translate, call: (number: string) => void, link: (extension: string) => string }} options
 */
export function showContacts({ user, t, call, link }) {
  for (const [number, key] of SERVICES) {
    const row = contact(number, t(key), t(`${key}.note`), icon("i-sound"), t, call);
    at("services").append(row);
  }
  for (const [number, name] of Object.entries(COLLEAGUES)) {
    const mine = number === user;
    const note = mine ? t("contacts.you") : "";
    const row = contact(number, name, note, initials(name), t, call);
    if (mine) row.querySelector("button")?.setAttribute("disabled", "");
    else row.querySelector(".contact-note")?.append(secondWindow(link(number), t("contacts.open", { extension: number })));
    at("colleagues").append(row);
  }
  const search = field("search");
  search.addEventListener("input", () => filter(search.value));
}

/**
 * @param {string} number
 * @param {string} name
 * @param {string} note
 * @param {string | Node} mark
 * @param {Translate} t
 * @param {(number: string) => void} call
 */
function contact(number, name, note, mark, t, call) {
  const row = document.createElement("li");
  row.dataset.contact = `${name} ${number}`;
  const avatar = element("span", "avatar");
  avatar.append(mark);
  avatar.setAttribute("aria-hidden", "true");
  const text = element("span", "contact-text");
  text.append(element("strong", "contact-name", name), element("span", "contact-note", note));
  const button = document.createElement("button");
  button.className = "call";
  button.type = "button";
  button.dataset.call = number;
  button.setAttribute("aria-label", t("contacts.call", { name, number }));
  button.append(icon("i-phone"), number);
  button.addEventListener("click", () => call(number));
  row.append(avatar, text, button);
  return row;
}

/** @param {string} address @param {string} text */
function secondWindow(address, text) {
  const anchor = document.createElement("a");
  anchor.textContent = text;
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener";
  anchor.append(" ", icon("i-window"));
  return anchor;
}

/** Accents do not matter: people type "binh" for "Bình". */
const plain = (/** @type {string} */ text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();

/** @param {string} text */
function filter(text) {
  let found = 0;
  for (const row of all("[data-contact]")) {
    row.hidden = !plain(row.dataset.contact ?? "").includes(plain(text.trim()));
    found += row.hidden ? 0 : 1;
  }
  at("nobody").hidden = found > 0;
}

/** @param {string} tag @param {string} className @param {string} text */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** @param {string} id */
export function icon(id) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#${id}`);
  svg.append(use);
  return svg;
}
