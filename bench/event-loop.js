// How late a 1 ms timer of the main thread fires while a net runs, and while processes are spawned beside it, compared with an idle loop.
//   node bench/event-loop.js [seconds]
const { execFile } = require('node:child_process');
const { Net } = require('..');
const { models } = require('./common');

const seconds = Number(process.argv[2] ?? 10);

/** Delays of the ticks during `seconds`, in ms, sorted. */
function delays(active) {
  return new Promise((resolve) => {
    const late = [];
    const end = performance.now() + seconds * 1000;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      late.push(now - last - 1);
      last = now;
      if (now < end) return;
      clearInterval(timer);
      active.going = false;
      resolve(late.sort((a, b) => a - b));
    }, 1);
  });
}

async function keepRunning(active, net, data) {
  while (active.going) await net.forward({ data });
}

async function keepSpawning(active) {
  while (active.going) await new Promise((resolve) => execFile(process.execPath, ['-e', '0'], resolve));
}

function report(title, late) {
  const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))].toFixed(2);
  console.log(
    `${title.padEnd(40)} ${late.length} ticks   median ${at(0.5)} ms   99 % ${at(0.99)} ms   99.9 % ${at(0.999)} ms   worst ${at(1)} ms`,
  );
}

async function main() {
  const { deploy, weights } = models();
  const net = await Net.load(deploy, { weights });
  const data = new Float32Array(3 * 227 * 227).fill(50);
  await net.forward({ data });
  report('idle', await delays({}));
  const running = { going: true };
  const [late] = await Promise.all([delays(running), keepRunning(running, net, data)]);
  report('a net runs', late);
  const spawning = { going: true };
  const [spawned] = await Promise.all([delays(spawning), keepSpawning(spawning)]);
  report('processes are spawned', spawned);
  const both = { going: true };
  const [worst] = await Promise.all([delays(both), keepRunning(both, net, data), keepSpawning(both)]);
  report('a net runs, processes are spawned', worst);
  await net.dispose();
}

main();
