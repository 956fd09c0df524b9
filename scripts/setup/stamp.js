const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/** Every file below a folder (or the file itself), sorted, as paths; nothing when it does not exist. */
function filesBelow(place, skip = () => false) {
  const stat = fs.statSync(place, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [place];
  return fs
    .readdirSync(place, { withFileTypes: true })
    .filter((entry) => !skip(entry.name, place))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = path.join(place, entry.name);
      return entry.isDirectory() ? filesBelow(child, skip) : entry.isFile() || entry.isSymbolicLink() ? [child] : [];
    });
}

/** A hash of values and of the contents of files: the same inputs give the same text on every machine and in every folder. */
class Digest {
  constructor() {
    this.hash = crypto.createHash('sha256');
  }

  value(value) {
    const text = JSON.stringify(value) ?? '';
    this.hash.update(`${text.length}:${text};`);
    return this;
  }

  /** @param {string} base names in the hash are relative to it */
  contents(base, files) {
    for (const file of files) {
      // A link that leads nowhere is a file without contents.
      const data = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
      this.hash.update(`${path.relative(base, file)}\0${data.length}\0`).update(data);
    }
    return this;
  }

  /** Size and time instead of contents: for outputs, which are large and written by one tool only. */
  identity(files) {
    for (const file of files) {
      const stat = fs.statSync(file, { throwIfNoEntry: false });
      this.value([file, stat?.size, stat?.mtimeMs]);
    }
    return this;
  }

  toString() {
    return this.hash.digest('hex').slice(0, 32);
  }
}

const digest = () => new Digest();

function readStamp(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined; // not there, or cut short: the step runs again
  }
}

/** Writes JSON under a temporary name and renames it: a reader sees all of it or none. */
function writeJson(file, value) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`);
  fs.renameSync(temporary, file);
}

/** @returns {Promise<string>} the SHA-256 of a file of any size, in hex */
async function sha256(file) {
  const hash = crypto.createHash('sha256');
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

module.exports = { digest, filesBelow, readStamp, writeJson, sha256 };
