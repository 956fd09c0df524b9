// The networks that ship with the package: a name and choices in, text out, all of it synchronous.
const { networks } = require('../../..');
const { NO_OPTIONS, each, thrower } = require('../support/hostile');

const INPUT = 'ERR_CAFFE_INPUT';
const COUNTS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '2', 2n, null, [], {}];
const SIZES = [...COUNTS, [], [28], [28, 28, 28], [28, '28'], [28, 0], [undefined, 28], new Array(2), 12, [12, 500], [500, 12]];

const values = (choice, given) => given.map((value, index) => [`${index}`, () => networks.get('lenet', { [choice]: value })]);

const cases = [
  {
    api: 'networks.list',
    name: 'arguments of every kind: it takes none',
    code: 'none',
    each: () => each(async (value) => networks.list(value)),
  },
  { api: 'networks.get', name: 'no name', sync: true, code: INPUT, run: () => networks.get() },
  { api: 'networks.get', name: 'a name of every wrong kind', sync: true, code: INPUT, each: () => each((name) => networks.get(name)) },
  {
    api: 'networks.get',
    name: 'names that nearly are, and names of an object’s own',
    sync: true,
    code: INPUT,
    each: () =>
      ['LeNet', 'lenet ', 'vgg16', 'resnet', '../small', '__proto__', 'constructor', 'x'.repeat(100_000)].map((name) => [
        name.slice(0, 20),
        () => networks.get(name),
      ]),
  },
  {
    api: 'networks.get',
    name: 'choices of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((choices) => networks.get('lenet', choices), ...NO_OPTIONS),
  },
  ...['classes', 'channels', 'batchSize'].map((choice) => ({
    api: 'networks.get',
    name: `${choice} that are no whole number from 1`,
    sync: true,
    code: INPUT,
    each: () => [...values(choice, COUNTS), ...each((value) => networks.get('lenet', { [choice]: value }), 'undefined', 'number')],
  })),
  {
    api: 'networks.get',
    name: 'a size that is none, or smaller than the network takes',
    sync: true,
    code: INPUT,
    each: () => [...values('size', SIZES), ...each((size) => networks.get('lenet', { size }), 'undefined')],
  },
  {
    api: 'networks.get',
    name: 'choices that throw when they are read',
    sync: true,
    code: INPUT,
    each: () =>
      ['classes', 'size', 'channels', 'batchSize'].map((choice) => [
        choice,
        () => networks.get('lenet', Object.defineProperty({}, choice, { enumerable: true, get: thrower })),
      ]),
  },
];

const prepare = () => ({ text: networks.get('lenet').trainVal });

function works({ text }) {
  if (networks.get('lenet').trainVal !== text) throw new Error('the network has changed');
  if (!networks.get('lenet', { classes: 3 }).deploy.includes('num_output: 3')) throw new Error('choices no longer count');
}

module.exports = { prepare, works, cases };
