/** Networks for one purpose made of those for another. */
import { type Command, InvalidArgumentError } from 'commander';
import type { DeployOptions } from '../../prototxt/deploy';
import { count, list } from '../options';
import { addOperation, operation } from './operation';

export function addDeploy(prototxt: Command): void {
  addOperation(prototxt, 'deploy', 'make the network for deployment of one for training')
    .requiredOption('--input <name=shape>', 'an input: data=1,3,227,227; may be repeated', inputs)
    .action(operation(deployText));
}

async function deployText(text: string, options: DeployOptions) {
  const { toDeploy } = await import('../../prototxt/deploy.js');
  const result = toDeploy(text, options);
  return { result, notes: [`removed: ${result.removed.join(', ') || 'nothing'}`] };
}

function inputs(text: string, former: Record<string, number[]> = {}): Record<string, number[]> {
  const [name, shape, ...others] = text.split('=');
  if (!name || !shape || others.length > 0) throw new InvalidArgumentError('It must be a name and a shape: data=1,3,227,227.');
  return { ...former, [name]: list(shape).map(count) };
}
