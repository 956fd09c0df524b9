import { suggestion } from '../prototxt/suggest';
import { alexnet, caffenet } from './alexnet';
import type { Architecture } from './architecture';
import { cifar10Quick } from './cifar10-quick';
import { googlenet } from './googlenet';
import { lenet } from './lenet';
import { mobilenet } from './mobilenet';
import { resnet18, resnet50 } from './resnet';
import { small } from './small';
import { squeezenet } from './squeezenet';
import { vgg16 } from './vgg-16';

/** Ours first, then by year. */
export const ARCHITECTURES: readonly Architecture[] = [
  small,
  lenet,
  cifar10Quick,
  alexnet,
  caffenet,
  googlenet,
  vgg16,
  resnet18,
  resnet50,
  squeezenet,
  mobilenet,
];

export function architectureNamed(name: unknown): Architecture | undefined {
  return ARCHITECTURES.find((architecture) => architecture.name === name);
}

/** For a name that there is not: which was probably meant, and all there are. */
export function namesHint(name: unknown): string {
  const names = ARCHITECTURES.map((architecture) => architecture.name);
  const nearest = typeof name === 'string' ? suggestion(name, names) : undefined;
  return [nearest, `The networks are: ${names.join(', ')}.`].filter((part) => part !== undefined).join(' ');
}
