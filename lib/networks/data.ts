/** The layers that bring pictures in. Paths are those of a dataset folder: beside its files, the network's find them. */
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Feed } from './architecture';
import type { Choices } from './draft';

const FILES = { TRAIN: 'train_db', TEST: 'val_db', mean: 'mean.binaryproto' };

/** Pictures and labels of one phase. */
export function dataLayer(phase: 'TRAIN' | 'TEST', feed: Feed, choices: Choices): Top {
  const transform = transformation(phase, feed, choices);
  return L.Data({
    name: feed.name,
    ntop: 2,
    include: { phase },
    ...(Object.keys(transform).length > 0 && { transform_param: transform }),
    source: FILES[phase],
    batch_size: phase === 'TRAIN' ? choices.batchSize : feed.validationBatchSize,
    backend: 'LMDB',
  });
}

/** One picture, as it is deployed. */
export function inputLayer({ channels, size }: Choices): Top {
  return L.Input({ shape: { dim: [1, channels, ...size] } });
}

function transformation(phase: 'TRAIN' | 'TEST', { crop, mean, scale }: Feed, { channels, size: [height, width] }: Choices) {
  return {
    ...(scale !== undefined && { scale }),
    ...(crop && { mirror: phase === 'TRAIN' }),
    // Caffe crops squares; pictures of another form have the network's size already.
    ...(crop && height === width && { crop_size: height }),
    ...(mean === 'picture' && { mean_file: FILES.mean }),
    ...(mean !== undefined && mean !== 'picture' && { mean_value: meanFor(mean, channels) }),
  };
}

/** Other than of three colours, all channels have one value: that of green, which is nearest to what an eye calls grey. */
function meanFor(mean: readonly [number, number, number], channels: number): number[] {
  return channels === 3 ? [...mean] : [mean[1]];
}
