import { sound_key } from "../../embed_app/core/shared.json";
import { harmless } from "./attempt.js";

/** The microphone and the loudspeaker that the calls shall use: ids of devices, "" for the browser's own choice. */
const GONE = ["OverconstrainedError", "NotFoundError"];

const chosen = { microphone: "", speaker: "" };

/**
 * @param {string} microphone
 * @param {string} speaker
 */
export function chooseDevices(microphone, speaker) {
  Object.assign(chosen, { microphone, speaker });
}

/** For a microphone that is opened before Python has said which. */
export function recallMicrophone() {
  try {
    chosen.microphone = JSON.parse(localStorage.getItem(sound_key) ?? "null")?.microphone?.id ?? "";
  } catch {
    // No storage here, or nothing in it.
  }
}

export function wantedMicrophone() {
  return chosen.microphone;
}

/**
 * A microphone as a stream, the wanted one by default; for one that is gone, the browser's own choice. Rejects with a
 * DOMException; "PolicyBlocked" where the page may not even ask. Whether the iframe's `allow` or the parent's
 * Permissions-Policy forbids it, a frame cannot know: both look the same from inside.
 * @returns {Promise<MediaStream>}
 */
export async function openMicrophone(id = chosen.microphone) {
  try {
    return await ask(id);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const blocked = error.name === "NotAllowedError" && document.featurePolicy?.allowsFeature("microphone") === false;
    throw blocked ? new DOMException(error.message, "PolicyBlocked") : error;
  }
}

/** "ideal" would be one question instead of two, but Chromium may give its default for it although the other one is there. @param {string} id */
async function ask(id) {
  const { mediaDevices } = navigator;
  if (!mediaDevices) throw new DOMException("No microphone access here.", "NotSupportedError");
  if (!id) return mediaDevices.getUserMedia({ audio: true });
  try {
    return await mediaDevices.getUserMedia({ audio: { deviceId: { exact: id } } });
  } catch (error) {
    if (!(error instanceof DOMException && GONE.includes(error.name))) throw error;
    return mediaDevices.getUserMedia({ audio: true });
  }
}

/**
 * Play `element` on the wanted loudspeaker, where the browser can (W3C Audio Output Devices). Until that works, and where it
 * does not, it plays where it was.
 * @param {HTMLAudioElement} element
 */
export function sendToSpeaker(element) {
  if (!element.setSinkId || element.sinkId === chosen.speaker) return;
  element.setSinkId(chosen.speaker).catch(harmless); // it plays where it was
}
