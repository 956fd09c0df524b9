/** A drawing in Graphviz's language. */

import type { DrawDirection } from './draw';
import type { Drawing, DrawnNode } from './draw-graph';

export function toDot({ nodes, edges, caption }: Drawing, name: string, direction: DrawDirection): string {
  // As in draw.py: where ranks lie below each other there is room in width for one line, else for several.
  const separator = direction === 'LR' || direction === 'RL' ? '\\n' : ' ';
  const lines = [
    `digraph ${quoted(name)} {`,
    `  rankdir=${direction};`,
    ...(caption ? [`  label=${quoted(caption)};`, '  labelloc=t;'] : []),
    ...nodes.map((node) => `  ${quoted(node.id)} [label="${nodeLabel(node, separator)}", ${styleOf(node)}];`),
    ...edges.map(({ from, to, label }) => `  ${quoted(from.id)} -> ${quoted(to.id)}${label && ` [label=${quoted(label)}]`};`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function styleOf({ kind, colour }: DrawnNode): string {
  return `shape=${kind === 'blob' ? 'octagon' : 'record'}, style=filled, fillcolor="${colour}"`;
}

function nodeLabel({ kind, label }: DrawnNode, separator: string): string {
  const lines = label.map(escaped);
  // Braces, bars and angles divide records into fields.
  return (kind === 'blob' ? lines : lines.map((line) => line.replace(/[{}|<>]/g, '\\$&'))).join(separator);
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\r?\n/g, ' ');
}
