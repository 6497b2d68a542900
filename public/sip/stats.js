/** @import { Stats } from "./interface.js" */

/**
 * What zorioSip.stats() answers for a connection, or for none; energy as in W3C webrtc-stats (unitless), null where the
 * browser does not know.
 * @param {RTCPeerConnection | undefined} connection
 */
export async function statsOf(connection) {
  /** @type {Stats} */
  const stats = {
    packets_received: 0,
    packets_sent: 0,
    packets_lost: 0,
    loss_sent: 0,
    reported_at: 0,
    direction: connection?.getTransceivers().find(({ mid }) => mid !== null)?.currentDirection ?? "sendrecv",
    audio_energy_received: 0,
    audio_level: null,
    connection_state: connection?.connectionState ?? "closed",
    round_trip_ms: null,
  };
  const report = await connection?.getStats();
  let measuredByRtcp = false;
  report?.forEach((entry) => {
    if (entry.type === "inbound-rtp" && entry.kind === "audio") {
      stats.packets_received += entry.packetsReceived ?? 0;
      stats.packets_lost += entry.packetsLost ?? 0;
      stats.audio_energy_received += entry.totalAudioEnergy ?? 0;
      stats.audio_level = entry.audioLevel ?? stats.audio_level;
    } else if (entry.type === "outbound-rtp" && entry.kind === "audio") {
      stats.packets_sent += entry.packetsSent ?? 0;
    } else if (entry.type === "remote-inbound-rtp") {
      stats.loss_sent = Math.max(stats.loss_sent, entry.fractionLost ?? 0);
      stats.reported_at = Math.max(stats.reported_at, entry.timestamp);
      if (!(entry.roundTripTimeMeasurements > 0)) return;
      measuredByRtcp = true;
      stats.round_trip_ms = entry.roundTripTime * 1000;
    } else if (entry.type === "candidate-pair" && entry.nominated && entry.currentRoundTripTime !== undefined) {
      if (!measuredByRtcp) stats.round_trip_ms = entry.currentRoundTripTime * 1000;
    }
  });
  return stats;
}
