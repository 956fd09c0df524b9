/**
 * Callbacks that a compute lane waits for. Each runs in an async context that names it, so that a run which would wait for the
 * callback it was asked for in can be told at once from one that merely queues behind it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { messageOf } from './errors';

/** What the addon knows a call by. */
const calls = new AsyncLocalStorage<unknown>();

/** Runs a callback inside the context of its call, and tells once how it ended: nothing, or the message and the value that was thrown. */
export function enterCallback(call: unknown, body: () => unknown, settle: (message?: string, thrown?: unknown) => void): void {
  // An async function: what the body throws at once rejects as well, and whatever it returns is awaited.
  const run = calls.run(call, async () => body());
  run.then(
    () => settle(),
    (thrown: unknown) => settle(messageOf(thrown), thrown),
  );
}

/** The call whose callback this code belongs to; undefined outside of callbacks. */
export function currentCallback(): unknown {
  return calls.getStore();
}
