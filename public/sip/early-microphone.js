import { harmless } from "./attempt.js";
import { openMicrophone, recallMicrophone } from "./devices.js";

/**
 * The microphone, opened before anybody asks, when this page is about to take back a call: Python needs longer to start
 * than the rest of it takes.
 */
const RECORD = "zorio-call"; // embed_app/browser/records.py
const RECORD_LIVES_MS = 60_000;
const KEPT_MS = 15_000;

/** @type {Promise<MediaStream> | null} */
let early = null;

/** Open it if the page before left an answered call behind. Whether it is taken back is decided elsewhere, and soon. */
export function openEarly() {
  try {
    const record = JSON.parse(sessionStorage.getItem(RECORD) ?? "null");
    if (!record?.released || !record.dialog || Date.now() - record.alive_at * 1000 > RECORD_LIVES_MS) return;
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
