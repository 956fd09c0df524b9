/** A failure whose message is all the user has to read: it names what was given or happened, and what to do. No stack is printed. */
class SetupError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {{ hint?: string, details?: string[], exitCode?: number }} [more] what to do; the last lines of output
   */
  constructor(message, { hint, details = [], exitCode = 1 } = {}) {
    super(message);
    this.name = 'SetupError';
    this.hint = hint;
    this.details = details;
    this.exitCode = exitCode;
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const FULL_TEXT = /No space left on device|Disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/;

/** @returns {SetupError} what every way of running out of disk space ends in */
function diskFull(where) {
  return new SetupError(`The disk is full${where ? ` (while writing to ${where})` : ''}.`, {
    hint: 'Free some space and run the same command again: it goes on where it stopped. CAFFE_NODE_CACHE may name a folder on another disk.',
  });
}

/** Turns the errors of node:fs that a user can do something about into SetupErrors; others are returned as they are. */
function explain(error) {
  if (error instanceof SetupError) return error;
  const place = error?.dest ?? error?.path;
  if (FULL.has(error?.code)) return diskFull(place);
  if (['EACCES', 'EPERM', 'EROFS'].includes(error?.code)) {
    return new SetupError(`${place ?? 'A file'} cannot be written (${error.code}).`, {
      hint: 'Give this user the right to write there. CAFFE_NODE_CACHE may name another folder for the Caffe cache.',
    });
  }
  if (['ENOTDIR', 'EEXIST'].includes(error?.code)) {
    return new SetupError(`${place ?? 'A path'} is in the way: a folder was expected there, and a file was found (${error.code}).`, {
      hint: 'Remove it, or let CAFFE_NODE_CACHE name another folder for the Caffe cache.',
    });
  }
  return error;
}

module.exports = { SetupError, FULL_TEXT, diskFull, explain };
