/** Shapes, parameters and costs of real networks: the linked Caffe's own, and those of the papers. */
import { Net } from '../../lib/net';
import { get, list } from '../../lib/networks';
import { type CheckedState, check, parse, retarget } from '../../lib/prototxt';
import { describeModels, model, modelNames } from './shared';

/** The text with Input layers in the place of those that read datasets, of the shapes that were worked out. */
function withoutDatasets(text: string, { blobs, layers }: CheckedState): string {
  const shapes = new Map(blobs.map(({ name, shape }) => [name, shape ?? []]));
  const sources = new Set(layers.filter(({ type }) => type === 'Data').map(({ name, line }) => `${name} ${line}`));
  const document = parse(text);
  return document
    .edit((edits) => {
      for (const field of document.root.fieldsNamed('layer')) {
        if (field.value.kind !== 'message' || field.value.string('type') !== 'Data') continue;
        const { line } = document.root.source.locate(field.start);
        const tops = field.value.strings('top');
        const dims = (top: string) => (shapes.get(top) ?? []).map((extent) => `dim: ${extent}`).join(' ');
        const input = `layer { name: "input" type: "Input" ${tops.map((top) => `top: "${top}"`).join(' ')} input_param { ${tops.map((top) => `shape { ${dims(top)} }`).join(' ')} } }`;
        if (sources.has(`${field.value.string('name')} ${line}`)) edits.replaceField(field, input);
        else edits.remove(field);
      }
    })
    .toString();
}

/** Compares every net of a file with what Caffe makes of it. */
async function expectAgreement(text: string, inputs: Record<string, number[]> = {}): Promise<void> {
  const batch = text.includes('"Data"') ? 2 : undefined;
  const { states } = check(text, { inputs, batch });
  expect(states.length).toBeGreaterThan(0);
  for (const state of states) {
    const { phase, stages, layers, blobs, totals } = state;
    const net = await Net.from(withoutDatasets(text, state), { phase, stages: [...stages] });
    for (const { name, shape } of blobs) expect({ name, shape }).toEqual({ name, shape: net.blobs[name]?.shape });
    for (const { name, type, params } of layers) {
      if (type !== 'Data') expect({ name, params }).toEqual({ name, params: (net.params[name] ?? []).map(({ shape }) => shape) });
    }
    const counts = Object.values(net.params).flatMap((params) => params.map(({ count }) => count));
    expect(totals).toMatchObject({ parameters: counts.reduce((sum, count) => sum + count, 0), complete: true });
    await net.dispose();
  }
}

describeModels('published networks', () => {
  const nets = modelNames().filter((name) => !name.includes('solver'));
  test.each(nets)('%s: every net of it, as Caffe shapes it', async (name) => {
    const published = model(name);
    const heads = name.startsWith('digits') || name === 'seed/googlenet-customized';
    const text = heads ? retarget(published, { classes: 10 }).text : published;
    await expectAgreement(text, name === 'digits/lenet' ? { data: [2, 1, 28, 28] } : {});
  });

  test.each(modelNames().filter((name) => !/^(digits|seed)/.test(name)))('%s has neither errors nor warnings', (name) => {
    const { ok, findings } = check(model(name));
    expect({ ok, findings: findings.filter(({ severity }) => severity !== 'info') }).toEqual({ ok: true, findings: [] });
  });

  test('templates of DIGITS lack datasets and numbers of classes, and nothing else', () => {
    const { findings } = check(model('digits/alexnet'));
    expect(findings.filter(({ severity }) => severity === 'error').map(({ layer, message }) => [layer, message])).toEqual([
      ['train-data', "Layer 'train-data' names no dataset."],
      ['val-data', "Layer 'val-data' names no dataset."],
      ['fc8', "Layer 'fc8' has no num_output."],
    ]);
  });

  test("parameters and multiply-adds are the papers'", () => {
    const alexnet = check(model('bvlc_alexnet/deploy')).totals;
    expect(alexnet.parameters).toBe(60_965_224); // 60 million in the paper
    expect(alexnet.multiplyAdds / 10).toBe(724_406_816);
    const squeezenet = check(model('squeezenet/SqueezeNet_deploy')).totals;
    expect(squeezenet.parameters).toBe(1_248_424); // 1.2 million: 50 times fewer than AlexNet
    const googlenet = check(model('bvlc_googlenet/deploy')).totals;
    expect(googlenet.multiplyAdds / 10 / 1e9).toBeCloseTo(1.58, 2); // 1.5 billion in the paper
  });

  test("receptive fields of AlexNet are the literature's", () => {
    const { blobs } = check(model('bvlc_alexnet/deploy'));
    const field = (name: string) => blobs.find((blob) => blob.name === name)?.receptiveField;
    const sizes = ['conv1', 'pool1', 'conv2', 'pool2', 'conv3', 'conv4', 'conv5', 'pool5'].map((name) => field(name)?.size[0]);
    expect(sizes).toEqual([11, 19, 51, 67, 99, 131, 163, 195]);
    expect(field('pool5')).toEqual({ size: [195, 195], stride: [32, 32], offset: [-64, -64] });
    expect(field('fc6')?.size).toEqual([355, 355]);
    expect(field('prob')?.size).toEqual([355, 355]);
  });
});

describe('memory', () => {
  test.each(['squeezenet', 'googlenet', 'resnet-18'] as const)('of %s is what the net holds when it has run', async (name) => {
    const { deploy } = get(name, { classes: 5, size: name === 'resnet-18' ? 64 : undefined });
    const net = await Net.from(deploy, { engine: 'caffe' });
    await net.forward();
    expect(check(deploy).totals.memory).toMatchObject({ total: net.memory.total, gradients: 0 });
    await net.dispose();
  });

  test.each(['squeezenet', 'googlenet', 'resnet-18'] as const)('of %s in training is that, and its gradients', async (name) => {
    const { trainVal } = get(name, { classes: 5, size: name === 'resnet-18' ? 64 : undefined });
    const [state] = check(trainVal, { batch: 2 }).states;
    const net = await Net.from(withoutDatasets(trainVal, state as CheckedState), { phase: 'train' });
    await net.forward();
    await net.backward(); // gives the gradients of the inputs, too, which training does without
    const { blobs, total } = net.memory;
    expect(state?.totals.memory.total).toBe(total - (blobs.data?.diff ?? 0) - (blobs.label?.diff ?? 0));
    await net.dispose();
  });
});

describe.each(list())('$name', ({ name, smallest, parameters, multiplyAdds, input: [channels] }) => {
  test('every net of it, as Caffe shapes it, and nothing to find', async () => {
    const size = Math.max(smallest, 40);
    const { trainVal, deploy } = get(name, { classes: 7, size });
    // What does not crop takes the pictures as they are in the dataset, which is not there.
    const inputs: Record<string, number[]> = trainVal.includes('crop_size') ? {} : { data: [2, channels, size, size] };
    await expectAgreement(trainVal, inputs);
    await expectAgreement(deploy);
    const findings = [...check(trainVal, { inputs, batch: 2 }).findings, ...check(deploy).findings];
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  test('costs what the list says', () => {
    const { totals } = check(get(name).deploy);
    expect(totals.parameters - totals.statistics).toBe(parameters);
    expect(totals.multiplyAdds).toBe(multiplyAdds);
  });
});
