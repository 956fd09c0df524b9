/** `upgrade_net_proto_text`, `upgrade_net_proto_binary` and `upgrade_solver_proto_text`: old files made new. */
import { writeFileWhole } from '../files';
import { requirePath } from '../given';
import { native } from '../native';
import { inFile, readText } from './text-file';

/** The version of the format that a network was in: 'v2' is today's. */
export type NetworkVersion = 'v0' | 'v1' | 'v2';

/**
 * Brings a network file up to date, by the linked Caffe itself. Comments are lost, as Caffe prints the whole file anew.
 *
 * @param output may be the input.
 * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read or written; ERR_CAFFE_PROTOTXT for one that is no network, or
 *   that Caffe cannot upgrade. Nothing is written then.
 */
export async function upgradeNetFile(input: string, output: string): Promise<{ from: NetworkVersion }> {
  requirePath(output, 'The output');
  const text = await readText(requirePath(input, 'The input'));
  const result = await inFile(input, native.upgradeNet(text));
  await writeFileWhole(output, result.text);
  return { from: result.from };
}

/**
 * The same for a file in binary form, such as a .caffemodel.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE; ERR_CAFFE_INPUT for a file that holds no network; ERR_CAFFE_PROTOTXT for one that Caffe cannot upgrade.
 */
export async function upgradeNetBinaryFile(input: string, output: string): Promise<{ from: NetworkVersion }> {
  return { from: await native.upgradeNetBinary(requirePath(input, 'The input'), requirePath(output, 'The output')) };
}

/**
 * Replaces the old `solver_type: ADAM` of a solver file by `type: "Adam"`.
 *
 * @returns whether anything was old in it.
 * @throws {CaffeError} as `upgradeNetFile`.
 */
export async function upgradeSolverFile(input: string, output: string): Promise<{ upgraded: boolean }> {
  requirePath(output, 'The output');
  const text = await readText(requirePath(input, 'The input'));
  const result = await inFile(input, native.upgradeSolver(text));
  await writeFileWhole(output, result.text);
  return { upgraded: result.upgraded };
}
