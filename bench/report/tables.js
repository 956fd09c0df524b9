/** The results of `npm run bench -- --json FILE` as Markdown. */

const TITLES = {
  'stock-caffe': 'stock Caffe',
  opencv: 'OpenCV',
  onnxruntime: 'onnxruntime',
  caffe: '`caffe`',
  onednn: '`onednn`',
  'onednn bf16': '`onednn` bf16',
};
const OURS = ['onednn', 'onednn bf16'];
const NETS = { squeezenet: 'SqueezeNet', alexnet: 'AlexNet', googlenet: 'GoogLeNet', small: 'Small' };

const nameOf = ({ engine, precision }) => (precision === 'f32' ? engine : `${engine} ${precision}`);
const number = (value) => (value >= 99.5 ? value.toFixed(0) : value >= 9.95 ? value.toFixed(1) : value.toFixed(2));

/** All tables, one below the other, with a line on the machine in front. */
function tablesOf(report) {
  const sections = [inference, accuracy, means, memory, training, loading, classification, ways, overhead, steps].map((section) =>
    section(report),
  );
  return [machineLine(report), ...sections.filter(Boolean)].join('\n\n');
}

function machineLine({ machine, versions, peak, settings }) {
  const others = Object.entries({ OpenCV: versions.opencv, 'onnxruntime-node': versions.onnxruntime }).filter(([, version]) => version);
  const best = peak.map(({ gflops, threads }) => `${number(gflops)} with ${threadsOf(threads)}`).join(', ');
  return [
    `${machine.processor}, ${machine.cores} cores; ${machine.system}; Node ${machine.node.slice(1)}, Caffe ${machine.caffe} with ${machine.blas}`,
    ...others.map(([name, version]) => `${name} ${version}`),
  ]
    .join(', ')
    .concat(`; ${settings.rounds} rounds of at least ${settings.seconds} s each.`)
    .concat(best ? ` A large matrix multiplication of BLAS reaches, in GFlop/s: ${best}.` : '');
}

const threadsOf = (threads) => `${threads} thread${threads === 1 ? '' : 's'}`;

/** The engines that have results for a task, the peers first. */
function enginesOf(results) {
  const names = new Set(results.map(nameOf));
  return Object.keys(TITLES).filter((name) => names.has(name));
}

/** Rows of what was measured together: one for each network, number of threads and batch. */
function groupsOf(results) {
  const groups = new Map();
  for (const result of results) {
    const key = [result.net, result.threads, result.batch, result.data ?? ''].join(' ');
    if (!groups.has(key)) groups.set(key, new Map());
    groups.get(key).set(nameOf(result), result);
  }
  return [...groups.values()];
}

