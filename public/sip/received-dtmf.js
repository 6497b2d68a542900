/** Digits the other side sends: SIP INFO bodies and RFC 4733 telephone-events. */
import { harmless } from "./attempt.js";

const EVENTS = "0123456789*#ABCD";

/**
 * True where the browser shows us encoded frames. There is no API for received telephone-events, and
 * RTCRtpScriptTransform is not called for them on a two-way call (w3c/webrtc-encoded-transform issue 314).
 */
export const canReadRtp =
  typeof RTCRtpReceiver === "function" &&
  "createEncodedStreams" in RTCRtpReceiver.prototype &&
  "createEncodedStreams" in RTCRtpSender.prototype;

/**
 * The digit of an INFO body: `application/dtmf-relay` ("Signal=5", also 10 for * and 11 for #) or `application/dtmf`
 * ("5"). Returns "" for a body that holds no digit, null for another content type.
 * @param {string | undefined} contentType
 * @param {string} body
 */
export function digitOfInfo(contentType, body) {
  const type = /^\s*application\/(dtmf-relay|dtmf)\s*(;|$)/i.exec(contentType ?? "");
  if (!type) return null;
  const bare = type[1].toLowerCase() === "dtmf" ? /^\s*(\S+)\s*$/.exec(body) : null;
  const value = /^\s*signal\s*=\s*(\S+)\s*$/im.exec(body) ?? bare;
  if (!value) return "";
  if (/^\d{1,2}$/.test(value[1])) return EVENTS[Number(value[1])] ?? "";
  return /^[*#A-D]$/i.test(value[1]) ? value[1].toUpperCase() : "";
}

/**
 * Calls back once per telephone-event: an event comes in many packets with one RTP timestamp (RFC 4733 section 2.5).
 * @param {(digit: string) => void} onDigit
 */
function watchEvents(onDigit) {
  let last = "";
  return (/** @type {EncodedFrame} */ frame) => {
    const { mimeType, rtpTimestamp } = frame.getMetadata();
    if (!/telephone-event/i.test(mimeType ?? "") || frame.data.byteLength < 4) return;
    const event = new DataView(frame.data).getUint8(0);
    const key = `${event} ${rtpTimestamp}`;
    if (key === last) return;
    last = key;
    if (event < EVENTS.length) onDigit(EVENTS[event]);
  };
}

const piped = new WeakSet();

/**
 * `signal` ends it: Chromium keeps a pipe for ever, with all that hangs on it, when only its connection is closed.
 * @param {RTCRtpReceiver | RTCRtpSender} end
 * @param {(frame: EncodedFrame) => void} look
 * @param {AbortSignal} signal
 */
function pipe(end, look, signal) {
  // Re-INVITEs announce the same track again; the streams can be made only once.
  if (!canReadRtp || piped.has(end)) return;
  piped.add(end);
  const { readable, writable } = end.createEncodedStreams();
  const looking = new TransformStream({
    transform(/** @type {EncodedFrame} */ frame, controller) {
      try {
        look(frame);
      } finally {
        controller.enqueue(frame);
      }
    },
  });
  // All of it fails when the call is over: that is how these pipes stop.
  readable.pipeTo(looking.writable, { signal }).catch(harmless);
  looking.readable.pipeTo(writable, { signal }).catch(harmless);
}

/**
 * Watch what a receiver receives, until `signal` is aborted; call it as soon as its track is there.
 * @param {RTCRtpReceiver} receiver
 * @param {(digit: string) => void} onDigit
 * @param {AbortSignal} signal
 */
export function watchReceiver(receiver, onDigit, signal) {
  pipe(receiver, watchEvents(onDigit), signal);
}

/**
 * A sender of the same connection sends nothing until its frames are handed through as well.
 * @param {RTCRtpSender} sender
 * @param {AbortSignal} signal
 */
export function passSender(sender, signal) {
  pipe(sender, harmless, signal);
}
