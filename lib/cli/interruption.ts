/** How a command ends. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143, brokenPipe: 141 } as const;

/** Why a command ends before its work is done, through no fault of its own. */
export class Interruption extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

const controller = new AbortController();

/** Aborted when the command is to end: a listener takes care of the work, and the command then rejects. */
export const interrupted: AbortSignal = controller.signal;

export function interrupt(reason: Interruption): void {
  controller.abort(reason);
}

/** What a signal of the system ends the process with. */
export const SIGNALS = {
  SIGINT: new Interruption('interrupted', EXIT.interrupted),
  SIGTERM: new Interruption('terminated', EXIT.terminated),
} as const;

/** Ends the command in good order at the first Ctrl-C (or SIGTERM), and at once at the second. */
export function endOnSignals(end: (reason: Interruption) => void = interrupt): void {
  for (const [signal, reason] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(reason.exitCode));
      end(reason);
    });
  }
}
