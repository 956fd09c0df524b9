/** What is exported: the network and the weights of a model, or those that a caller names. */
import path from 'node:path';
import { CaffeError, describe } from '../errors';
import { reading } from '../given';
import { readMeanImage } from '../mean-image';
import { isModel, isNetwork, type Model, type ModelLike, openModel, pathOfModel } from '../model';
import { readPart } from '../model-files';
import { type Weights, weightsFrom } from '../net-sources';
import type { PrototxtDocument } from '../prototxt';
import { modelOf } from '../tools/source';
import { inFile, readText } from '../tools/text-file';

/** A network and its weights, where they are no model. */
export interface OnnxNetwork {
  /** The path of a prototxt file, its text (it contains a brace), or a document. One for training is deployed as `prototxt.toDeploy` does. */
  readonly network: string | PrototxtDocument;
  /** The path of a .caffemodel (or .caffemodel.h5) file, or its bytes; of several, later ones win; none on purpose: an empty array. */
  readonly weights: Weights | Weights[];
}

export interface ExportSource {
  readonly text: string;
  readonly weights: readonly Weights[];
  /** What a user of the file needs to know beside the graph. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads what is to be exported, and lets `work` have it; what was unpacked for it goes afterwards.
 *
 * @throws {CaffeError} as `openModel`; ERR_CAFFE_INPUT for what is neither model nor network; ERR_CAFFE_FILE.
 */
export async function withSource<Result>(given: ModelLike | OnnxNetwork, work: (source: ExportSource) => Promise<Result>): Promise<Result> {
  if (isNetwork(given)) return sourceOfNetwork(given, work);
  if (isModel(given)) return work(await sourceOfModel(given));
  const model = await openModel(pathOfModel(given));
  try {
    return await work(await sourceOfModel(model));
  } finally {
    await model.dispose();
  }
}

async function sourceOfNetwork<Result>(given: OnnxNetwork, work: (source: ExportSource) => Promise<Result>): Promise<Result> {
  const { network, weights } = reading('The network', () => ({ network: given.network, weights: given.weights }));
  if (weights === undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', `A network is exported with its weights; ${describe(weights)} was given.`, {
      hint: 'Give the path of its .caffemodel as weights.',
    });
  }
  const files = weightsFrom(weights);
  const model = modelOf(network);
  if (!('path' in model)) return work({ text: 'text' in model ? model.text : '', weights: files, metadata: {} });
  const text = await readText(model.path);
  return inFile(model.path, work({ text, weights: files, metadata: {} }));
}

async function sourceOfModel(model: Model): Promise<ExportSource> {
  const text = await readPart(model.path, path.dirname(model.network), path.basename(model.network));
  return { text, weights: [model.best.path], metadata: await metadataOf(model) };
}

/** Labels and the preprocessing record as JSON; a mean image with its values, since its file stays behind. */
async function metadataOf({ labels, preprocessing, folder }: Model): Promise<Record<string, string>> {
  const metadata = { labels: JSON.stringify(labels), preprocessing: JSON.stringify(preprocessing) };
  if (typeof preprocessing.mean !== 'string') return metadata;
  const { shape, data } = await readMeanImage(path.join(folder, preprocessing.mean));
  const values = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  return { ...metadata, mean_image: JSON.stringify({ shape, float32: values }) };
}
