import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { addClassify } from './classify';
import { addComputeImageMean } from './compute-image-mean';
import { addConvertImageset } from './convert-imageset';
import { addDataset } from './dataset';
import { addDeploy } from './deploy';
import { addDraw } from './draw';
import { addExport } from './export';
import { addExtractFeatures } from './extract-features';
import { addFetch } from './fetch';
import { addInfo } from './info';
import { addNetworks } from './networks';
import { addParseLog } from './parse-log';
import { addPrototxt } from './prototxt/index';
import { addSolve } from './solve';
import { addTest } from './test';
import { addTime } from './time';
import { addTrain } from './train';
import { addUpgrade } from './upgrade';

const EASY = [addDataset, addTrain, addClassify, addDeploy, addExport];
const TOOLS = [
  addSolve,
  addTest,
  addTime,
  addExtractFeatures,
  addComputeImageMean,
  addConvertImageset,
  addNetworks,
  addPrototxt,
  addDraw,
  addUpgrade,
  addFetch,
  addParseLog,
  addInfo,
];

/** The command line with all its commands. None of them loads the addon before it runs: help and mistakes are answered at once. */
export function createProgram(): Command {
  const program = new Command('caffe-node')
    .description('Caffe: train, score, deploy and inspect networks')
    .version(ownVersion())
    .exitOverride()
    .showHelpAfterError('(add --help for the usage)');
  program.commandsGroup('From photographs to a classifier:');
  for (const add of EASY) add(program);
  program.commandsGroup("Caffe's tools:");
  for (const add of TOOLS) add(program);
  return program;
}

function ownVersion(): string {
  const file = path.join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
