/** Published networks in a form that Caffe builds at once: small, and without the databases that they name. */
import { Net } from '../../lib/net';
import { parse, retarget, type StateOptions } from '../../lib/prototxt';

/** Enough for a top 5, and divisible by two groups. */
const OUTPUTS = 6;

/** The network with few outputs in all its layers, open ones included, and DummyData for Data layers, under the same rules. */
export function loadable(text: string, { batch = 2, channels = 3, size = 227 } = {}): string {
  const closed = retarget(text, { classes: OUTPUTS, keepNames: true }).text.replaceAll(/num_output: \d+/g, `num_output: ${OUTPUTS}`);
  const document = parse(closed);
  return document
    .edit((edits) => {
      for (const field of document.root.fieldsNamed('layer')) {
        if (field.value.kind !== 'message' || field.value.string('type') !== 'Data') continue;
        const rules = field.value.fieldsNamed('include', 'exclude').map((rule) => document.toString().slice(rule.start, rule.end));
        const name = field.value.string('name');
        edits.replace(
          field,
          `layer { name: "${name}" type: "DummyData" top: "data" top: "label" ${rules.join(' ')}
  dummy_data_param { shape { dim: ${batch} dim: ${channels} dim: ${size} dim: ${size} } shape { dim: ${batch} } } }`,
        );
      }
    })
    .toString();
}

/** What Caffe prints of the net it builds of a text in a state: its layers, completed and without rules; or that it builds none. */
export async function builtBy(text: string, { stages = [], ...state }: StateOptions): Promise<string> {
  let net: Net;
  try {
    net = await Net.from(text, { ...state, stages: [...stages] });
  } catch (error) {
    return `refused: ${(error as { code?: string }).code}`;
  }
  const printed = net.toPrototxt();
  await net.dispose();
  return printed;
}
