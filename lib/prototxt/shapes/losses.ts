/** Losses and measures: scores and labels in, a number out. */
import type { Inferred, LayerSetup, Rule } from './rule';
import type { Settings } from './settings';
import { countOf, type Shape, textOfShape } from './shape';

const SCALAR: Shape = [];

/** What all losses ask: as many items in both. */
function requireItems(layer: LayerSetup): [Shape, Shape] {
  const scores = layer.requireAxes(0, 1, Number.POSITIVE_INFINITY);
  const labels = layer.requireAxes(1, 1, Number.POSITIVE_INFINITY);
  layer.require(
    scores[0] === labels[0],
    `compares ${layer.describeBottom(0)} with ${layer.describeBottom(1)}`,
    'Give both the same number of items.',
    layer.at,
    'shape',
  );
  return [scores, labels];
}

/** A label for every place that has a score for each class. */
function requireLabels(layer: LayerSetup, param: Settings): number {
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  const scores = layer.bottom(0);
  const places = countOf(scores) / (scores[axis] ?? 1);
  const labels = countOf(layer.bottom(1));
  const fix = `Give it one label for each: ${textOfShape(scores.filter((_, index) => index !== axis))} of them, or set axis to the one that counts classes.`;
  layer.require(
    places === labels,
    `has ${places} predictions (${layer.describeBottom(0)}, classes on axis ${axis}) and ${labels} labels (${layer.describeBottom(1)})`,
    fix,
    layer.at,
    'shape',
  );
  return axis;
}

/** A loss that gives its scores, too. It has one weight of its own, and Caffe wants one for each top. */
function withScores(layer: LayerSetup, second: Shape): Inferred {
  const weighted = layer.topCount < 2 || layer.layer.lossWeights.length > 0;
  layer.require(weighted, 'has two tops and no loss_weight', 'Write loss_weight: 1 and loss_weight: 0, one for each top.');
  return { tops: [SCALAR, second].slice(0, layer.topCount) };
}

function loss(layer: LayerSetup): Inferred {
  requireItems(layer);
  return { tops: [SCALAR] };
}

function softmaxLoss(layer: LayerSetup): Inferred {
  const [scores] = requireItems(layer);
  requireLabels(layer, layer.settings('softmax_param'));
  return withScores(layer, scores);
}

function infogainLoss(layer: LayerSetup): Inferred {
  const param = layer.settings('infogain_loss_param');
  const settings = layer.settings('loss_param');
  layer.require(!settings.has('normalize'), 'has loss_param.normalize', 'Use normalization.', settings.at('normalize'));
  layer.require(
    layer.bottomCount > 2 || param.has('source'),
    'has no matrix',
    'Set infogain_loss_param.source, or give the matrix as third bottom.',
    param.at(),
  );
  const [scores] = requireItems(layer);
  const axis = requireLabels(layer, param);
  const classes = scores[axis] ?? 0;
  layer.requireCountable(classes * classes, 'a matrix');
  if (layer.bottomCount > 2) {
    const values = countOf(layer.bottom(2));
    layer.require(
      values === classes ** 2,
      `gets the matrix ${layer.describeBottom(2)} for ${classes} classes`,
      'Give it a row and a column for each class.',
      layer.at,
      'shape',
    );
  }
  return withScores(layer, scores);
}

function euclideanLoss(layer: LayerSetup): Inferred {
  const [first, second] = requireItems(layer);
  layer.require(
    countOf(first, 1) === countOf(second, 1),
    `compares ${layer.describeBottom(0)} with ${layer.describeBottom(1)}`,
    'Give both the same number of values.',
    layer.at,
    'shape',
  );
  return { tops: [SCALAR] };
}

function multinomialLoss(layer: LayerSetup): Inferred {
  const [, labels] = requireItems(layer);
  const fits = labels.length <= 4 && countOf(labels, 1) === 1;
  layer.require(fits, `takes one label for each item; it gets ${layer.describeBottom(1)}`, 'Give it labels of shape N.', layer.at, 'shape');
  return { tops: [SCALAR] };
}

function contrastiveLoss(layer: LayerSetup): Inferred {
  const [first, second] = requireItems(layer);
  const similar = layer.requireAxes(2, 0, 4);
  const flat = (shape: Shape) => shape.length <= 4 && countOf(shape, 2) === 1;
  const fits = flat(first) && flat(second) && (first[1] ?? 1) === (second[1] ?? 1);
  layer.require(
    fits,
    `compares features of ${layer.describeBottom(0)} and ${layer.describeBottom(1)}`,
    'Give both the same shape: items × features.',
    layer.at,
    'shape',
  );
  const labelled = countOf(similar, 1) === 1 && (similar[0] ?? 1) === first[0];
  layer.require(
    labelled,
    `has ${first[0]} pairs and the labels ${layer.describeBottom(2)}`,
    'Give each pair one label: 1 for similar, 0 for dissimilar.',
    layer.at,
    'shape',
  );
  return { tops: [SCALAR] };
}

function accuracy(layer: LayerSetup): Inferred {
  const param = layer.settings('accuracy_param');
  layer.requirePositive(param, 'top_k');
  const scores = layer.bottom(0);
  const labels = countOf(layer.bottom(1));
  const axis = requireLabels(layer, param);
  const classes = Math.floor(countOf(scores) / labels);
  layer.require(
    param.number('top_k') <= classes,
    `counts the best ${param.number('top_k')} of ${classes} classes`,
    `Lower top_k to ${classes} or less, or remove the layer.`,
    param.at('top_k'),
    'shape',
  );
  return { tops: [SCALAR, [scores[axis] ?? 0]].slice(0, layer.topCount) };
}

export const LOSSES: Readonly<Record<string, Rule>> = {
  Accuracy: accuracy,
  ContrastiveLoss: contrastiveLoss,
  EuclideanLoss: euclideanLoss,
  HingeLoss: loss,
  InfogainLoss: infogainLoss,
  MultinomialLogisticLoss: multinomialLoss,
  SigmoidCrossEntropyLoss: euclideanLoss,
  SoftmaxWithLoss: softmaxLoss,
};
