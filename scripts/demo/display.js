const readline = require('node:readline');
const { SingleBar } = require('cli-progress');

/** Seconds between two plain lines about the same job. */
const LINE_EVERY = 5;

/**
 * What the demo prints: headings, lines, and bars — on a terminal; plain lines now and then in a log.
 *
 * @param {NodeJS.WriteStream} stream
 */
function createDisplay(stream = process.stdout) {
  const line = (text = '') => stream.write(`${text}\n`);
  return {
    line,
    heading: (text) => line(`\n${text}`),
    /** The progress of one job: `update(done, text)` as often as there is news, `note(text)` for a line that stays, `stop()` at its end, also after a failure. */
    bar: (total) => (stream.isTTY ? terminalBar(stream, total) : plainBar(line, total)),
  };
}

function terminalBar(stream, total) {
  const bar = new SingleBar({
    stream,
    format: '  {bar} {percentage}%  {text}',
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    gracefulExit: false,
  });
  bar.start(total, 0, { text: '' });
  return {
    update: (done, text = '', newTotal = total) => {
      bar.setTotal(newTotal);
      bar.update(done, { text });
    },
    note: (text) => {
      // The bar draws itself again below at its next update.
      readline.clearLine(stream, 0);
      readline.cursorTo(stream, 0);
      stream.write(`${text}\n`);
    },
    stop: () => bar.stop(),
  };
}

function plainBar(line, total) {
  let last = performance.now();
  return {
    update: (done, text = '', newTotal = total) => {
      const now = performance.now();
      if (now - last < LINE_EVERY * 1000) return;
      last = now;
      line(`  ${Math.floor((100 * done) / newTotal)} %  ${text}`);
    },
    note: line,
    stop: () => {},
  };
}

/** Rows of texts as aligned columns, the first row as their heading. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const format = (row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd();
  const [heading, ...body] = rows.map(format);
  return [heading, `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`, ...body].join('\n');
}

module.exports = { createDisplay, table };
