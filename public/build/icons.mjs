/* The page's icon sprite: the Lucide icons that its `<use href="#i-…">` name, and no others.
 *
 *   node public/build/icons.mjs     writes it into public/webphone-embed.html
 *
 * The sprite is committed there, so that the page can be read and tested as it is; the build checks that it is current.
 */
import fs from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("../webphone-embed.html", import.meta.url));
const ICONS = fileURLToPath(new URL("../../node_modules/lucide-static/icons/", import.meta.url));
const SPRITE = /(<svg class="sprite"[^>]*>)[\s\S]*?(\n {4}<\/svg>)/;

// What the page calls by its meaning; everything else has Lucide's own name.
/** @type {Record<string, string>} */
const LUCIDE = {
  add: "plus",
  back: "undo-2",
  backspace: "delete",
  fold: "chevron-down",
  in: "arrow-down-left",
  join: "merge",
  keypad: "grip",
  missed: "phone-missed",
  out: "arrow-up-right",
  person: "user-round",
  settings: "sliders-horizontal",
  speaker: "volume-2",
  swap: "arrow-up-down",
  transfer: "phone-forwarded",
  warning: "triangle-alert",
};

/** @param {string} name */
function symbol(name) {
  const file = `${ICONS}${LUCIDE[name] ?? name}.svg`;
  if (!fs.existsSync(file)) throw new Error(`#i-${name}: Lucide has no ${LUCIDE[name] ?? name}; name it in public/build/icons.mjs`);
  const drawing = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(fs.readFileSync(file, "utf8"));
  if (!drawing) throw new Error(`${file}: not a drawing`);
  const shapes = drawing[1].trim().replace(/\s*\n\s*/g, "").replaceAll(" />", "/>");
  return `\n      <symbol id="i-${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
}

/** The page with the sprite it needs. @param {string} html */
export function withIcons(html) {
  const used = [...new Set([...html.matchAll(/<use href="#i-([\w-]+)"/g)].map(([, name]) => name))].sort();
  if (!SPRITE.test(html)) throw new Error('the page has no <svg class="sprite">');
  return html.replace(SPRITE, (/** @type {string} */ _, /** @type {string} */ head, /** @type {string} */ foot) => head + used.map(symbol).join("") + foot);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(PAGE, withIcons(fs.readFileSync(PAGE, "utf8")));
}
