/**
 * The interface of `globalThis.zorioSip`: every function and every event, and nothing else.
 *
 * This file is the one description. `tsc` checks public/sip/ against it, tests/build/test_sip_interface.py checks the
 * Python side (embed_app/browser/). That test reads this file line by line: one function or one event a line.
 *
 * Plain functions take strings, booleans and numbers. Results come as events: JSON strings given to one listener.
 * No function throws. Nothing reconnects, retries, hangs up or decides by itself.
 * Another SIP library can take the place of SIP.js by rewriting sip-ua.js and this folder.
 *
 * Words: `call_uuid` is our own id of a call. `sip_call_id` is the Call-ID header (RFC 3261 section 8.1.1.4).
 */

/** A JSON text that holds a T. */
export type Json<T> = string;

export interface ZorioSip {
  /** `listener` gets every event, in order, as JSON. Those from before it are kept, at most 1000. */
  listen(listener: (event: Json<ShimEvent>) => void): void;

  /** Again with the same `uri`: replaces the rest, except `instance_id`; touches no call. Another `uri`: ends everything and starts afresh. */
  configure(settings: Json<Settings>): void;
  /** Open the WebSocket. Already open to `url`: transport_up again. Open to another: that one is closed first. */
  connect(url: string): void;
  /** Close it. transport_down with reason "closed" comes at once, also when the server is dead. */
  disconnect(): void;
  /** One CRLF CRLF keep-alive (RFC 5626 section 3.5.1), or an OPTIONS to our own domain. */
  ping(by_options: boolean): void;
  /** A registration refreshes itself until the transport is down. */
  register(): void;
  unregister(): void;

  invite(call_uuid: string, user: string, headers: Json<Header[]>): void;
  /** The next INVITE with this `sip_call_id` is this call. `call_uuid` "": it is a new call again. */
  expect(sip_call_id: string, call_uuid: string): void;
  accept(call_uuid: string): void;
  /** `status`: 400 to 699; anything else is sent as 480. */
  reject(call_uuid: string, status: number): void;
  /** `cancel`, `bye` and `reject` do what the state of the call asks for: a 200 may cross a CANCEL. */
  cancel(call_uuid: string): void;
  /** A BYE that cannot be sent now is sent when the next REGISTER was answered. */
  bye(call_uuid: string): void;

  /** Take back a call of a former page (RFC 3891). A try that is under way is given up for it. */
  replace(call_uuid: string, replacement: Json<Replacement>): void;
  /** The other session of `takeover_asked` takes this one's place: `dialog` follows. */
  acceptTakeover(call_uuid: string): void;
  refuseTakeover(call_uuid: string, status: number): void;
  /** Give the try up, without an event. */
  cancelReplacement(call_uuid: string): void;
  /** A BYE in a dialog of a former page. Sent as that of `bye`, also where nothing was configured yet. */
  farewell(dialog: Json<Dialog>): void;

  /**
   * A re-INVITE (RFC 3264 section 8.4). The microphone is silent from this moment until an unhold has been accepted, also
   * where the far end refuses the hold: holdMicrophone ends that.
   */
  hold(call_uuid: string, on: boolean): void;
  /** A re-INVITE with an ICE restart (RFC 8445 section 9). Hold and mute stay as they are. */
  restartIce(call_uuid: string): void;
  /** Open the wanted microphone in the place of one that stopped: microphone_ready or microphone_failed. */
  reopenMicrophone(call_uuid: string): void;
  /** The microphone sends silence. Kept for as long as the call lives. May be said before the call is made. */
  mute(call_uuid: string, on: boolean): void;
  /** The same because of hold, without a re-INVITE. A call that is made with it on is offered on hold. */
  holdMicrophone(call_uuid: string, on: boolean): void;
  /** Neither microphone nor loudspeaker, whatever mute and hold say. May be said before the call is made. */
  setAside(call_uuid: string, on: boolean): void;

  /** Whether offers and answers wait for a relay beyond `gather_ms`. They do until this is said. */
  awaitRelay(on: boolean): void;

  /** Whether the peer takes telephone-events (RFC 4733). */
  canInsertDtmf(call_uuid: string): boolean;
  /** Appends to the digits still to be sent. "," is a pause of 2 s. dtmf_failed when they cannot be sent. */
  insertDtmf(call_uuid: string, digits: string): void;
  /** A SIP INFO (RFC 6086) that carries one digit. dtmf_failed when the far end does not take it. */
  sendInfo(call_uuid: string, content_type: string, body: string): void;

