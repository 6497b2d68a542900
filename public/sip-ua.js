/**
 * `globalThis.zorioSip`: SIP and media for the phone, with no policy in it. Its whole interface is public/sip/interface.d.ts.
 *
 * @import { Call } from "./sip/call.js"
 * @import { Json, TransferTarget, ZorioSip } from "./sip/interface.js"
 */
import { acceptRefer, calls, expect, invite, received, replace, silenceOf, stats } from "./sip/calls.js";
import { chooseDevices, openMicrophone } from "./sip/devices.js";
import { openEarly } from "./sip/early-microphone.js";
import { fault, listen } from "./sip/events.js";
import { awaitRelay } from "./sip/gathering.js";
import { sayFarewell } from "./sip/replace.js";
import { configure, connect, ping, registration, sendOrOwe, userAgent } from "./sip/user-agent.js";

/**
 * A function of one call; a call that is over is no fault, its `ended` is on the way.
 * @template {unknown[]} Given
 * @param {(call: Call, ...args: Given) => void} action
 */
const ofCall =
  (action) =>
  (/** @type {string} */ callUuid, /** @type {Given} */ ...args) => {
    const call = calls.get(callUuid);
    if (call) action(call, ...args);
  };

const end = ofCall((call) => call.end());

/**
 * @template T
 * @param {T | null} part of the user agent
 */
function configured(part) {
  if (part === null) throw new TypeError("Not configured");
  return part;
}

/** @type {ZorioSip} */
const functions = {
  listen,
  configure: (json) => configure(json, { received, endAll: () => calls.forEach((call) => call.end()) }),
  connect,
  disconnect: () => void userAgent?.transport.disconnect(),
  ping,
  register: () => configured(registration).register(),
  unregister: () => configured(registration).unregister(),
  invite,
  replace,
  expect,
  acceptTakeover: ofCall((call) => call.acceptTakeover()),
  refuseTakeover: ofCall((call, /** @type {number} */ status) => call.refuseTakeover(status)),
  cancelReplacement: ofCall((call) => call.abandon()),
  farewell: (json) => {
    const dialog = JSON.parse(json);
    sendOrOwe((agent) => sayFarewell(agent, dialog));
  },
  accept: ofCall((call) => call.accept()),
  reject: ofCall((call, /** @type {number} */ status) => call.end(status)),
  cancel: end,
  bye: end,
  hold: ofCall((call, /** @type {boolean} */ on) => call.hold(on)),
  restartIce: ofCall((call) => call.restartIce()),
  reopenMicrophone: ofCall((call) => call.sound.reopenMicrophone()),
  mute: (callUuid, on) => silenceOf(callUuid).mute(on),
  holdMicrophone: (callUuid, on) => silenceOf(callUuid).hold(on),
  setAside: (callUuid, on) => silenceOf(callUuid).setAside(on),
  awaitRelay,
  canInsertDtmf: (callUuid) => calls.get(callUuid)?.takesTones ?? false,
  insertDtmf: ofCall((call, /** @type {string} */ digits) => call.insertDtmf(digits)),
  sendInfo: ofCall((call, /** @type {string} */ contentType, /** @type {string} */ body) => call.sendInfo(contentType, body)),
  refer: ofCall((call, /** @type {string} */ user) => call.transfer.refer(user)),
  referToCall: ofCall((call, /** @type {Json<TransferTarget>} */ json) => call.transfer.referToCall(JSON.parse(json))),
  acceptRefer,
  rejectRefer: ofCall((call, /** @type {string} */ newUuid, /** @type {number} */ status) => call.transfer.reject(newUuid, status)),
  useDevices: (microphone, speaker) => {
    chooseDevices(microphone, speaker);
    calls.forEach((call) => call.sound.useDevices());
  },
  openMicrophone,
  play: () => calls.forEach((call) => call.sound.play()),
  stats,
};

/**
 * Nothing may be thrown into Python: a failure becomes an event, and false where a boolean was asked for.
 * @param {[string, (...args: never[]) => unknown]} entry
 */
function withoutThrowing([name, fn]) {
  const guarded = (/** @type {never[]} */ ...args) => {
    try {
      return fn(...args);
    } catch (error) {
      fault(error, name);
      return name === "canInsertDtmf" ? false : undefined;
    }
  };
  return [name, guarded];
}

/** @type {ZorioSip} */
const safe = Object.fromEntries(Object.entries(functions).map(withoutThrowing));
globalThis.zorioSip = Object.freeze(safe);

openEarly();
