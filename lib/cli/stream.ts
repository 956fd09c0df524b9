/** Standard output and its reader. */
import { EXIT, Interruption, interrupt } from './interruption';

let readerIsGone = false;

/** A reader that has seen enough (`| head`) ends the command, quietly and in good order. */
export function onBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      readerIsGone = true;
      interrupt(new Interruption('nobody reads the output any more', EXIT.brokenPipe));
    });
  }
}

/** Writes to standard output, as long as somebody reads it. */
export function write(text: string): void {
  if (!readerIsGone) process.stdout.write(text);
}