  /** Blind transfer (RFC 3515). */
  refer(call_uuid: string, user: string): void;
  /** Attended transfer (RFC 5589 section 7). */
  referToCall(call_uuid: string, target: Json<TransferTarget>): void;
  /**
   * Follow the REFER told by `referred` with this new_call_uuid: 202, and an INVITE as `invite` sends it. Nothing of Refer-To
   * is used. The peer is told by NOTIFY how it goes. Another new_call_uuid does nothing.
   */
  acceptRefer(call_uuid: string, new_call_uuid: string, user: string, headers: Json<Header[]>): void;
  /** `status`: 400 to 699; anything else is sent as 603. */
  rejectRefer(call_uuid: string, new_call_uuid: string, status: number): void;

  /** Ids of devices, "" for the browser's own choice, which is also taken for one that is not there. Running calls change over. */
  useDevices(microphone: string, speaker: string): void;
  /** To try one out, apart from any call. Rejects with a DOMException; name "PolicyBlocked" as in microphone_failed. */
  openMicrophone(microphone: string): Promise<MediaStream>;
  /** Try again to play remote audio, within a tap. */
  play(): void;
  /** "{}" for a call that is not there. */
  stats(call_uuid: string): Promise<Json<Stats>>;
}

/** Events about the phone as a whole. */
export interface PhoneEvents {
  transport_up: {};
  /** Once per loss and per failed attempt. `reason`: "closed", "code <WebSocket close code>", "timeout", "error <name>", "not configured". */
  transport_down: { reason: string };
  /** The first data of any kind after a ping. `crlf`: nothing but the answer to a CRLF CRLF. */
  pong: { crlf: boolean };
  /** For every accepted REGISTER, refreshes included. `expires`: seconds. The others: of its credentials, "" without any. */
  registered: { expires: number; realm: string; algorithm: string };
  /** `status` 0: no answer, or one that cannot be used. Nothing is refreshed any more. `why`: its challenge was not answered. */
  register_failed: { status: number; phrase: string; why: RefusalCause; realm: string };
  /** A challenge to another request was not answered. What becomes of the request is told as of any other refusal. */
  challenge_refused: { method: string; sip_call_id: string; realm: string; why: RefusalCause };
  unregistered: {};
  /** A relay was waited for in vain, or answers again; see awaitRelay. */
  relay: { answers: boolean };
  /** What `configure` or `connect` was given cannot be used, and nothing has changed. No other event comes of it. */
  configure_failed: { setting: Setting };
  /** A fault of ours, or of who called: something could not be done and no other event says so. `kind`: name of the error. */
  fault: { kind: string; where: string };
}

/** Events about one call; each has its `call_uuid` as well. Nothing comes after `ended`. */
export interface CallEvents {
  invite: { sip_call_id: string; user: string; display_name: string; headers: Headers };
  sent: { sip_call_id: string };
  progress: { status: number };
  accepted: {};
  /** After `accepted`, and once more when another dialog has taken its place: user and display_name say who it is with. */
  dialog: Dialog & { user: string; display_name: string };
  /**
   * Another session wants the place of this one (RFC 3891); it waits. `same_party`: the far end itself, as the PBX says who
   * that is. `sent_by_party`: somebody the far end sends, as the other one says (Referred-By, RFC 3892).
   */
  takeover_asked: { same_party: boolean; sent_by_party: boolean; early_only: boolean };
  /** `status` 0: no answer. */
  replace_failed: { status: number };
  /** Exactly once per call. `status` 0: no SIP status. `reason`: the Reason header (RFC 3326) as it came, or "". */
  ended: { by: Side; kind: EndKind; status: number; phrase: string; reason: string };
  held: { on: boolean };
  /** `status` 491: try again later. 0: no answer. */
  hold_failed: { on: boolean; status: number };
  restarted: {};
  /** `status` as for hold_failed; 481: the far end knows no such call. */
  restart_failed: { status: number };
  dtmf: { digit: string; via: DigitWay };
  /** Digits that did not arrive: an INFO that was refused, or RTP that took none. `status` 0: no answer came. */
  dtmf_failed: { status: number };
  refer_accepted: {};
  /** The status in the body of a NOTIFY (RFC 3515 section 2.4.5). */
  refer_progress: { status: number; phrase: string };
  refer_failed: { status: number; phrase: string };
  /**
   * The peer asks us to call somebody else, in any state of the call; it waits for acceptRefer or rejectRefer. All is told as
   * it came, without escapes. `scheme` "": Refer-To is not one URI that can be read.
   */
  referred: { new_call_uuid: string } & ReferTarget & { referred_by: string };
  /** Before the call is answered, `ended` with kind "failed" follows. `name`: of the DOMException, or "PolicyBlocked". */
  microphone_failed: { name: string; message: string };
  /** Unplugged, or its permission taken back. */
  microphone_ended: {};
  microphone_ready: {};
  autoplay_blocked: {};
  audio_playing: {};
  /** RTCPeerConnection.connectionState, or "peer_closed": the far end closed DTLS. */
  media: { state: MediaState };
}

