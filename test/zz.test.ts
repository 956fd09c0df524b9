import path from 'node:path';
import fs from 'node:fs';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { native } from '../lib/native';
const shared = path.resolve(__dirname, '../../shared');
test('x', async () => {
  console.log(native.layerTypes().length, native.features);
  const net = await Net.load(shared + '/models/squeezenet/SqueezeNet_deploy.prototxt', { weights: shared + '/models/squeezenet/squeezenet.caffemodel' });
  console.log(net.inputs, net.outputs, net.blobs.data.shape);
  const b = fs.readFileSync(shared + '/goldens/pycaffe/squeezenet_input_cat.f32');
  const data = new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length));
  const g = JSON.parse(fs.readFileSync(shared + '/goldens/pycaffe/squeezenet.json', 'utf8'))[0];
  let out: any;
  for (let i = 0; i < 6; i++) { const t = performance.now(); out = await net.forward({ data: { shape: [1, 3, 227, 227], data } }); console.log(performance.now() - t); }
  const o = out[net.outputs[0]];
  console.log(o.shape, o.data.slice(0, 4), g.pool_final.slice(0, 4));
  console.log(net.params.conv1[0].data.slice(0, 3), net.params.conv1[0].data === net.params.conv1[0].data, net.blobs['fire2/conv1x1_1'].data.length);
  await net.dispose();
  await net.forward({}).catch((e) => console.log(e.code, e.message));
  await Net.from('layer { name: "a" type: "Foo" }').catch((e) => console.log(e));
  await Net.from('layer { name: "a" tpe: "Foo" }').catch((e) => console.log(e));
  await Net.load(shared + '/models/squeezenet/nope').catch((e) => console.log(e));
  const r = JSON.parse(fs.readFileSync(shared + '/goldens/pycaffe/solver_trajectories.json', 'utf8'));
  const wave = (n: number, k: number) => Float32Array.from({ length: n }, (_, i) => (Math.sin(k * (i + 1)) + 1) / 2);
  for (const run of r.runs) {
    const s = await Solver.from(`net: "${shared}/goldens/pycaffe/tiny_train.prototxt" ` + run.solver.join('\n'), { weights: shared + '/goldens/pycaffe/tiny_init.caffemodel' });
    s.net.blobs.data.set(wave(8 * 2 * 36, r.data.k));
    s.net.blobs.label.set(Float32Array.from({ length: 8 }, (_, i) => i % 3));
    let worst = 0;
    for (const loss of run.losses) { const st = await s.step(1); worst = Math.max(worst, Math.abs(st.loss - loss) / Math.abs(loss)); }
    console.log(run.type, worst);
    await s.dispose();
  }
});
