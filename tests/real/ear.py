"""What a phone in Chromium really receives: the tone it hears and the way its packets take."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext

from tests.e2e.phone import Phone

WATCH = """
globalThis.peers = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super({...configuration, ...globalThis.peerChanges});
    peers.push(this);
  }
};
"""
HEAR = """async () => {
  const peer = peers.findLast((each) => each.connectionState === "connected");
  const track = peer?.getReceivers()[0]?.track;
  if (!track) return 0;
  if (globalThis.heard?.track !== track) {
    const context = new AudioContext({sampleRate: 48000});
    const analyser = new AnalyserNode(context, {fftSize: 16384, smoothingTimeConstant: 0});
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    globalThis.heard = {track, analyser};
  }
  const {analyser} = heard;
  const decibels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(decibels);
  const loudest = decibels.reduce((best, value, bin) => (value > decibels[best] ? bin : best), 0);
  return decibels[loudest] > -60 ? loudest * 48000 / analyser.fftSize : 0;
}"""
PAIR = """async () => {
  const peer = peers.findLast((each) => each.connectionState === "connected");
  const report = await peer.getStats();
  const transport = [...report.values()].find((entry) => entry.type === "transport");
  const pair = report.get(transport.selectedCandidatePairId);
  return {local: report.get(pair.localCandidateId), remote: report.get(pair.remoteCandidateId)};
}"""


def watched(context: BrowserContext, **changes: Any) -> BrowserContext:
    """Pages of this context keep their peer connections in sight. `changes`: of every RTCConfiguration."""
    context.add_init_script(f"globalThis.peerChanges = {json.dumps(changes)};" + WATCH)
    return context


def loudest_hertz(phone: Phone) -> float:
    """The strongest frequency that comes in, 0 for silence. The phone's context must be `watched`."""
    return float(phone.frame.evaluate(HEAR))


def selected_pair(phone: Phone) -> dict[str, dict[str, Any]]:
    """Between which candidates the newest call's packets travel: {"local": {candidateType, …}, "remote"}."""
    found: dict[str, dict[str, Any]] = phone.frame.evaluate(PAIR)
    return found
