/** Writing an ONNX file, which may have a gigabyte. */
import { open } from 'node:fs/promises';
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import { writeWhole } from '../files';
import type { MessageWriter } from './protobuf';

/** Protobuf's limit; larger models would need their weights in files of their own. */
const MOST_BYTES = 2 ** 31 - 1;

/** @throws {CaffeError} ERR_CAFFE_UNSUPPORTED for 2 GiB and more; ERR_CAFFE_FILE; ERR_CAFFE_ABORTED, with nothing left behind. */
export async function writeModel(file: string, model: MessageWriter, signal?: AbortSignal): Promise<void> {
  if (model.length > MOST_BYTES) {
    throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `'${file}' would have ${model.length} bytes; ONNX files have less than 2 GiB.`, {
      hint: 'Export parts of the network, made with prototxt.extract.',
    });
  }
  await writeWhole(file, async (temporary) => {
    const handle = await open(temporary, 'wx');
    try {
      for (const chunk of model.chunks()) {
        throwIfAborted(signal);
        await handle.writeFile(chunk);
      }
    } finally {
      await handle.close();
    }
  });
}
