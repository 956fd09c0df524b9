// Writes the figures of docs/performance.md: the picture, and the tables between the file's two marks.
//   node bench/report.js bench.json [FOLDER]        FOLDER: docs, where performance.md lies
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { pictureOf } = require('./report/picture');
const { tablesOf } = require('./report/tables');

const MARKS = ['<!-- bench.json -->', '<!-- end of bench.json -->'];

function main([file, folder = path.join(__dirname, '../docs')]) {
  if (!file) {
    process.stderr.write('Usage: node bench/report.js bench.json [FOLDER]\n');
    process.exitCode = 2;
    return;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const page = path.join(folder, 'performance.md');
  const picture = pictureOf(report);
  if (picture) writeFileSync(path.join(folder, 'performance.svg'), picture);
  const image = picture ? '![Images a second of each engine](performance.svg)\n\n' : '';
  writeFileSync(page, withFigures(readFileSync(page, 'utf8'), `${image}${tablesOf(report)}`));
}

function withFigures(text, figures) {
  const [begin, end] = MARKS.map((mark) => text.indexOf(mark));
  if (begin < 0 || end < begin) throw new Error(`performance.md must have the lines ${MARKS.join(' and ')}, in this order.`);
  return `${text.slice(0, begin + MARKS[0].length)}\n\n${figures}\n\n${text.slice(end)}`;
}

main(process.argv.slice(2));
