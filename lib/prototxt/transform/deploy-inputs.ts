/** The inputs of a network for deployment: which blobs, of which shapes, and how the file comes to say so. */
import { CaffeError } from '../../errors';
import { readEntries, reading } from '../../given';
import { inputError } from '../input-error';
import { readSettings, readsDataset } from '../network/data-settings';
import { Graph } from '../network/graph';
import { isActive, type Layer, type Network } from '../network/network';
import { layerSnippet } from '../network/snippets';
import { replaceSources } from '../network/sources';
import type { Edits } from '../text/edits';
import type { MessageNode } from '../text/nodes';

/** An input blob of a deployed network. */
export interface DeployInput {
  readonly blob: string;
  readonly shape: readonly number[];
  /** Where the shape is from: `given`, or the place in the file. */
  readonly from: string;
}

type Shape = Pick<DeployInput, 'shape' | 'from'>;
export type Shapes = ReadonlyMap<string, Shape>;

/** Deployed networks take pictures one by one, unless something else is said. */
const BATCH = 1;
const COLOUR = 3;

/** @throws {CaffeError} ERR_CAFFE_INPUT for what is no record of shapes. */
export function readShapes(input: Readonly<Record<string, readonly number[]>>): Shapes {
  const shapes = readEntries(input, "'input'").map(([blob, given]): [string, Shape] => {
    const shape = reading(`'input.${blob}'`, () => (Array.isArray(given) ? Array.from(given as number[]) : []));
    if (isShape(shape)) return [blob, { shape, from: 'given' }];
    throw inputError(`input.${blob}`, 'an array of whole numbers from 1', given, { blob });
  });
  return new Map(shapes);
}

/** The shapes that a file states for the blobs that come in; where several layers bring one in, the one for deployment or testing counts. */
export function statedShapes(network: Network, sources: readonly Layer[]): Shapes {
  const states = [network.deployState, network.testState];
  const isFor = (layer: Layer, rank: number) => states.findIndex((state) => isActive(layer, state)) === rank;
  const ordered = [0, 1, -1].flatMap((rank) => sources.filter((layer) => isFor(layer, rank)));
  const shapes = [
    ...network.inputs.map((blob, index) => ({ blob, shape: shapeOfField(network.document.root, index) })),
    ...ordered.flatMap((layer) => layer.tops.map((blob, index) => ({ blob, shape: shapeOfTop(layer, index) }))),
  ];
  const stated = new Map<string, Shape>();
  for (const { blob, shape } of shapes) if (shape && isShape(shape.shape) && !stated.has(blob)) stated.set(blob, shape);
  return stated;
}

/**
 * The inputs that the kept layers need: given ones first, then those whose shape the file states.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a shape that is missing, or one for a blob that is no input.
 */
export function neededInputs(kept: readonly Layer[], sources: readonly Layer[], given: Shapes, stated: Shapes): DeployInput[] {
  const needed = new Map<string, Layer>();
  for (const { blob, layer } of new Graph(kept).missing) if (!needed.has(blob)) needed.set(blob, layer);
  const unused = [...given.keys()].find((blob) => !needed.has(blob));
  if (unused !== undefined) {
    const hint = `Its inputs are: ${[...needed.keys()].join(', ')}.`;
    throw new CaffeError('ERR_CAFFE_INPUT', `'${unused}' is not an input of this network.`, { blob: unused, hint });
  }
  return [...new Set([...given.keys(), ...needed.keys()])].map((blob) => {
    const shape = given.get(blob) ?? stated.get(blob);
    if (shape) return { blob, ...shape };
    throw missingShapeError(blob, needed.get(blob), sources);
  });
}

function missingShapeError(blob: string, reader: Layer | undefined, sources: readonly Layer[]): CaffeError {
  const source = sources.find(({ tops }) => tops.includes(blob));
  const why = source ? `comes from '${source.name}' (${source.type}), which does not say its size` : 'no layer produces';
  const message = `Layer '${reader?.name}' reads '${blob}', which ${why}; 'input' has no shape for it.`;
  const hint = `Add its shape, say input: { ${JSON.stringify(blob)}: [1, 3, 227, 227] }.`;
  return new CaffeError('ERR_CAFFE_INPUT', message, { layer: reader?.name, blob, hint });
}

