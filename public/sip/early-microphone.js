import { record_key, record_lives_s } from "../../embed_app/core/shared.json";
import { harmless } from "./attempt.js";
import { openMicrophone, recallMicrophone } from "./devices.js";

/**
 * The microphone, opened before anybody asks, when this page is about to take back a call. It is JavaScript because Python
 * is not there yet, and needs longer to start than the rest takes. Whether the call is taken back, Python decides.
 */
const KEPT_MS = 15_000;

/** @type {Promise<MediaStream> | null} */
let early = null;

/** Open it if the page before left an answered call behind. Whether it is taken back is decided elsewhere, and soon. */
export function openEarly() {
  try {
    const record = JSON.parse(sessionStorage.getItem(record_key) ?? "null");
    if (!record?.released || !record.dialog || Date.now() / 1000 - record.alive_at > record_lives_s) return;
    recallMicrophone();
    early = openMicrophone();
    early.catch(harmless); // whoever takes it hears why
    setTimeout(() => takeEarly()?.then((stream) => stream.getTracks().forEach((track) => track.stop()), harmless), KEPT_MS);
  } catch {
    // No storage, no record or no microphone here: whoever needs one will ask, and hear why.
  }
}

export function isOpenEarly() {
  return early !== null;
}

/** The promise of its stream, once; null when there is none. */
export function takeEarly() {
  const taken = early;
  early = null;
  return taken;
}
