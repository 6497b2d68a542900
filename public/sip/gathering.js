/** When an offer or an answer has candidates enough to leave. Late ones reach the peer by our checks alone. */

const HOST = /^a=candidate:\S+ \d+ udp .* typ host/im;
const SERVER = /^a=candidate:.* typ (srflx|relay)/im;
const RELAY = /^a=candidate:.* typ relay/im;
const RELAY_URL = /^turns?:/i;

let awaitsRelay = true;

/** Whether a relay is waited for beyond `gatherMs`. @param {boolean} on */
export function awaitRelay(on) {
  awaitsRelay = on;
}

/**
 * To be told of every candidate, also of those that come when nobody waits. `tell(true)`: a relay answers again.
 * @param {RTCIceCandidate | null} candidate
 * @param {(answers: boolean) => void} tell
 */
export function sawCandidate(candidate, tell) {
  if (candidate?.type === "relay" && !awaitsRelay) tell(true);
}

/**
 * Resolves when there is what the ICE servers are for; without any, a host candidate is all there will be. After
 * `gatherMs` any address from a server will do. None by then where there is a relay: it is waited for `relayMs` more,
 * because UDP may be blocked, and two phones that both reach nothing but their relays can meet only if the descriptions
 * name them.
 * @param {RTCPeerConnection} connection
 * @param {{ gatherMs: number, relayMs: number }} patience
 * @param {(answers: boolean) => void} tell hears `false` of a relay that was waited for in vain
 * @returns {Promise<void>}
 */
export function gathered(connection, { gatherMs, relayMs }, tell) {
  const { iceServers = [] } = connection.getConfiguration();
  const hasRelay = iceServers.flatMap(({ urls }) => urls).some((url) => RELAY_URL.test(url));
  let wanted = hasRelay ? RELAY : iceServers.length > 0 ? SERVER : HOST;
  return new Promise((resolve) => {
    const events = ["icecandidate", "icegatheringstatechange"];
    const done = () => {
      clearTimeout(timer);
      events.forEach((name) => connection.removeEventListener(name, look));
      resolve();
    };
    const look = () => {
      const sdp = connection.localDescription?.sdp ?? "";
      const complete = connection.iceGatheringState === "complete" && sdp.includes("a=candidate:");
      if (complete || wanted.test(sdp)) done();
    };
    const inVain = () => {
      if (connection.signalingState !== "closed") tell(false);
      done();
    };
    const capped = () => {
      if (!hasRelay || !awaitsRelay) {
        done();
        return;
      }
      timer = setTimeout(inVain, relayMs);
      wanted = SERVER;
      look();
    };
    let timer = setTimeout(capped, gatherMs);
    events.forEach((name) => connection.addEventListener(name, look));
    look();
  });
}
