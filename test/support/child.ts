/** Programs in test/children, run as processes of their own: how they end is what is tested. */
import { spawn } from 'node:child_process';
import path from 'node:path';

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * @param ways the program's arguments: which of the ways that it knows, and what that takes.
 * @param options of Node, such as --expose-gc.
 * @param env what differs from this process's environment.
 */
export function runChild(
  file: string,
  ways: string | readonly string[],
  options: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const program = path.join(__dirname, '../children', file);
    const child = spawn(process.execPath, [...options, program, ...[ways].flat()], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
