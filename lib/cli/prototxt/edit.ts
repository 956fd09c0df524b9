/** Single changes to a file: fields by path, layers by name. */
import type { Command } from 'commander';
import type { PrototxtDocument } from '../../prototxt/document/document';
import type { DocumentEdits, LayerPlace } from '../../prototxt/document/document-edits';
import { action, type Context } from '../command';
import { readInput } from '../text';
import { addOperation, finish, inText, type Outcome, type OutputOptions } from './operation';

export function addEdits(prototxt: Command): void {
  addOperation(prototxt, 'set', 'set what stands at a path')
    .argument('<path>', 'base_lr, layer[fc8].inner_product_param.num_output')
    .argument('<value>', 'as it stands in a file: 0.1, MAX, [3, 5], { type: "xavier" }; text also without quotes')
    .action(action(setField));
  addOperation(prototxt, 'remove', 'remove what stands at a path: a layer, a field, one of its values')
    .argument('<path>', 'layer[drop7], layer[conv1].param[1]')
    .action(
      action((context, file: string, path: string, options: OutputOptions) => edit(context, file, options, (edits) => edits.remove(path))),
    );
  addPlace(addOperation(prototxt, 'move', 'move a layer').argument('<layer>', 'its name')).action(
    action((context, file: string, layer: string, options: OutputOptions & LayerPlace) =>
      edit(context, file, options, (edits) => edits.move(layer, { before: options.before, after: options.after })),
    ),
  );
  addPlace(addOperation(prototxt, 'insert', 'insert layers').argument('<layers>', 'text, layer { … }, or a file that has it')).action(
    action(insertLayers),
  );
}

function addPlace(command: Command): Command {
  return command
    .option('--before <layer>', 'the layer before which it goes')
    .option('--after <layer>', 'the layer after which it goes; without either, the last');
}

async function setField(context: Context, file: string, path: string, value: string, options: OutputOptions): Promise<void> {
  const { valueOfText } = await import('../../prototxt/document/text-values.js');
  await edit(context, file, options, (edits, document) => edits.set(path, valueOfText(document, path, value)));
}

async function insertLayers(context: Context, file: string, layers: string, options: OutputOptions & LayerPlace) {
  const text = layers.includes('{') ? layers : await readInput(layers);
  await edit(context, file, options, (edits) => edits.insert(text, { before: options.before, after: options.after }));
}

async function edit(
  context: Context,
  file: string,
  options: OutputOptions,
  change: (edits: DocumentEdits, document: PrototxtDocument) => void,
): Promise<void> {
  const { parse } = await import('../../prototxt/document/document.js');
  const { source, outcome } = await inText(file, async (text) => {
    const document = parse(text);
    const edited = document.edit((edits) => change(edits, document));
    return { source: text, outcome: outcomeOf(document, edited) };
  });
  await finish(context, file, options, source, outcome);
}

/** The new text, what is different, and which layers now read a blob that nobody writes. */
function outcomeOf(before: PrototxtDocument, after: PrototxtDocument): Outcome {
  const changes = [...after.changes];
  const known = new Set(before.dangling.map(({ layer, blob }) => `${layer} ${blob}`));
  const dangling = after.dangling.filter(({ layer, blob }) => !known.has(`${layer} ${blob}`));
  const notes = [
    ...changes.map(({ kind, path, before: was = '', after: is = '' }) =>
      kind === 'changed' ? `${path}: ${valueIn(was)} → ${valueIn(is)}` : `${path}: ${kind}`,
    ),
    ...dangling.map(({ layer, blob, line }) => `warning: layer '${layer}' (line ${line}) reads '${blob}', which no layer before it writes`),
  ];
  return { result: Object.assign({ text: after.toString() }, { changes, dangling }), notes: notes.length > 0 ? notes : ['nothing to do'] };
}

/** Of `name: value`, the value. */
function valueIn(field: string): string {
  return field.replace(/^\w+\s*:\s*/, '');
}
