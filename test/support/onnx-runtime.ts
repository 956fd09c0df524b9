/** onnxruntime, as the judge of what is exported. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Tensor } from '../../lib/tensor';

export interface OnnxRun {
  tensors: Record<string, Tensor>;
  /** Names, in the order of the file. */
  inputs: string[];
  outputs: string[];
}

/** Starts a process for the tests of a file; the function runs an ONNX file in it. */
export function onnxRuntime(): (file: string, inputs: Record<string, Tensor>) => Promise<OnnxRun> {
  let child: ChildProcess;
  let count = 0;
  beforeAll(() => {
    child = fork(path.join(__dirname, '../children/onnx-runtime.js'), { serialization: 'advanced' });
  });
  afterAll(() => {
    child.kill();
  });
  return (file, inputs) =>
    new Promise((resolve, reject) => {
      const id = count++;
      const onMessage = (message: { id: number; answer: OnnxRun | { error: string } }) => {
        if (message.id !== id) return;
        stop();
        if ('error' in message.answer) reject(new Error(message.answer.error));
        else resolve(message.answer);
      };
      const onExit = () => {
        stop();
        reject(new Error('onnxruntime ended the process.'));
      };
      const stop = () => child.off('message', onMessage).off('exit', onExit);
      child.on('message', onMessage).once('exit', onExit);
      child.send({ id, request: { file, inputs } });
    });
}
