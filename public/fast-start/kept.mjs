/* Results that take long to make, kept by the hash of what they were made from. Every dist/ shares them. */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const WEEK_MS = 7 * 24 * 3600 * 1000;

/** @param {(string | Uint8Array)[]} parts */
export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash("sha256"));

export class Kept {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true });
  }

  /**
   * Absolute path of the file `name` made from what has this `key`; `make()` returns its bytes when it is not there.
   * @param {string} name
   * @param {string} key
   * @param {() => Promise<string | Uint8Array> | string | Uint8Array} make
   */
  async file(name, key, make) {
    const file = path.join(this.folder, `${key}.${name}`);
    if (fs.existsSync(file)) {
      fs.utimesSync(file, new Date(), new Date());
      return file;
    }
    const unfinished = `${file}.${process.pid}`; // another build may be at it too
    fs.writeFileSync(unfinished, await make());
    fs.renameSync(unfinished, file);
    return file;
  }

  /** Forgets what no build has used for a week. */
  prune() {
    for (const name of fs.readdirSync(this.folder)) {
      const file = path.join(this.folder, name);
      const { mtimeMs } = fs.statSync(file, { throwIfNoEntry: false }) ?? {};
      if (mtimeMs !== undefined && mtimeMs < Date.now() - WEEK_MS) fs.rmSync(file, { force: true });
    }
  }
}
