// In a build without oneDNN: what is refused, and what runs all the same.
const { caffe, Net, timePlan } = require('../..');

const LINEAR = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } bias_filler { type: "constant" value: 0.5 } } }`;

const codeOf = (promise) =>
  promise.then(
    () => 'resolved',
    (error) => error.code,
  );

async function main() {
  const { onednn, bf16, amx } = caffe.features;
  console.log(onednn, bf16, amx);
  console.log(await codeOf(Net.from(LINEAR, { engine: 'onednn' })));
  console.log(await codeOf(Net.from(LINEAR, { precision: 'bf16' })));
  console.log(await codeOf(timePlan(LINEAR)));
  const net = await Net.from(LINEAR, { engine: 'auto' });
  console.log(net.engine.name, net.engine.reason);
  const { fc } = await net.forward({ data: [1, 2, 3] });
  console.log(...fc.data);
  console.log(net.blobs.data.data[2]);
  await net.dispose();
}

main();
