/** Globals of our scripts: what they leave for each other and for Python, and what TypeScript's own lists lack. */

import type { ZorioSip } from "./sip/interface.js";

export interface KeptMessage {
  /** JSON text; "null" for what cannot be written as one or is too long. */
  data: string;
  origin: string;
}

/** The start of the frame (boot.js, then fast-start/head.js). Python reads it in embed_app/browser/. */
export interface Boot {
  /** The parameters of the address, beginning with "?", or "". */
  search: string;
  /** Address of the folder of assets, with the "/" at its end. */
  assets: string;
  /** The parent's, from before Python; nobody else's are kept. */
  messages: KeptMessage[];
  dropped: number;
  parentOriginHint: string;
  parentOrigins: string[];
  takeMessages(consumer: (data: string, origin: string) => void): void;
  started(): void;
  failed(code: string, message: string, detail?: string): void;
  retry(): void;
  post(json: string, origin: string): void;

  /** From here on: by head.js. Texts without names, numbers or tokens. */
  diagnostics: string[];
  /** The answer of sip-config that was asked for with this token, once. */
  takeSipConfig?(token: string): Promise<Response> | undefined;
  /** The ticket for records of calls in that answer, "" where there is none; the answer stays to be taken. */
  resumeTicket?(token: string): Promise<string>;
  /** The socket that was opened to this URL, once. */
  takeSocket?(url?: string): WebSocket | undefined;
  /** The name under which this browser holds leases, and whether its storage keeps it. */
  leaseHolder?: string;
  leaseHolderIsKept?: boolean;
  /** Resolves after the first paint. */
  painted?: Promise<void>;
  /** What was begun for the fast start. */
  early?: EarlyParts | null;
  /** The interpreter of the fast start (pyscript-loader.mjs). */
  python?: import("pyodide").PyodideInterface | null;
}

export interface EarlyParts {
  module: Promise<WebAssembly.Module>;
  image: Promise<ArrayBuffer>;
}

declare global {
  var zorioBoot: Boot;
  var zorioSip: Readonly<ZorioSip>;

  /** Put in by the build (public/build/build.mjs). SHARED: embed_app/core/shared.json; shared.py says what is in it. */
  const SHARED: typeof import("../embed_app/core/shared.json");
  const PYODIDE_INFO: import("pyodide").Lockfile["info"];
  const WASM_HASH: string;
  const IMAGE_HASH: string;
  const SNAPSHOT_HEADER: string;

  interface Document {
    /** Permissions Policy as Chromium has it; W3C has not settled on a name. */
    featurePolicy?: { allowsFeature(name: string): boolean };
  }

  /** Encoded frames as Chromium hands them out (an earlier form of W3C webrtc-encoded-transform). */
  interface EncodedFrame {
    data: ArrayBuffer;
    getMetadata(): { mimeType?: string; rtpTimestamp?: number };
  }
  interface EncodedStreams {
    readable: ReadableStream<EncodedFrame>;
    writable: WritableStream<EncodedFrame>;
  }
  interface RTCRtpReceiver {
    createEncodedStreams(): EncodedStreams;
  }
  interface RTCRtpSender {
    createEncodedStreams(): EncodedStreams;
  }
  interface RTCConfiguration {
    encodedInsertableStreams?: boolean;
  }
}
