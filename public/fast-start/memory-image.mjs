/* The memory of a started Python, as the difference to the memory of a fresh one. Written by the build, read by the
 * frame. 32-bit words, little-endian:
 *
 *   magic, bytes of the whole memory, number of runs, then per run: first word, number of words; then their contents
 */
const MAGIC = 0x315a4d49; // "IMZ1"
const HEADER = 3;
/** Words compared at once, and how many equal ones end a run: a short gap costs less than two more numbers. */
const GRANULE = 8;
const GAP = 64;

/** @typedef {{ HEAPU8: Uint8Array, HEAPU32: Uint32Array, growMemory(bytes: number): void }} EmscriptenMemory */

export class ImageError extends Error {}

/** @param {Uint32Array} a @param {Uint32Array} b @param {number} from @param {number} to */
function differs(a, b, from, to) {
  for (let at = from; at < to; at++) if (a[at] !== (at < b.length ? b[at] : 0)) return true;
  return false;
}

/**
 * [first word, number of words] of what differs. Word `kept` is in none of them.
 * @param {Uint32Array} wanted
 * @param {Uint32Array} fresh
 * @param {number} kept
 */
function runsOf(wanted, fresh, kept) {
  /** @type {[number, number][]} */
  const runs = [];
  for (let at = 0; at < wanted.length; at += GRANULE) {
    if (!differs(wanted, fresh, at, at + GRANULE)) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] + GAP >= at) last[1] = at + GRANULE - last[0];
    else runs.push([at, GRANULE]);
  }
  return runs.flatMap(([first, count]) => {
    if (kept < first || kept >= first + count) return [[first, count]];
    return [[first, kept - first], [kept + 1, first + count - kept - 1]].filter(([, length]) => length > 0);
  });
}

/**
 * The image that turns `fresh` into `wanted`, except for the 32-bit word at byte `keptByte`.
 * @param {Uint8Array} wanted
 * @param {Uint8Array} fresh
 * @param {number} keptByte
 */
export function makeImage(wanted, fresh, keptByte) {
  const words = new Uint32Array(wanted.buffer, wanted.byteOffset, wanted.length / 4);
  const runs = runsOf(words, new Uint32Array(fresh.buffer, fresh.byteOffset, fresh.length / 4), keptByte / 4);
  const contents = runs.map(([first, count]) => words.subarray(first, first + count));
  const total = contents.reduce((sum, part) => sum + part.length, HEADER + 2 * runs.length);
  const image = new Uint32Array(total);
  image.set([MAGIC, wanted.length, runs.length]);
  image.set(runs.flat(), HEADER);
  let at = HEADER + 2 * runs.length;
  for (const part of contents) {
    image.set(part, at);
    at += part.length;
  }
  return new Uint8Array(image.buffer);
}

/**
 * Writes an image into the memory of a fresh module. Throws ImageError before anything is written when
 * the image is not whole or does not fit.
 * @param {ArrayBuffer} buffer
 * @param {EmscriptenMemory} module
 */
export function applyImage(buffer, module) {
  if (buffer.byteLength % 4 || buffer.byteLength < 4 * HEADER) throw new ImageError("not an image");
  const image = new Uint32Array(buffer);
  const [magic, bytes, count] = image;
  const runs = image.subarray(HEADER, HEADER + 2 * count);
  let total = HEADER + 2 * count;
  let end = 0;
  for (let n = 0; n < runs.length; n += 2) {
    if (runs[n] < end) throw new ImageError("runs out of order");
    end = runs[n] + runs[n + 1];
    total += runs[n + 1];
  }
  if (magic !== MAGIC || runs.length !== 2 * count || total !== image.length || 4 * end > bytes) {
    throw new ImageError("not a whole image");
  }
  if (module.HEAPU8.length < bytes) module.growMemory(bytes);
  const memory = module.HEAPU32;
  if (4 * memory.length < bytes) throw new ImageError("memory does not grow");
  let at = HEADER + 2 * count;
  for (let n = 0; n < runs.length; n += 2) {
    memory.set(image.subarray(at, at + runs[n + 1]), runs[n]);
    at += runs[n + 1];
  }
}
