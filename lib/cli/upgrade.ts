import type { Command } from 'commander';
import { action, type Context } from './command';
import { json } from './options';

const KINDS = {
  net: 'a network, prototxt (upgrade_net_proto_text)',
  'net-binary': 'a network in binary form, such as a .caffemodel (upgrade_net_proto_binary)',
  solver: 'a solver, prototxt (upgrade_solver_proto_text)',
} as const;

export function addUpgrade(program: Command): void {
  const upgrade = program.command('upgrade').description("bring files of Caffe's earlier versions up to date");
  for (const [kind, description] of Object.entries(KINDS)) {
    const work = (context: Context, input: string, output: string) => upgradeFile(kind as keyof typeof KINDS, context, input, output);
    upgrade.command(`${kind} <input> <output>`).description(description).addOption(json()).action(action(work));
  }
}

async function upgradeFile(kind: keyof typeof KINDS, { report }: Context, input: string, output: string): Promise<void> {
  const { upgradeNetBinaryFile, upgradeNetFile, upgradeSolverFile } = await import('../tools/upgrade-files.js');
  if (kind === 'solver') {
    const { upgraded } = await upgradeSolverFile(input, output);
    report({ upgraded, output }, `${output}: ${upgraded ? 'upgraded' : 'up to date already, printed anew'}`);
    return;
  }
  const { from } = await (kind === 'net' ? upgradeNetFile : upgradeNetBinaryFile)(input, output);
  report({ from, output }, `${output}: ${from === 'v2' ? 'in the latest format already, printed anew' : `upgraded from ${from}`}`);
}
