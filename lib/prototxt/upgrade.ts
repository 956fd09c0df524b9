/** Old network formats made new, by the linked Caffe itself: the only part of the toolkit that needs the addon. */
import { native } from '../native';
import { type PrototxtSource, textOf } from './document';

/**
 * The network in today's format (`layer { type: "Convolution" }`), as Caffe's own upgrade writes it: V0 and V1 layers, old data and
 * input fields. Comments and spacing are lost, as Caffe prints the whole file anew.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a syntax error (with line and column), or a network that Caffe cannot upgrade.
 */
export async function upgrade(source: PrototxtSource): Promise<{ text: string; from: 'v0' | 'v1' | 'v2' }> {
  return native.upgradeNet(textOf(source));
}
