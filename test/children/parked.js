// A Caffe with the real glog cannot return from a failed check: its thread is parked. What follows from that, one answer per line.
// Run by test/stock-caffe.test.ts.
const { Net, caffe } = require('../..');

const DATA = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }';
const SUM = `${DATA} layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" }`;
// Refuses in its forward pass: the number of labels is checked only then.
const RESHAPE = `${DATA} layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 } }`;

const failureOf = (promise) =>
  promise.then(
    () => 'accepted',
    (error) => error,
  );

async function sumWorks() {
  const net = await Net.from(SUM);
  const { sum } = await net.forward({ data: [1, 2, 3] });
  await net.dispose();
  return sum.data[0];
}

async function main() {
  console.log(caffe.features.recovers);
  const unknown = await failureOf(Net.from(`${DATA} layer { name: "x" type: "NoSuchLayer" bottom: "data" top: "x" }`));
  console.log(unknown.code, unknown.message.includes('Unknown layer type: NoSuchLayer'), unknown.file);
  console.log(await sumWorks());
  // Two nets on the same parameters: one dies in the middle of a run, the other goes on.
  const [dying, sharing] = await Promise.all([Net.from(RESHAPE), Net.from(RESHAPE)]);
  sharing.shareWith(dying);
  const refused = await failureOf(dying.forward({ data: { shape: [1, 4], data: new Float32Array(4) } }));
  console.log(refused.code);
  console.log((await failureOf(dying.forward())).code);
  console.log((await sharing.forward()).fc.shape.join('×'));
  console.log(await sumWorks());
}

main();
