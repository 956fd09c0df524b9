/** Layers that multiply with a matrix: InnerProduct, Embed and the recurrent ones. */
import { fillBlob } from './fillers';
import type { Inferred, LayerSetup, Rule } from './rule';
import { countOf, MOST, type Shape } from './shape';

/** As many layers as a sequence has steps are made within the layer. */
const MOST_STEPS = 10_000;

function innerProduct(layer: LayerSetup): Inferred {
  const param = layer.settings('inner_product_param');
  const outputs = layer.requireOutputs(param, 'inner_product_param');
  const bottom = layer.bottom(0);
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  const inputs = countOf(bottom, axis);
  const weights = param.flag('transpose') ? [inputs, outputs] : [outputs, inputs];
  layer.requireCountable(outputs * inputs, 'weights');
  const bias = param.flag('bias_term') ? [[outputs]] : [];
  fillBlob(layer, param, 'weight_filler', weights);
  if (bias[0]) fillBlob(layer, param, 'bias_filler', bias[0]);
  return {
    tops: [[...bottom.slice(0, axis), outputs]],
    params: [weights, ...bias],
    multiplyAdds: countOf(bottom, 0, axis) * outputs * inputs,
  };
}

function embed(layer: LayerSetup): Inferred {
  const param = layer.settings('embed_param');
  const outputs = layer.requireOutputs(param, 'embed_param');
  const words = layer.requireCount(param, 'input_dim', 'Set input_dim to the number of words.');
  layer.requireCountable(outputs * words, 'weights');
  const weights = [words, outputs];
  const bias = param.flag('bias_term') ? [[outputs]] : [];
  fillBlob(layer, param, 'weight_filler', weights);
  if (bias[0]) fillBlob(layer, param, 'bias_filler', bias[0]);
  return { tops: [[...layer.bottom(0), outputs]], params: [weights, ...bias] };
}

/** LSTM and RNN, which Caffe unrolls into a net of their own. @param states blobs that go from step to step. */
function recurrent(gates: number, states: number): Rule {
  return (layer) => {
    const param = layer.settings('recurrent_param');
    const outputs = layer.requireOutputs(param, 'recurrent_param');
    layer.require(outputs <= Math.floor(MOST / 4), `has num_output: ${outputs}`, 'Use fewer outputs.', param.at('num_output'));
    const exposed = param.flag('expose_hidden') ? states : 0;
    const input = layer.requireAxes(0, 2, Number.POSITIVE_INFINITY);
    const [steps = 0, streams = 0] = input;
    const goesOn = layer.requireAxes(1, 2);
    layer.require(
      goesOn[0] === steps && goesOn[1] === streams,
      `gets ${layer.describeBottom(0)} and ${layer.describeBottom(1)}; both must have the same steps and streams`,
      'Give the second bottom one value for each step and stream: 0 where a sequence begins.',
      layer.at,
      'shape',
    );
    layer.require(
      steps <= MOST_STEPS,
      `gets a sequence of ${steps} steps; at most ${MOST_STEPS} can be unrolled`,
      'Cut the sequence into shorter ones, with cont: 1 where one goes on.',
      layer.at,
      'too-large',
    );
    // An InnerProduct over the axes from the third on.
    layer.require(
      input.length >= 3,
      `takes steps × streams × values; it gets ${layer.describeBottom(0)}`,
      'Put a Reshape in front of it.',
      layer.at,
      'shape',
    );
    const isStatic = layer.bottomCount > 2 + exposed;
    if (isStatic) requireStatic(layer, streams);
    const state = [1, streams, outputs];
    for (let index = layer.bottomCount - exposed; index < layer.bottomCount; index++) {
      const fits = layer.bottom(index).join() === state.join();
      layer.require(
        fits,
        `takes a state of ${state.join('×')}; it gets ${layer.describeBottom(index)}`,
        'Give it the state that it handed out before.',
        layer.at,
        'shape',
      );
    }
    const rows = gates * outputs;
    const [values, extra] = [countOf(input, 2), isStatic ? layer.countFrom(2, 1) : 0];
    const params = recurrentParams(gates, outputs, values, extra);
    for (const shape of params) {
      layer.requireCountable(countOf(shape), 'weights');
      fillBlob(layer, param, shape.length === 1 ? 'bias_filler' : 'weight_filler', shape);
    }
    layer.requireCountable(steps * streams * rows, 'gates');
    const perStep = rows * values + rows * outputs + (gates === 1 ? outputs * outputs : 0);
    return {
      tops: [[steps, streams, outputs], ...Array.from({ length: exposed }, () => state)],
      params,
      multiplyAdds: steps * streams * perStep + streams * rows * extra,
    };
  };
}

/** In the order in which the layers of the unrolled net have them: an RNN has a matrix and a bias for its output, too. */
function recurrentParams(gates: number, outputs: number, values: number, extra: number): Shape[] {
  const rows = gates * outputs;
  const first = [[rows, values], [rows], ...(extra > 0 ? [[rows, extra]] : []), [rows, outputs]];
  return gates === 1 ? [...first, [outputs, outputs], [outputs]] : first;
}

function requireStatic(layer: LayerSetup, streams: number): void {
  const fits = layer.requireAxes(2, 2, Number.POSITIVE_INFINITY)[0] === streams;
  layer.require(
    fits,
    `gets a static input ${layer.describeBottom(2)} for ${streams} streams`,
    'Give it one row for each stream.',
    layer.at,
    'shape',
  );
}

export const PRODUCTS: Readonly<Record<string, Rule>> = {
  Embed: embed,
  InnerProduct: innerProduct,
  LSTM: recurrent(4, 2),
  RNN: recurrent(1, 1),
};
