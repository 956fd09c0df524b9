import os from 'node:os';
import path from 'node:path';

/**
 * Where what can be had again is kept: in `CAFFE_NODE_CACHE`, as set-up keeps Caffe there, else where the platform keeps such things.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  return env.CAFFE_NODE_CACHE ? path.resolve(env.CAFFE_NODE_CACHE) : platformCache(env, platform);
}

/** Where models are kept unless the caller says otherwise. */
export function modelCacheFolder(env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform): string {
  return path.join(cacheFolder(env, platform), 'models');
}

function platformCache(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  // The XDG specification asks to ignore a relative path.
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return path.join(env.XDG_CACHE_HOME, 'caffe-node');
  if (platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'caffe-node');
  if (platform === 'win32' && env.LOCALAPPDATA) return path.join(env.LOCALAPPDATA, 'caffe-node', 'Cache');
  return path.join(os.homedir(), '.cache', 'caffe-node');
}
