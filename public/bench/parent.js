/* The parent of `make bench`. Every time is in ms since the epoch, by this page's clock. */
const SOURCE = "zorio-webphone";
/** @type {{ type: string, payload: unknown, at: number }[]} */
const heard = [];
/** @type {Set<() => void>} */
const waiting = new Set();
const clock = () => performance.timeOrigin + performance.now();

addEventListener("message", ({ data }) => {
  const at = clock();
  if (data?.source !== SOURCE) return;
  heard.push({ type: data.type, payload: data.payload, at });
  waiting.forEach((look) => look());
});

/** Adds the frame; gives the time just before its address was set. @param {string} src */
function embed(src) {
  const frame = document.createElement("iframe");
  frame.id = "phone";
  frame.allow = "microphone; autoplay";
  frame.style.cssText = "border:0;width:380px;height:560px";
  document.body.append(frame);
  const at = clock();
  frame.src = src;
  return at;
}

/** Posts a command; gives the time just before. @param {string} type @param {object} payload */
function tell(type, payload = {}) {
  const at = clock();
  const frame = /** @type {HTMLIFrameElement} */ (document.getElementById("phone"));
  frame.contentWindow?.postMessage({ source: SOURCE, type, payload }, "*");
  return at;
}

/**
 * Resolves to the first message of this type that came at or after `since`; rejects after `patience` ms.
 * @param {string} type
 * @param {number} since
 * @param {number} patience
 */
function hear(type, since, patience) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      waiting.delete(look);
    };
    const look = () => {
      const found = heard.find((message) => message.type === type && message.at >= since);
      if (!found) return;
      stop();
      resolve(found);
    };
    const told = () => heard.map((message) => message.type).join(", ") || "nothing";
    const late = () => {
      stop();
      reject(new Error(`no ${type}; the parent heard ${told()}`));
    };
    const timer = setTimeout(late, patience);
    waiting.add(look);
    look();
  });
}
