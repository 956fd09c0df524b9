/** Whether BatchNorm layers follow the statistics of each batch or keep those they have. */

import type { Layer } from '../network/network';
import type { Edits } from '../text/edits';

const PARAM = 'batch_norm_param';
const FIELD = 'use_global_stats';

export function isBatchNorm(layer: Layer): boolean {
  return layer.type === 'BatchNorm';
}

export function keepsStatistics(layer: Layer): boolean {
  return layer.message.message(PARAM)?.boolean(FIELD) === true;
}

/** Has a BatchNorm use what it has gathered, in training as well. */
export function keepStatistics(edits: Edits, layer: Layer): void {
  const param = layer.message.message(PARAM);
  if (param) edits.setScalar(param, FIELD, 'true');
  else edits.append(layer.message, `${PARAM} {\n  ${FIELD}: true\n}`);
}

/** Leaves it to Caffe again: the statistics of the batch in training, the gathered ones in testing. */
export function followStatistics(edits: Edits, layer: Layer): void {
  const [field] = layer.message.fieldsNamed(PARAM);
  const said = layer.message.message(PARAM)?.fieldsNamed(FIELD) ?? [];
  if (field && said.length === layer.message.message(PARAM)?.fields.length) edits.remove(field);
  else for (const one of said) edits.remove(one);
}
