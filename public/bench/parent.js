/* The parent of `make bench`. Every time is in ms since the epoch, by this page's clock. */
const SOURCE = "zorio-webphone";
const heard = [];
const waiting = new Set();
const clock = () => performance.timeOrigin + performance.now();

addEventListener("message", ({ data }) => {
  const at = clock();
  if (data?.source !== SOURCE) return;
  heard.push({ type: data.type, payload: data.payload, at });
  waiting.forEach((look) => look());
});

/** Adds the frame; resolves to the time just before its address was set. */
function embed(src) {
  const frame = document.createElement("iframe");
  frame.id = "phone";
  frame.allow = "microphone; autoplay";
  frame.style = "border:0;width:380px;height:560px";
  document.body.append(frame);
  const at = clock();
  frame.src = src;
  return at;
}

/** Posts a command; gives the time just before. */
function tell(type, payload = {}) {
  const at = clock();
  document.getElementById("phone").contentWindow.postMessage({ source: SOURCE, type, payload }, "*");
  return at;
}

/** Resolves to the first message of this type that came at or after `since`; rejects after `patience` ms. */
function hear(type, since, patience) {
  return new Promise((resolve, reject) => {
    const done = (settle, value) => {
      clearTimeout(timer);
      waiting.delete(look);
      settle(value);
    };
    const look = () => {
      const found = heard.find((message) => message.type === type && message.at >= since);
      if (found) done(resolve, found);
    };
    const told = () => heard.map((message) => message.type).join(", ") || "nothing";
    const timer = setTimeout(() => done(reject, new Error(`no ${type}; the parent heard ${told()}`)), patience);
    waiting.add(look);
    look();
  });
}
