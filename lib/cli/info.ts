import type { Command } from 'commander';
import { action, type Context } from './command';
import { json } from './options';

export function addInfo(program: Command): void {
  program
    .command('info')
    .description('what the linked Caffe is and can do (device_query, and more)')
    .addOption(json())
    .action(action(info));
}

async function info({ report }: Context): Promise<void> {
  const { caffe } = await import('../caffe.js');
  const { version, features, layerTypes, threads } = caffe;
  const lines = [
    `Caffe ${version}`,
    `Node ${process.versions.node}, ${process.platform}-${process.arch}`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    '',
    ...Object.entries(features).map(([name, value]) => `${name}: ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`),
    '',
    `${layerTypes.length} layer types: ${layerTypes.join(', ')}`,
  ];
  report(
    { version, node: process.versions.node, platform: process.platform, arch: process.arch, threads, features, layerTypes },
    lines.join('\n'),
  );
}
