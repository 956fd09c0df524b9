import { CommanderError } from 'commander';
import { CaffeError } from '../errors';
import { EXIT, Interruption } from './interruption';
import { createProgram } from './program';
import { onBrokenPipe } from './stream';

/** Runs a command line and sets the exit code of the process: see EXIT. */
export async function main(args: string[]): Promise<void> {
  onBrokenPipe();
  try {
    await createProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = await exitCodeFor(error, args.includes('--json'));
  }
}

/** Says what went wrong, and what to do about it where that is known. */
async function exitCodeFor(error: unknown, json: boolean): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage; // it has said what there is to say
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof CaffeError && error.code === 'ERR_CAFFE_ABORTED') {
    return error.cause instanceof Interruption ? error.cause.exitCode : EXIT.interrupted;
  }
  process.stderr.write(json ? `${JSON.stringify({ error: asJson(error) })}\n` : asText(error));
  return EXIT.failed;
}

function asJson(error: unknown): object {
  if (!(error instanceof CaffeError)) return { message: String(error) };
  const { code, message, hint, file, line, column, layer, blob } = error;
  return { code, message, hint, file, line, column, layer, blob };
}

function asText(error: unknown): string {
  if (!(error instanceof CaffeError)) return `${error instanceof Error ? error.stack : String(error)}\n`;
  return `caffe-node: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`;
}