/** Puts the inputs where data came in. Input layers for them stay, and get the shapes. */
export function placeInputs(edits: Edits, network: Network, sources: readonly Layer[], inputs: readonly DeployInput[]): void {
  const shapes = new Map(inputs.map(({ blob, shape }) => [blob, shape]));
  const covered = new Set<string>();
  const staying = new Set<Layer>();
  for (const layer of sources) {
    const dims = layer.type === 'Input' ? dimsOf(layer) : undefined;
    const fits =
      dims && layer.tops.every((top, index) => !covered.has(top) && shapes.get(top)?.length === dims[index]?.values('dim').length);
    if (!dims || !fits) continue;
    layer.tops.forEach((top, index) => {
      covered.add(top);
      setDims(edits, dims[index], shapes.get(top));
    });
    staying.add(layer);
    for (const rule of layer.message.fieldsNamed('include', 'exclude')) edits.remove(rule);
  }
  const leaving = sources.filter((layer) => !staying.has(layer));
  const added = inputs.filter(({ blob }) => !covered.has(blob));
  replaceSources(edits, network, leaving, added.map(inputLayer));
}

/** The messages of an Input layer with the extents of its tops; undefined where one serves several, or there is none. */
function dimsOf(layer: Layer): MessageNode[] | undefined {
  const shapes = layer.message.message('input_param')?.messages('shape') ?? [];
  return shapes.length === layer.tops.length ? shapes : undefined;
}

function setDims(edits: Edits, message: MessageNode | undefined, shape: readonly number[] = []): void {
  const nodes = message?.values('dim') ?? [];
  message?.numbers('dim').forEach((size, index) => {
    const node = nodes[index];
    if (node && size !== shape[index]) edits.replace(node, String(shape[index]));
  });
}

function inputLayer({ blob, shape }: DeployInput): string {
  const dimensions = shape.map((size) => `dim: ${size}`).join(' ');
  return layerSnippet({ name: blob, type: 'Input', tops: [blob], fields: [`input_param { shape: { ${dimensions} } }`] });
}

function isShape(shape: readonly number[]): boolean {
  return shape.length > 0 && shape.every((size) => Number.isInteger(size) && size > 0 && size < 2 ** 31);
}

/** Of `input: "data"`, by `input_shape` or four of `input_dim`. */
function shapeOfField(root: MessageNode, index: number): Shape {
  const shape = root.messages('input_shape')[index];
  if (shape) return { shape: shape.numbers('dim'), from: 'input_shape' };
  return { shape: root.numbers('input_dim').slice(4 * index, 4 * index + 4), from: 'input_dim' };
}

function shapeOfTop(layer: Layer, index: number): Shape | undefined {
  const from = `${layer.type} layer '${layer.name}'`;
  const { message } = layer;
  switch (layer.type) {
    case 'Input':
      return { shape: shapeAt(message.message('input_param'), index), from };
    case 'DummyData':
      return { shape: shapeAt(message.message('dummy_data_param'), index), from };
    case 'MemoryData': {
      const param = message.message('memory_data_param');
      const extents = ['channels', 'height', 'width'].map((name) => param?.number(name) ?? 0);
      return index === 0 ? { shape: [BATCH, ...extents], from } : undefined;
    }
    default:
      return index === 0 && readsDataset(layer) ? shapeOfPictures(layer, from) : undefined;
  }
}

function shapeAt(param: MessageNode | undefined, index: number): number[] {
  const shapes = param?.messages('shape') ?? [];
  const dims = (shapes.length === 1 ? shapes[0] : shapes[index])?.numbers('dim');
  if (dims) return dims;
  return ['num', 'channels', 'height', 'width'].map((name) => {
    const sizes = param?.numbers(name) ?? [];
    return (sizes.length === 1 ? sizes[0] : sizes[index]) ?? 0;
  });
}

/** What a layer gives that cuts pictures out, or brings them to a size. */
function shapeOfPictures(layer: Layer, from: string): Shape {
  const { cropSize = 0, forceColor, forceGray, meanValues = [] } = readSettings(layer);
  const images = layer.type === 'ImageData' ? layer.message.message('image_data_param') : undefined;
  const height = cropSize || (images?.number('new_height') ?? 0);
  const width = cropSize || (images?.number('new_width') ?? 0);
  const grey = forceGray === true || images?.boolean('is_color') === false;
  const known = grey || forceColor === true || images !== undefined || meanValues.length === COLOUR;
  const size = cropSize ? 'crop_size' : 'new_height and new_width';
  return { shape: [BATCH, grey ? 1 : COLOUR, height, width], from: `${size} of ${from}${known ? '' : ', 3 channels assumed'}` };
}
