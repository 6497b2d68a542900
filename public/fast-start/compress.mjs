/* Puts a .zst, a .br and a .gz beside every asset that becomes smaller, for the server to choose from (server/api/files.py).
 *
 * zstd comes first: it is decoded fastest, and Chromium decodes at every load, from its cache too. Level 19 keeps to a
 * window of 8 MB, the most that RFC 9659 lets a browser be asked for. Brotli's best level would save 4 % for the few
 * browsers without zstd and take minutes.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { sha256 } from "./kept.mjs";

const SMALLEST = 1024;
/** @import { Kept } from "./kept.mjs" */

const ALREADY_PACKED = /\.(png|webp|woff2|mp3|ogg)$/;
const SMALL = 512 * 1024;

async function zstd() {
  const codec = createRequire(import.meta.url)("@bokuweb/zstd-wasm");
  await codec.init();
  return (/** @type {Uint8Array} */ bytes) => /** @type {Uint8Array} */ (codec.compress(bytes, 19));
}

/** @param {Uint8Array} bytes */
function brotli(bytes) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const params = { [BROTLI_PARAM_QUALITY]: bytes.length > SMALL ? 9 : 11, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return promisify(zlib.brotliCompress)(bytes, { params });
}

const gzip = (/** @type {Uint8Array} */ bytes) => promisify(zlib.gzip)(bytes, { level: 9 });

/**
 * Returns {before, after}: bytes as they are and as zstd.
 * @param {string[]} files absolute paths
 * @param {Kept} kept
 */
export async function compressAll(files, kept) {
  const codings = { gz: gzip, br: brotli, zst: await zstd() }; // zstd last: it blocks while the others work beside it
  const sum = { before: 0, after: 0 };
  const compress = async (/** @type {string} */ file) => {
    const bytes = fs.readFileSync(file);
    sum.before += bytes.length;
    let sent = bytes.length;
    if (bytes.length >= SMALLEST && !ALREADY_PACKED.test(file)) {
      const key = sha256(bytes).digest("hex");
      for (const [suffix, pack] of Object.entries(codings)) {
        const packed = fs.readFileSync(await kept.file(suffix, key, () => pack(bytes)));
        if (packed.length >= bytes.length) continue;
        fs.writeFileSync(`${file}.${suffix}`, packed);
        sent = packed.length;
      }
    }
    sum.after += sent;
  };
  await Promise.all(files.map(compress));
  return sum;
}
