// Checks the format of the C++ sources, or with --write puts it right. The rules are in .clang-format.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');

function sources() {
  return ['binding', 'fuzz'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true })
      .filter((name) => /\.(h|cc)$/.test(name))
      .sort()
      .map((name) => path.join(folder, name)),
  );
}

function main(args) {
  const unknown = args.filter((argument) => argument !== '--write');
  if (unknown.length > 0) {
    console.error(`Unknown arguments: ${unknown.join(' ')}.\nUsage: node scripts/clang-format.js [--write]`);
    return 2;
  }
  const files = sources();
  if (files.length === 0) return 0;
  const mode = args.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
  const { status, error } = spawnSync('clang-format', ['--style=file', ...mode, ...files], { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT') {
    console.error('clang-format is not installed; the C++ sources cannot be checked. On Debian and Ubuntu: apt-get install clang-format');
    return 1;
  }
  if (error) throw error;
  if (status !== 0 && mode.includes('--dry-run')) console.error('The sources above are not formatted. To put it right: npm run format');
  return status ?? 1;
}

process.exitCode = main(process.argv.slice(2));
