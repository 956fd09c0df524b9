// How much more two nets on two lanes do than one net on one, with one of two threads each: SqueezeNet, batch 1. The outputs of both are
// compared with those of the single net first; rounds of one and of two alternate; medians and their ratio are printed.
//   node bench/lanes.js [rounds] [runs in each round]
const { caffe, Net } = require('..');
const { median, models } = require('./common');

const rounds = Number(process.argv[2] ?? 15);
const runs = Number(process.argv[3] ?? 20);

/** Forward passes in a second of all these nets together. */
async function throughput(nets, data) {
  const start = performance.now();
  await Promise.all(
    nets.map(async (net) => {
      for (let index = 0; index < runs; index++) await net.forward({ data });
    }),
  );
  return (1000 * runs * nets.length) / (performance.now() - start);
}

async function main() {
  caffe.setThreads(2);
  caffe.setLanes(2);
  const { deploy, weights } = models();
  const nets = [await Net.load(deploy, { weights }), await Net.load(deploy, { weights })];
  const [batch, ...item] = nets[0].blobs[nets[0].inputs[0]].shape;
  const data = Float32Array.from({ length: batch * item.reduce((a, b) => a * b) }, (_, index) => 100 * Math.sin(0.1 * (index + 1)));
  const [first, second] = await Promise.all(nets.map((net) => net.forward({ data })));
  for (const name of Object.keys(first)) {
    if (!first[name].data.every((value, index) => value === second[name].data[index])) throw new Error(`the outputs '${name}' differ`);
  }
  const measured = { one: [], two: [], ratios: [] };
  for (let round = 0; round < rounds; round++) {
    const one = await throughput(nets.slice(0, 1), data);
    const two = await throughput(nets, data);
    measured.one.push(one);
    measured.two.push(two);
    measured.ratios.push(two / one);
  }
  const spread = [Math.min(...measured.ratios), Math.max(...measured.ratios)].map((ratio) => ratio.toFixed(2)).join(' … ');
  console.log(
    `batch ${batch}: one net ${median(measured.one).toFixed(1)} /s   two nets ${median(measured.two).toFixed(1)} /s   ` +
      `median ratio ${median(measured.ratios).toFixed(2)} (${spread})`,
  );
  await Promise.all(nets.map((net) => net.dispose()));
}

main();
