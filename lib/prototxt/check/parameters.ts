/** What layers say of their parameters: rates, sharing, and values in the text. */
import type { Layer } from '../network/network';
import { countOf, isSame, type Shape, textOfShape } from '../shapes/shape';
import { ruleOf, topCountOf } from '../shapes/table';
import type { MessageNode } from '../text/nodes';
import type { Report } from './finding';
import type { LayerFacts } from './net-check';

type Tell = (report: Report) => void;

interface Owner {
  readonly layer: Layer;
  readonly shape: Shape | undefined;
  readonly block: MessageNode;
}

/** Reports what Net::Init and Net::AppendParam refuse. */
export function checkParameters(layers: readonly Layer[], facts: ReadonlyMap<Layer, LayerFacts>, tell: Tell): void {
  const owners = new Map<string, Owner>();
  for (const layer of layers) {
    const params = facts.get(layer)?.params;
    const blocks = layer.message.messages('param');
    if (params && ruleOf(layer.type)) {
      checkBlocks(layer, blocks, params, tell);
      checkWeights(layer, params, tell);
    }
    blocks.forEach((block, index) => {
      checkShared({ layer, shape: params?.[index], block }, owners, tell);
    });
    checkRepeated(layer, tell);
  }
}

/** Fields that are given for each bottom or top, or not at all. */
function checkRepeated(layer: Layer, tell: Tell): void {
  const check = (field: string, wanted: number, what: string) => {
    const values = layer.message.values(field);
    if (values.length === 0 || values.length === wanted) return;
    const message = `Layer '${layer.name}' has ${values.length} × ${field} and ${wanted} ${what}.`;
    tell({
      severity: 'error',
      code: 'setting',
      at: values[0]?.start ?? layer.field.start,
      message,
      fix: `Give ${field} once for each of them, or not at all.`,
      layer: layer.name,
    });
  };
  check('propagate_down', layer.bottoms.length, 'bottoms');
  check('loss_weight', topCountOf(layer), 'tops');
}

function checkBlocks(layer: Layer, blocks: readonly MessageNode[], params: readonly Shape[], tell: Tell): void {
  const extra = blocks[params.length];
  if (!extra) return;
  const message = `Layer '${layer.name}' has ${blocks.length} param blocks and ${params.length} parameters.`;
  tell({
    severity: 'error',
    code: 'param-blocks',
    at: extra.start,
    message,
    fix: `Remove ${blocks.length - params.length} of them.`,
    layer: layer.name,
  });
}

/** Values of parameters in the text. */
function checkWeights(layer: Layer, params: readonly Shape[], tell: Tell): void {
  const blobs = layer.message.messages('blobs');
  if (blobs.length === 0) return;
  const shapes = blobs.map(shapeOfBlob);
  const fits = shapes.length === params.length && shapes.every((shape, index) => isSame(shape, params[index] ?? []));
  const complete = blobs.every(
    (blob, index) => blob.values('data').length + blob.values('double_data').length === countOf(shapes[index] ?? []),
  );
  if (fits && complete) return;
  const wanted = params.map(textOfShape).join(', ') || 'none';
  const message = `Layer '${layer.name}' brings weights of ${shapes.map(textOfShape).join(', ')}${fits ? ', with too few or too many values' : ''}; its parameters are ${wanted}.`;
  tell({
    severity: 'error',
    code: 'weights',
    at: blobs[0]?.start ?? layer.field.start,
    message,
    fix: 'Remove blobs from the text, and load weights from a file.',
    layer: layer.name,
  });
}

function shapeOfBlob(blob: MessageNode): Shape {
  const shape = blob.message('shape');
  return shape ? shape.numbers('dim') : ['num', 'channels', 'height', 'width'].map((name) => blob.number(name) ?? 0);
}

/** A name makes layers share a parameter: the first owns it. */
function checkShared(sharer: Owner, owners: Map<string, Owner>, tell: Tell): void {
  const { layer, shape, block } = sharer;
  const name = block.string('name');
  if (!name) return;
  const owner = owners.get(name);
  if (!owner) {
    owners.set(name, sharer);
    return;
  }
  const refuse = (why: string, fix: string) =>
    tell({
      severity: 'error',
      code: 'shared-param',
      at: block.start,
      message: `Layer '${layer.name}' cannot share the parameter '${name}' of layer '${owner.layer.name}': ${why}.`,
      fix,
      layer: layer.name,
    });
  const [mode] = block.values('share_mode');
  const permissive = mode?.kind === 'name' ? mode.value === 'PERMISSIVE' : mode?.kind === 'number' && mode.value === 1;
  if (shape && owner.shape) {
    const fits = permissive ? countOf(shape) === countOf(owner.shape) : isSame(shape, owner.shape);
    if (!fits)
      refuse(
        `it takes ${textOfShape(shape)}, and that is ${textOfShape(owner.shape)}`,
        'Give both layers the same numbers of inputs and outputs, or the parameter another name.',
      );
  }
  for (const field of ['lr_mult', 'decay_mult']) {
    const [own, other] = [block.number(field), owner.block.number(field)];
    if (own !== undefined && other !== undefined && own !== other)
      refuse(`${field} is ${own} here and ${other} there`, `Set ${field} in one of them, or to the same number.`);
  }
}