/** One event, as `emit` takes it. */
export type ShimEvent = PhoneEvent | CallEvent;
export type PhoneEvent = { [Type in keyof PhoneEvents]: { type: Type } & PhoneEvents[Type] }[keyof PhoneEvents];
export type CallEvent = { [Type in keyof CallEvents]: { type: Type; call_uuid: string } & CallEvents[Type] }[keyof CallEvents];
/** An event of a call that is known: without its `call_uuid`. */
export type CallNews = { [Type in keyof CallEvents]: { type: Type } & CallEvents[Type] }[keyof CallEvents];

/** `uri` of the settings, or the `url` to connect to. */
export type Setting = "uri" | "url";
export type Side = "local" | "remote";
export type EndKind = "bye" | "cancel" | "reject" | "failed";
export type DigitWay = "info" | "rtp";
export type MediaState = RTCPeerConnectionState | "peer_closed";
/** Name and value. */
export type Header = [string, string];
export type Headers = Record<string, string>;

export interface Settings {
  /** Our address of record. */
  uri: string;
  auth_username: string;
  auth_password: string;
  display_name: string;
  ice_servers: RTCIceServer[];
  /** A UUID (RFC 5626 section 4.1). */
  instance_id: string;
  /** Which challenges are answered with credentials (RFC 3261 section 22). */
  answers: AnswerRule[];

  /** Why these five are what they are: embed_app/core/link/timing.py. Seconds that a registration is asked to last. */
  register_expires: number;
  /** Part of the granted time after which it is refreshed. */
  refresh_percent: number;
  /** The WebSocket is given up when it has not opened by then. */
  open_ms: number;
  /** An offer or answer waits this long for ICE candidates. */
  gather_ms: number;
  /** Longer, where there is a relay and no server has answered yet. */
  relay_ms: number;
}

/** Challenges to requests with one of these methods, in a dialog or outside, from one of these realms. */
export interface AnswerRule {
  methods: string[];
  in_dialog: boolean;
  /** Compared without case. */
  realms: string[];
  /** Of MD5, SHA-256 and SHA-512-256, the strongest first. */
  algorithms: string[];
}

/** Why a challenge was not answered. "request": nobody may challenge this one, or not any more. "": there was none. */
export type RefusalCause = "malformed" | "request" | "realm" | "algorithm" | "qop" | "";

/** What a later page must know to go on in this dialog (RFC 3261 section 12), as this side sees it. */
export interface Dialog {
  sip_call_id: string;
  local_tag: string;
  remote_tag: string;
  /** The far end's Contact. */
  remote_target: string;
  /** The far end's address of record. */
  remote_uri: string;
  /** CSeq of our last request. */
  sequence: number;
  /** The route set, nearest first. */
  routes: string[];
  instance_id: string;
  /** Our own GRUU (RFC 5627), or "". */
  gruu: string;
}

export interface Replacement extends Dialog {
  /** Where to look for the far end: a URI. */
  target: string;
  muted: boolean;
  held: boolean;
  /** By a re-INVITE in that dialog, for a far end without Replaces. */
  in_dialog: boolean;
}

/** What Refer-To names. */
export interface ReferTarget {
  scheme: string;
  user: string;
  host: string;
  port: number;
  /** Its URI parameter `method`, or "". */
  method: string;
  /** Its header Replaces, or null. */
  replaces: string | null;
}

export interface TransferTarget {
  /** Whom the peer shall call, to take our place in this dialog: a URI. */
  target: string;
  /** May be shown. */
  name: string;
  sip_call_id: string;
  local_tag: string;
  remote_tag: string;
}

export interface Stats {
  packets_received: number;
  packets_sent: number;
  packets_lost: number;
  /** Fraction of our packets that the far end lost. */
  loss_sent: number;
  /** Milliseconds, of the far end's last report on our packets. */
  reported_at: number;
  /** What both sides agreed on. */
  direction: string;
  /** Unitless (W3C webrtc-stats). */
  audio_energy_received: number;
  audio_level: number | null;
  connection_state: RTCPeerConnectionState;
  round_trip_ms: number | null;
}
