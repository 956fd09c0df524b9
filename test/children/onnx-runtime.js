// Runs ONNX files with onnxruntime. Started by test/support/onnx-runtime.ts: in a process of its own, as it refuses the arrays of Jest's realm.
const { InferenceSession, Tensor } = require('onnxruntime-node');

const QUIET = { logSeverityLevel: 3 };

async function run({ file, inputs }) {
  const session = await InferenceSession.create(file, QUIET);
  const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [name, new Tensor('float32', Float32Array.from(data), shape)]);
  const outputs = await session.run(Object.fromEntries(feeds));
  const tensors = Object.entries(outputs).map(([name, { dims, data }]) => [name, { shape: [...dims], data }]);
  const names = { inputs: [...session.inputNames], outputs: [...session.outputNames] };
  await session.release();
  return { tensors: Object.fromEntries(tensors), ...names };
}

process.on('message', async ({ id, request }) => {
  const answer = await run(request).catch((error) => ({ error: String(error) }));
  process.send({ id, answer });
});