/** A table as the formatter would write it, so that a new run of the benchmark leaves `npm run lint` content: the first column on the left. */
function markdownTable(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

const of = ({ results }, task) => results.filter((result) => result.task === task);

/** `against`: the peers that our own figures are given as multiples of. */
function comparison(results, { heading, what, against, label }) {
  if (results.length === 0) return '';
  const engines = enginesOf(results);
  const rows = groupsOf(results).map((group) => {
    const [first] = group.values();
    return [label(first), ...engines.map((name) => cellOf(group.get(name), name, against))];
  });
  return `### ${heading}\n\n${what}\n\n${markdownTable(['', ...engines.map((name) => TITLES[name])], rows)}`;
}

function cellOf(result, name, against) {
  if (!result) return '–';
  const time = `${number(result.ms)} ± ${number(result.spread)}`;
  const ratios = OURS.includes(name)
    ? against.filter((other) => result.ratios[other]).map((other) => `${result.ratios[other].toFixed(2)}×`)
    : [];
  if (result.coldMs) return `${time} (cold ${number(result.coldMs)})`;
  return ratios.length > 0 ? `${time} (${ratios.join(', ')})` : time;
}

function inference(report) {
  return comparison(of(report, 'forward'), {
    heading: 'Inference',
    what: 'Milliseconds of a forward run: median ± the distance between the quartiles. In brackets: so many times faster than onnxruntime, and than stock Caffe.',
    against: ['onnxruntime', 'stock-caffe'],
    label: ({ net, batch, threads }) => `${NETS[net]}, batch ${batch}, ${threadsOf(threads)}`,
  });
}

/** The largest over batches and threads. */
function accuracy(report) {
  const results = of(report, 'forward').filter(({ error }) => error !== undefined);
  if (results.length === 0) return '';
  const engines = enginesOf(results);
  const rows = [...new Set(results.map(({ net }) => net))].map((net) => [
    NETS[net],
    ...engines.map((name) => {
      const errors = results.filter((result) => result.net === net && nameOf(result) === name).map(({ error }) => error);
      return errors.length > 0 ? Math.max(...errors).toExponential(0) : '–';
    }),
  ]);
  const what = 'The largest difference of a probability from that of stock Caffe, over all images.';
  return `### Accuracy\n\n${what}\n\n${markdownTable(['', ...engines.map((name) => TITLES[name])], rows)}`;
}

function training(report) {
  return comparison(of(report, 'train'), {
    heading: 'Training',
    what: 'Milliseconds of a training step (forward, backward, update), and in brackets so many times faster than stock Caffe.',
    against: ['stock-caffe'],
    label: ({ net, batch, threads, data }) =>
      `${NETS[net]}, batch ${batch}, ${threadsOf(threads)}${data === 'dataset' ? ', from a dataset' : ''}`,
  });
}

function loading(report) {
  return comparison(of(report, 'load'), {
    heading: 'Loading',
    what: 'Milliseconds from the files to the first answer at batch 1, in a process that has loaded everything else. Cold: before anything is known of which algorithms are fastest.',
    against: [],
    label: ({ net, threads }) => `${NETS[net]}, ${threadsOf(threads)}`,
  });
}

function means({ ratios = [] }) {
  const wanted = ratios.filter(
    ({ engine, precision, task, against }) =>
      OURS.includes(nameOf({ engine, precision })) &&
      ['forward', 'train'].includes(task) &&
      ['onnxruntime', 'stock-caffe'].includes(against),
  );
  if (wanted.length === 0) return '';
  const rows = wanted.map((one) => [
    `${one.task === 'train' ? 'training' : 'inference'}, ${NETS[one.net]}, ${threadsOf(one.threads)}`,
    TITLES[nameOf(one)],
    TITLES[one.against],
    `${one.ratio.toFixed(2)}×`,
  ]);
  return `### So many times faster\n\nGeometric means over batch 1 and 8 of the paired medians (training: one batch).\n\n${markdownTable(['', 'engine', 'than', ''], rows)}`;
}

function memory(report) {
  const results = of(report, 'forward').filter(({ batch }) => batch === 8);
  if (results.length === 0) return '';
  const engines = enginesOf(results);
  const cell = ({ netMiB } = {}) => (netMiB ? `${number(netMiB.resident)} (${number(netMiB.peak)})` : '–');
  const rows = groupsOf(results).map((group) => {
    const [{ net, threads }] = group.values();
    return [`${NETS[net]}, ${threadsOf(threads)}`, ...engines.map((name) => cell(group.get(name)))];
  });
  const what = 'MiB that a network adds to its process while it runs with batch 8; in brackets at the highest, loading included.';
  return `### Memory\n\n${what}\n\n${markdownTable(['', ...engines.map((name) => TITLES[name])], rows)}`;
}

function classification(report) {
  const results = of(report, 'classify');
  if (results.length === 0) return '';
  const perSecond = (ms) => number(1000 / ms);
  const rows = results.map((result) => [
    `${NETS[result.net]}, ${threadsOf(result.threads)}`,
    TITLES[nameOf(result)],
    perSecond(result.decodeMs),
    perSecond(result.forwardMs),
    perSecond(result.ms),
    percent(result.share),
    percent(possibleShare(result, report.machine.cores)),
  ]);
  const what =
    'Photographs a second: decoding and resizing alone, the network alone, and `classify` from files to answers; the last against the slower of the two before, and what could be reached where both share the cores.';
  return `### Classifying photographs\n\n${what}\n\n${markdownTable(['', 'engine', 'decoding', 'network', '`classify`', 'reached', 'possible'], rows)}`;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;

/** Decoding alone keeps all cores busy, the network as many as it has threads: no order of the work takes less time than all cores need for both. */
function possibleShare({ decodeMs, forwardMs, threads }, cores) {
  const slower = Math.max(decodeMs, forwardMs);
  return slower / Math.max(slower, decodeMs + (forwardMs * Math.min(threads, cores)) / cores);
}

function ways({ modes = [] }) {
  if (modes.length === 0) return '';
  const rows = modes.map((mode) => [
    NETS[mode.net],
    mode.lanes === 1 ? `one net, ${threadsOf(mode.threads)}` : `${mode.lanes} nets on ${mode.lanes} lanes, ${threadsOf(mode.threads)} each`,
    String(mode.batch),
    number(mode.ms),
    number(mode.rate),
  ]);
  const what = 'How long an answer takes, and how many there are in a second, with `onednn` and f32.';
  return `### Latency and throughput\n\n${what}\n\n${markdownTable(['', 'way', 'batch', 'ms', 'images/s'], rows)}`;
}

function overhead({ plans = [] }) {
  if (plans.length === 0) return '';
  const rows = plans.map((plan) => [
    `${NETS[plan.net]}, batch ${plan.batch}, ${threadsOf(plan.threads)}`,
    TITLES[nameOf(plan)],
    number(plan.planMs),
    number(plan.ms),
    `${(100 * (plan.ms / plan.planMs - 1)).toFixed(1)} %`,
  ]);
  const what =
    'Milliseconds of all steps of the plan together, and of `net.forward()` around them, with its input copied and its output given back.';
  return `### Seen from JavaScript\n\n${what}\n\n${markdownTable(['', 'engine', 'plan', '`forward()`', 'more'], rows)}`;
}

/** How many of a plan's steps are shown. */
const LONGEST = 8;

/** What each network spends its time on, of what was measured with the most threads and the largest batch. */
function steps({ plans = [], peak }) {
  const threads = Math.max(...plans.map((plan) => plan.threads));
  const batch = Math.max(...plans.map((plan) => plan.batch));
  const most = plans.filter((plan) => plan.threads === threads && plan.batch === batch && plan.precision === 'f32');
  if (most.length === 0) return '';
  const best = peak.find((one) => one.threads === threads)?.gflops;
  const rows = most.flatMap((plan) =>
    [...plan.steps]
      .sort((a, b) => b.ms - a.ms)
      .slice(0, LONGEST)
      .map((step) => [
        `${NETS[plan.net]}: ${step.layers.join(', ')}`,
        step.primitive,
        number(step.ms),
        `${((100 * step.ms) / plan.planMs).toFixed(0)} %`,
        step.gflops > 0 ? number(step.gflops) : '–',
        step.gflops > 0 && best ? `${((100 * step.gflops) / best).toFixed(0)} %` : '–',
      ]),
  );
  const what = `The ${LONGEST} longest steps of each plan, batch ${batch}, ${threadsOf(threads)}. Winograd's algorithm computes the same with fewer operations, and so may pass the peak.`;
  const head = ['', 'implementation', 'ms', 'of the plan', 'GFlop/s', 'of the peak'];
  return `### Where the time goes\n\n${what}\n\n${markdownTable(head, rows)}`;
}

module.exports = { NETS, TITLES, nameOf, number, tablesOf, threadsOf };
