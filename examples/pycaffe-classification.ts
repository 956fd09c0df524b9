/**
 * pycaffe's classification script, ported line by line; each comment is the Python that it stands for.
 *
 *     node pycaffe-classification.js deploy.prototxt model.caffemodel mean.binaryproto labels.txt cat.jpg
 */
import { readFile } from 'node:fs/promises';
import { io, Net, Transformer } from 'caffe-node';

async function classifyLikePycaffe(
  network: string,
  weights: string,
  meanFile: string,
  labelsFile: string,
  imageFile: string,
): Promise<void> {
  // net = caffe.Net(network, weights, caffe.TEST)
  const net = await Net.load(network, { weights });
  const [input = 'data'] = net.inputs;
  const shape = net.blobs[input]?.shape ?? [];

  // blob = caffe.proto.caffe_pb2.BlobProto(); blob.ParseFromString(open(mean_file, 'rb').read())
  // mu = caffe.io.blobproto_to_array(blob)[0].mean(1).mean(1)
  const mean = await io.meanPixel(await io.loadMean(meanFile));

  // transformer = caffe.io.Transformer({'data': net.blobs['data'].data.shape})
  const transformer = new Transformer({ [input]: shape });
  transformer.setTranspose(input, [2, 0, 1]); // transformer.set_transpose('data', (2, 0, 1))
  transformer.setMean(input, mean); // transformer.set_mean('data', mu)
  transformer.setRawScale(input, 255); // transformer.set_raw_scale('data', 255)
  transformer.setChannelSwap(input, [2, 1, 0]); // transformer.set_channel_swap('data', (2, 1, 0))

  // image = caffe.io.load_image(image_file)
  // transformed_image = transformer.preprocess('data', image)
  const image = await io.loadImage(imageFile);
  const transformed = await transformer.preprocess(input, image);

  // net.blobs['data'].reshape(1, 3, 227, 227); net.blobs['data'].data[...] = transformed_image
  // output = net.forward()
  const output = await net.forward({ [input]: { shape: [1, ...transformed.shape], data: transformed.data } });

  // output_prob = output['prob'][0]
  const [name = 'prob'] = net.outputs;
  const values = output[name]?.data ?? new Float32Array(0);
  // The published SqueezeNet leaves its softmax to the reader.
  const probabilities = net.layers.at(-1)?.type === 'Softmax' ? values : softmax(values);

  // labels = np.loadtxt(labels_file, str, delimiter='\t')
  const labels = (await readFile(labelsFile, 'utf8')).trimEnd().split(/\r?\n/);

  // top_inds = output_prob.argsort()[::-1][:5]; print zip(output_prob[top_inds], labels[top_inds])
  const best = Array.from(probabilities, (probability, index) => ({ probability, index }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 5);
  for (const { probability, index } of best) console.log(`${probability.toFixed(4)} ${labels[index]}`);
  await net.dispose();
}

function softmax(values: Float32Array): Float32Array {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const [network, weights, meanFile, labelsFile, imageFile] = process.argv.slice(2);
if (network && weights && meanFile && labelsFile && imageFile) {
  classifyLikePycaffe(network, weights, meanFile, labelsFile, imageFile).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  console.error('Usage: pycaffe-classification NETWORK WEIGHTS MEAN.binaryproto LABELS IMAGE');
  process.exitCode = 2;
}
