/** The results of the inference benchmark as a picture: images a second of every engine, a panel for each network and batch. */
const { NETS, TITLES, nameOf, number, threadsOf } = require('./tables');

const WIDTH = 760;
const LEFT = 130;
const RIGHT = 70;
const BAR = 18;
const GAP = 6;
const HEAD = 34;
const PANEL_GAP = 22;
const TOP = 44;
/** Colours that stand out on white and on black. */
const COLOURS = {
  'stock-caffe': '#8a8f98',
  opencv: '#5b8def',
  onnxruntime: '#b07de0',
  caffe: '#c9a227',
  onednn: '#e2703a',
  'onednn bf16': '#d64550',
};

/**
 * @param report  what `npm run bench -- --json` wrote.
 * @returns the text of an SVG file; undefined where no inference was measured.
 */
function pictureOf({ results, machine }) {
  const forward = results.filter(({ task }) => task === 'forward');
  if (forward.length === 0) return undefined;
  const threads = Math.max(...forward.map((result) => result.threads));
  const panels = panelsOf(forward.filter((result) => result.threads === threads));
  let top = TOP;
  const drawn = panels.map((panel) => {
    const text = drawPanel(panel, top);
    top += heightOf(panel) + PANEL_GAP;
    return text;
  });
  const title = `Images a second, ${threadsOf(threads)}, ${machine.processor}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-label="${escaped(title)}">`,
    '<style>text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 15px } .net { font-weight: 600 }',
    '@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>',
    `<text class="title" x="8" y="24">${escaped(title)}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** One for each network and batch, batch 1 and 8 where they were measured. */
function panelsOf(results) {
  const usual = results.filter(({ batch }) => batch === 1 || batch === 8);
  const panels = new Map();
  for (const result of usual.length > 0 ? usual : results) {
    const title = `${NETS[result.net]}, batch ${result.batch}`;
    if (!panels.has(title)) panels.set(title, []);
    panels.get(title).push({ name: nameOf(result), rate: (1000 * result.batch) / result.ms });
  }
  const order = Object.keys(TITLES);
  return [...panels].map(([title, bars]) => ({ title, bars: bars.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)) }));
}

const heightOf = ({ bars }) => HEAD + bars.length * (BAR + GAP);

function drawPanel({ title, bars }, top) {
  const best = Math.max(...bars.map(({ rate }) => rate));
  const lines = bars.map(({ name, rate }, index) => {
    const y = top + HEAD + index * (BAR + GAP);
    const length = ((WIDTH - LEFT - RIGHT) * rate) / best;
    const middle = y + BAR / 2 + 4.5;
    return [
      `<text x="${LEFT - 8}" y="${middle}" text-anchor="end">${escaped(TITLES[name].replaceAll('`', ''))}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2" fill="${COLOURS[name]}"/>`,
      `<text x="${(LEFT + length + 6).toFixed(1)}" y="${middle}">${number(rate)}</text>`,
    ].join('');
  });
  return [`<text class="net" x="8" y="${top + 18}">${escaped(title)}</text>`, ...lines].join('\n');
}

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

module.exports = { pictureOf };
