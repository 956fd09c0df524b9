// What the prototxt toolkit costs: each operation on GoogLeNet's train_val.prototxt, and how its time grows with the size of the file:
// the layers of GoogLeNet over and over, up to 50 MB. Medians; linear growth is a constant time per megabyte.
//   node bench/prototxt.js [megabytes]
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { networks, prototxt } = require('..');
const { median, models } = require('./common');

const LARGEST = Number(process.argv[2] ?? 50);
const MEGABYTE = 1e6;

/** Each operation on a text; `most` is the greatest size, in megabytes, at which it is measured. */
const OPERATIONS = {
  'parse and print': { run: (text) => prototxt.parse(text).toString() },
  parseNet: { run: (text) => prototxt.parseNet(text) },
  'parseNet and stringify': { run: (text) => prototxt.stringify(prototxt.parseNet(text), 'net') },
  format: { run: (text) => prototxt.format(text) },
  check: { run: (text) => prototxt.check(text), most: 10 },
  'edit: set every convolution': { run: (text) => setConvolutions(prototxt.parse(text)) },
  'changes of that, as a diff': { run: (text) => String(setConvolutions(prototxt.parse(text)).changes), most: 10 },
};

function setConvolutions(document) {
  const convolutions = document.layers({ type: 'Convolution' });
  return document.edit((edits) => {
    for (const layer of convolutions) edits.set(layer, 'convolution_param.weight_filler.std', 0.5);
  });
}

function timed(run, text, rounds) {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    run(text);
    return performance.now() - start;
  });
  return median(times);
}

/** The layers of a network under new names, until there are so many bytes. */
function repeated(network, bytes) {
  const pieces = [];
  for (let size = 0; size < bytes; size += network.length) {
    pieces.push(network.replace(/(name|bottom|top): "/g, `$1: "${pieces.length}/`).replace(/^name:.*\n/, ''));
  }
  return pieces.join('');
}

function main() {
  const file = path.join(path.dirname(models().deploy), '../bvlc_googlenet/train_val.prototxt');
  const network = readFileSync(file, 'utf8');
  const sizes = [1, 2, 5, 10, 20, 50].filter((size) => size <= LARGEST);
  console.log(`${' '.repeat(30)}GoogLeNet (${(network.length / 1e3).toFixed(0)} kB)   milliseconds per MB at ${sizes.join(', ')} MB`);
  for (const [title, { run, most = LARGEST }] of Object.entries(OPERATIONS)) {
    timed(run, network, 200); // warm
    const once = timed(run, network, 201);
    const perMegabyte = sizes
      .filter((size) => size <= most)
      .map((size) => {
        const text = repeated(network, size * MEGABYTE);
        return (timed(run, text, size > 5 ? 1 : 3) / (text.length / MEGABYTE)).toFixed(0);
      });
    console.log(`${title.padEnd(30)}${once.toFixed(2).padStart(9)} ms           ${perMegabyte.join('  ')}`);
  }
  for (const [title, text] of Object.entries(networks.get('resnet-50'))) {
    if (title !== 'trainVal' && title !== 'deploy') continue;
    timed(prototxt.check, text, 50);
    console.log(`check of ResNet-50, ${title}: ${timed(prototxt.check, text, 51).toFixed(1)} ms`);
  }
  for (const text of ['{', 'layer {', 'a<', 'a: [', 'layer { name: "x" ']) {
    const nested = text.repeat((10 * MEGABYTE) / text.length);
    const start = performance.now();
    let said = 'accepted';
    try {
      prototxt.parse(nested);
    } catch (error) {
      said = error.message.split('\n', 1)[0];
    }
    console.log(`10 MB of ${JSON.stringify(text)}: ${(performance.now() - start).toFixed(1)} ms, ${said}`);
  }
}

main();
