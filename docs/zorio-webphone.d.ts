// Made by docs/generate_protocol.py from embed_app/protocol. Do not edit.

export type CallObject = { uuid: string; direction: "inbound" | "outbound"; number: string; display_name: string; state: "answered" | "ended" | "held" | "inviting" | "ringing"; muted: boolean; held: boolean; started_at: string; answered_at: string | null; ended_at: string | null; campaignId: string | null; leadId: string | null; sip_call_id: string; quality?: "good" | "poor"; transfer_request?: TransferRequest };

export type Contact = { number: string; display_name: string | null; external_id: string | null };

export type ErrorObject = { code: "token_missing" | "token_malformed" | "token_expired" | "token_rejected" | "token_foreign" | "token_mismatch" | "invalid_parameter" | "invalid_message" | "unknown_command" | "invalid_payload" | "invalid_number" | "number_not_allowed" | "invalid_digits" | "invalid_header" | "invalid_state" | "no_call" | "call_in_progress" | "not_registered" | "registration_refused" | "challenge_refused" | "invalid_configuration" | "in_use_elsewhere" | "registration_failed" | "network_unreachable" | "server_unreachable" | "rate_limited" | "mic_denied" | "mic_blocked" | "mic_missing" | "mic_busy" | "mic_lost" | "transfer_failed" | "hold_failed" | "dtmf_failed" | "no_audio" | "media_lost" | "too_many_messages" | "too_many_calls" | "load_failed" | "internal"; message: string; fatal: boolean; detail?: Record<string, unknown>; call_uuid?: string };

export type CallOptions = { campaignId?: string | number | null; leadId?: string | number | null; headers?: Record<string, string | number> };

export type StateAnswer = { state: "idle" | "configuring" | "standby" | "connecting" | "registering" | "registered" | "waiting" | "leaving" | "refused"; extension: string | null; calls: Array<CallObject>; active_call_uuid: string | null; do_not_disturb: boolean; attempt: number; size: Resize | null };

export interface CommandPayloads {
  connect: Record<string, never>;
  disconnect: Record<string, never>;
  call: { number: string; options?: CallOptions };
  refresh_token: { token: string };
  answer: { call_uuid?: string | null };
  hangup: { call_uuid?: string | null };
  hold: { call_uuid?: string | null };
  unhold: { call_uuid?: string | null };
  mute: { call_uuid?: string | null };
  unmute: { call_uuid?: string | null };
  send_dtmf: { digits: string; call_uuid?: string | null };
  transfer: { target: string; call_uuid?: string | null; mode?: "attended" | "blind" | null };
  accept_transfer: { number: string; call_uuid?: string | null };
  decline_transfer: { call_uuid?: string | null };
  get_state: Record<string, never>;
}

export interface EventPayloads {
  registered: Record<string, never>;
  unregistered: { reason: "manual" | "remote" | "transport_disconnect" };
  connected: Record<string, never>;
  disconnected: { reason?: string };
  incoming_call: { call: CallObject; contact: Contact };
  call_ringing: { call: CallObject };
  call_answered: { call: CallObject };
  call_hangup: { call: CallObject; reason: "answered_elsewhere" | "busy" | "cancelled" | "error" | "forbidden" | "local_hangup" | "media_lost" | "mic_denied" | "no_answer" | "not_found" | "rejected" | "remote_hangup" | "signaling_lost" | "time_limit" | "transferred" | "unavailable"; billsec: number };
  dtmf: { call: CallObject; digit: string };
  error: ErrorObject;
  auto_reconnect: { attempt: number; delay_ms: number };
  audio_autoplay_blocked: { call: CallObject };
  ready: { version: string; state: string; extension?: string };
  call_updated: { call: CallObject; resumed?: true };
  transfer_requested: { call: CallObject; number: string; attended: boolean; expires_in: number };
  token_expiring: { expires_in: number };
  do_not_disturb: { on: boolean };
  resize: { width: number; height: number };
}

export type Command = { [T in keyof CommandPayloads]:
  { source: "zorio-webphone"; type: T; payload?: CommandPayloads[T]; id?: string } }[keyof CommandPayloads];
export type Event = { [T in keyof EventPayloads]:
  { source: "zorio-webphone"; type: T; payload: EventPayloads[T] } }[keyof EventPayloads];
export type Response = { source: "zorio-webphone"; type: "response"; id: string } &
  ({ ok: true; payload: StateAnswer } | { ok: false; error: ErrorObject });
