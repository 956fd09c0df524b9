/** `draw_net`: a network as a drawing. */
import { CaffeError } from '../errors';
import { native } from '../native';
import { type DrawOptions, draw } from '../prototxt/draw/draw';
import { modelOf, type NetworkLike } from './source';
import { readText } from './text-file';

/**
 * Draws a network as Graphviz's DOT or as SVG, as `prototxt.draw` does. Files of Caffe's first versions are upgraded first.
 *
 * @param source the path of a prototxt file, its text, or a document.
 * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read; as `prototxt.draw`.
 */
export async function drawNet(source: NetworkLike, options?: DrawOptions): Promise<string> {
  const model = modelOf(source);
  const text = 'path' in model ? await readText(model.path) : 'text' in model ? model.text : '';
  try {
    return draw(text, options);
  } catch (error) {
    if (!(error instanceof CaffeError) || error.code !== 'ERR_CAFFE_UNSUPPORTED') throw error;
    return draw((await native.upgradeNet(text)).text, options);
  }
}
