/** Caches of a test file's own in place of the user's, in which plans keep what they found out. */
import { mkdirSync } from 'node:fs';
import { temporaryFolder } from './folders';

/** The function makes a new folder the cache, and returns it; when the file's tests are done, the cache is what it was. */
export function ownCaches(): () => string {
  const { CAFFE_NODE_CACHE } = process.env;
  const within = temporaryFolder();
  let caches = 0;
  afterAll(() => {
    // Assigning undefined would make it the text "undefined".
    if (CAFFE_NODE_CACHE === undefined) delete process.env.CAFFE_NODE_CACHE;
    else process.env.CAFFE_NODE_CACHE = CAFFE_NODE_CACHE;
  });
  return () => {
    const folder = within(String(caches++));
    mkdirSync(folder);
    process.env.CAFFE_NODE_CACHE = folder;
    return folder;
  };
}
