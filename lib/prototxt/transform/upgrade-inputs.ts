/** Inputs that are fields of the network, `input: "data" input_dim: 1 …`, as an Input layer. */

import { layerSnippet, messageSnippet } from '../network/snippets';
import { INPUT_FIELDS } from '../network/sources';
import type { Edits } from '../text/edits';
import { commentsOf, type FieldComments, replaceFields, takeFields, withComments } from '../text/moved-fields';
import type { FieldNode, MessageNode } from '../text/nodes';

/** Extents of a blob of old. */
const DIMENSIONS = 4;

/** A line of the Input layer and what is said of it. */
interface Line {
  readonly text: string;
  readonly comments: FieldComments;
}

/** Rewrites the inputs of a file; one layer brings in all of them, as in Caffe's own upgrade. @returns the old fields. */
export function upgradeInputs(edits: Edits, root: MessageNode): readonly FieldNode[] {
  if (root.fieldsNamed('input').length === 0) return [];
  const { source } = root;
  const old = root.fieldsNamed(...INPUT_FIELDS);
  const shapes = shapesOf(root);
  const [layer] = root.fieldsNamed('layer', 'layers');
  const [first] = old;
  if (shapes.length === 0) {
    takeFields(edits, source, old); // an input without a shape says nothing: something else feeds the net
  } else if (!layer || (first && first.start < layer.start)) {
    replaceFields(edits, source, old, (inLines) => snippet(root, shapes, inLines, first));
  } else {
    takeFields(edits, source, old);
    edits.insertBefore(layer, snippet(root, shapes, source.beginsLine(layer.start), undefined) + (edits.layout.spacedLayers ? '\n' : ''));
  }
  return old;
}

/** The extents of each input; none where the file has none. */
function shapesOf(root: MessageNode): Line[][] {
  const names = root.strings('input');
  const messages = root.messages('input_shape');
  const dims = linesOf(root, 'input_dim');
  if (messages.length === 0 && dims.length === 0) return [];
  return names.map((name, index) => {
    const message = messages[index];
    if (message) return linesOf(message, 'dim');
    const shape = messages.length > 0 ? [] : dims.slice(DIMENSIONS * index, DIMENSIONS * (index + 1));
    if (shape.length === DIMENSIONS) return shape;
    const field = root.fieldsNamed('input')[index] ?? root;
    throw root.source.error(field.start, `Input '${name}' has no shape: ${messages.length || dims.length} of what is needed are given.`);
  });
}

function linesOf(message: MessageNode, name: string): Line[] {
  const { source } = message;
  message.numbers(name); // refuses what is no number
  return message.fieldsNamed(name).flatMap((field) => {
    const comments = commentsOf(source, field);
    const values = field.value.kind === 'list' ? field.value.items : [field.value];
    return values.map((value, index) => ({
      text: `dim: ${source.slice(value)}`,
      comments: { above: index === 0 ? comments.above : [], behind: index === values.length - 1 ? comments.behind : '' },
    }));
  });
}

function snippet(root: MessageNode, shapes: readonly Line[][], inLines: boolean, first: FieldNode | undefined): string {
  const { source } = root;
  const tops = root.fieldsNamed('input').flatMap((field) => {
    const { above, behind } = commentsOf(source, field);
    const values = field.value.kind === 'list' ? field.value.items : [field.value];
    return values.flatMap((value) =>
      written({ text: `top: ${source.slice(value)}`, comments: { above: field === first ? [] : above, behind } }, inLines),
    );
  });
  const commented = inLines && shapes.flat().some(({ comments }) => comments.above.length > 0 || comments.behind !== '');
  const shapeSnippets = shapes.map((lines) =>
    commented
      ? messageSnippet(
          'shape',
          lines.flatMap((line) => written(line, true)),
        )
      : `shape { ${lines.map(({ text }) => text).join(' ')} }`,
  );
  const [only] = shapeSnippets;
  const inline = !commented && shapeSnippets.length === 1;
  const param = inline ? `input_param { ${only} }` : messageSnippet('input_param', shapeSnippets);
  return layerSnippet({ name: 'input', type: 'Input', tops: [], fields: [...tops, param] });
}

function written({ text, comments }: Line, inLines: boolean): string[] {
  return inLines ? withComments(text, comments) : [text];
}
