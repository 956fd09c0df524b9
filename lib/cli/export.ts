import type { Command } from 'commander';
import type { OnnxPort } from '../onnx';
import { action, type Context } from './command';
import { count, inputs, json, weights } from './options';

interface ExportCommandOptions {
  onnx: string;
  weights?: string[];
  batch?: number;
  input?: Record<string, number[]>;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .argument('<model>', 'model folder or archive; with --weights, a prototxt file')
    .description('write a network with its weights as ONNX, for other runtimes')
    .requiredOption('--onnx <file>', 'file to write, .onnx')
    .addOption(weights())
    .option('--batch <n>', 'items of each batch; without, left open where the network permits it', count)
    .option('--input <name=shape>', 'the shape of an input: data=1,3,227,227; may be repeated', inputs)
    .addOption(json())
    .action(action(exportModel));
}

async function exportModel(
  { report, refuse, signal }: Context,
  model: string,
  { onnx, weights: files, batch, input }: ExportCommandOptions,
) {
  if (files === undefined && model.endsWith('.prototxt')) refuse(`'${model}' is a network: name its weights, --weights net.caffemodel.`);
  const { exportOnnx } = await import('../onnx/index.js');
  const source = files === undefined ? model : { network: model, weights: files };
  const exported = await exportOnnx(source, { output: onnx, batch, input, signal });
  const lines = [
    `${exported.path}: opset ${exported.opset}, ${exported.size} bytes`,
    ...exported.inputs.map((port) => `input ${portText(port)}`),
    ...exported.outputs.map((port) => `output ${portText(port)}`),
  ];
  report(exported, lines.join('\n'));
}

function portText({ name, shape }: OnnxPort): string {
  return `${name}: ${shape.map((extent) => extent ?? '?').join('×')}`;
}
