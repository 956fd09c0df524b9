// Opens a database after each of many alterations and reads all of it: the folder is the first argument, the kind of alterations the
// second. A mistake of the check shows as the end of this process by a signal. Prints what came of them, and the number of each.
// Run by test/lmdb-check.test.ts.
const fs = require('node:fs');
const path = require('node:path');
const { Net } = require('../..');
const { native } = require('../../dist/native');

const [folder, kind] = process.argv.slice(2);
const file = path.join(folder, 'data.mdb');
const whole = fs.readFileSync(file);
const PAGE = 4096;
const PAGE_HEADER = 16;
const META = 136;

/** Every multiple of 512, its neighbours, and sizes that are multiples of nothing. */
function* truncations() {
  for (let size = 0; size < whole.length; size += 512) {
    yield whole.subarray(0, size);
    yield whole.subarray(0, size + 1);
    if (size > 0) yield whole.subarray(0, size - 1);
  }
  for (let size = 3; size < whole.length; size += 997) yield whole.subarray(0, size);
}

/** Each page in turn replaced: by zeros, by ones, by noise, by each of the others. */
function* pages() {
  const count = whole.length / PAGE;
  for (let page = 0; page < count; page++) {
    const replacements = [
      Buffer.alloc(PAGE),
      Buffer.alloc(PAGE, 0xff),
      Buffer.from(Array.from({ length: PAGE }, (_, i) => (i * 7919 + page) >> 3)),
    ];
    for (let other = 0; other < count; other++) if (other !== page) replacements.push(whole.subarray(other * PAGE, (other + 1) * PAGE));
    for (const replacement of replacements) {
      const damaged = Buffer.from(whole);
      replacement.copy(damaged, page * PAGE);
      yield damaged;
      // The same under the page's own number, which is the first thing that a check looks at.
      damaged.writeBigUInt64LE(BigInt(page), page * PAGE);
      yield Buffer.from(damaged);
    }
  }
}

/**
 * Every 16-bit number of each page's header, of its list of nodes and of its first nodes set to what overflows something, and of the whole
 * contents of the two meta pages: their last one, the number of the transaction, decides which of them is read.
 */
function* numbers() {
  for (let page = 0; page < whole.length; page += PAGE) {
    const end = page + PAGE_HEADER + (page < 2 * PAGE ? META : 64);
    for (let at = page; at < end; at += 2) {
      for (const value of [0, 1, 0x0fff, 0x1000, 0x7fff, 0xffff]) {
        const damaged = Buffer.from(whole);
        damaged.writeUInt16LE(value, at);
        yield damaged;
      }
    }
  }
}

async function readAll() {
  const reader = await native.openDatabase(folder);
  try {
    for (let start = 0; start < reader.count; start += 50) await reader.read(start, Math.min(50, reader.count - start));
  } finally {
    await reader.close();
  }
  return `read ${reader.count}`;
}

async function main() {
  const outcomes = {};
  for (const bytes of { truncations, pages, numbers }[kind]()) {
    fs.writeFileSync(file, bytes);
    const outcome = await readAll().catch((error) => error.code ?? String(error));
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  fs.writeFileSync(file, whole);
  outcomes.afterwards = await readAll();
  const net = await Net.from(`layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
    layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" }`);
  outcomes.sum = (await net.forward({ data: [1, 2, 3] })).sum.data[0];
  console.log(JSON.stringify(outcomes));
}

main();
