// Plays two films from an upstream that misbehaves in every way an independent tool knows, and compares what comes
// out with the run without faults: equal bytes, or one clear error in bounded time. Prints a Markdown table.
// The tool lies outside of the project: SLUICE_TOOLS names its folder (default: ../shared/tools).
//   npm run faults [-- --match TEXT] [-- --server FILE] [-- --jobs N]
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('../..', import.meta.url));
const tools = process.env.SLUICE_TOOLS ?? join(project, '../shared/tools');
const { values } = parseArgs({
  options: {
    match: { type: 'string', default: '' },
    server: { type: 'string', default: join(project, 'dist/src/cli.js') },
    jobs: { type: 'string', default: '4' },
  },
});

/** Seconds in which an error must have been told. */
const ERROR_TIME = 15;
/** Seconds after which a request counts as hanging: even a slow upstream has delivered by then. */
const HANG = 60;

/** The tool's other version of a file is no Matroska file: what opens it anew is told so. */
const OTHER_FILE = 'changed corrupt';

/**
 * Faults and what must come of them: `equal` bytes everywhere; or the codes of the error that answers what cannot be
 * had, the rest being equal.
 */
const FAULTS = [
  ['no-head', 'equal'],
  ['no-head,hang', 'equal'],
  ['no-range', 'equal'],
  ['no-range+no-length', 'equal'],
  ['range-only', 'equal'],
  ['reset-at,0', 'equal'],
  ['reset-at,100000', 'equal'],
  ['reset-every,0', 'upstream'],
  ['reset-every,20000', 'equal'],
  ['reset-every,200000', 'equal'],
  ['reset-every,100000+no-etag', 'equal'],
  ['slow,2000', 'equal'],
  ['slow,1', 'upstream-timeout'],
  ['latency,400', 'equal'],
  ['latency,30000', 'upstream-timeout'],
  ['stall-at,0', 'equal'],
  ['stall-at,150000', 'equal'],
  ['stall-at,0,always', 'upstream-timeout'],
  ['stall-at,150000,always', 'upstream-timeout'],
  ['status,500', 'equal'],
  ['status,500,999', 'upstream'],
  ['status,503,2,1', 'equal'],
  ['status,503,999,1', 'upstream'],
  ['status,503,999,60', 'upstream'],
  ['status,429,3,1', 'equal'],
  ['status,429,999,1', 'rate'],
  ['status,429,999,3600', 'rate'],
  ['status,401,999', 'upstream'],
  ['status,403,999', 'upstream'],
  ['status,404,999', 'not-found'],
  ['status,410,999', 'not-found'],
  ['status,416,999', 'upstream'],
  ['expire,1', 'equal'],
  ['expire,3', 'equal'],
  ['expire,99,1', 'equal'],
  ['expire,0', 'upstream'],
  ['redirect,1', 'equal'],
  ['redirect,10', 'equal'],
  ['redirect,11', 'upstream'],
  ['cross-host', 'equal'],
  ['cross-host+expire,2', 'equal'],
  ['cross-host,10.0.0.1', 'forbidden-address'],
  ['wrong-type', 'equal'],
  ['wrong-type,application%2Fx-mpegurl', 'equal'],
  ['no-length', 'equal'],
  ['no-length+reset-at,50000', 'equal'],
  ['short', 'upstream'],
  ['short+no-range', 'upstream'],
  ['wrong-content-range', 'upstream'],
  ['no-total', 'equal'],
  ['no-total+no-length', 'equal'],
  ['gzip-encoding', 'upstream'],
  ['gzip-encoding+no-range', 'upstream'],
  ['mutate,0', OTHER_FILE],
  ['mutate,1', OTHER_FILE],
  ['mutate,4', OTHER_FILE],
  ['mutate,4+expire,1', OTHER_FILE],
  ['no-etag', 'equal'],
  ['close', 'equal'],
  ['close+no-length+no-etag+latency,50', 'equal'],
];

/** Faults that come to an end by themselves: each step meets them anew. */
const IS_PASSING = /^(reset-at|stall-at|status|expire|no-length\+reset-at)/;
/** One that is read whole, and one that is probed. */
const FILMS = { small: { seconds: 8, rate: '1500k' }, large: { seconds: 60, rate: '2600k' } };
const STEPS = ['master', 'init', 'first', 'middle', 'last'];

function makeFilm(folder, name, { seconds, rate }) {
  const path = join(folder, `${name}.mkv`);
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${seconds}`];
  const sound = ['-f', 'lavfi', '-i', `sine=f=330:r=48000:d=${seconds}`];
  const cbr = ['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-nal-hrd', 'cbr'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', ...cbr];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...sound, ...video, '-c:a', 'aac', path]);
  return path;
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a child and waits until it prints `ready`. */
async function start(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.log = '';
  child.stderr.on('data', (chunk) => {
    child.log += chunk;
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${args[0]} ended with ${code}: ${child.log}`);
    }),
  ]);
  return child;
}

async function stop(child) {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Both know the same addresses. */
async function startSluice(folder, name) {
  const port = await freePort();
  const args = ['--port', String(port), '--state', join(folder, name), '--allow', '127.0.0.0/8'];
  const child = await start([values.server, 'serve', ...args], {
    SLUICE_SECRET: 'faults',
    SLUICE_LOG: 'warn',
  });
  return { child, url: `http://127.0.0.1:${port}` };
}

const startUpstream = (folder, port, faults) =>
  start([
    join(tools, 'faulty-upstream'),
    '--root',
    folder,
    '--port',
    String(port),
    ...faults.flatMap((fault) => ['--fault', fault]),
  ]);

/** The outcome of one request: the bytes' hash, or how it failed, and the seconds it took. */
async function ask(url) {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(HANG * 1000) });
    const body = Buffer.from(await response.arrayBuffer());
    if (response.ok) return { body, seconds: seconds(), code: null };
    return { seconds: seconds(), code: errorCode(body, response.status) };
  } catch (error) {
    return { seconds: seconds(), code: error.name === 'TimeoutError' ? 'HANG' : 'broken off' };
  }
}

function errorCode(body, status) {
  if (status === 500) return 'STATUS 500';
  try {
    return String(JSON.parse(body.toString()).error.code);
  } catch {
    return `NO JSON (${status})`;
  }
}

const hash = (body) => createHash('sha256').update(body).digest('hex');
const uris = (text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** Every step's addresses below the server, and the hashes of the clean run. */
async function cleanRun(oracle, source) {
  const masterPath = `/hls/master.m3u8?d=${encodeURIComponent(source)}`;
  const master = (await ask(oracle + masterPath)).body.toString();
  const base = uris(master)[0].split('/').slice(0, 2).join('/');
  const names = [...new Set([...master.matchAll(/[\w-]+(?=\/index\.m3u8)/g)].map(([name]) => name))];
  const steps = { master: [masterPath], init: [], first: [], middle: [], last: [] };
  for (const name of names) {
    const at = (file) => `/hls/${base}/${name}/${file}`;
    const segments = uris((await ask(oracle + at('index.m3u8'))).body.toString());
    steps.init.push(at('index.m3u8'), at('init.mp4'));
    steps.first.push(at(segments[0]));
    steps.middle.push(at(segments[segments.length >> 1]));
    steps.last.push(at(segments.at(-1)));
  }
  const hashes = new Map();
  for (const path of Object.values(steps).flat()) hashes.set(path, hash((await ask(oracle + path)).body));
  return { steps, hashes };
}

/** One step under the fault: all its requests at once, as a player sends them. */
async function runStep(url, paths, hashes) {
  const answers = await Promise.all(
    paths.map(async (path) => ({ ...(await ask(url + path)), expected: hashes.get(path) })),
  );
  const seconds = Math.max(...answers.map((answer) => answer.seconds));
  const failed = answers.find(({ code }) => code !== null);
  const isEqual = answers.every(({ code, body, expected }) => code !== null || hash(body) === expected);
  return { outcome: isEqual ? (failed?.code ?? 'equal') : 'MISMATCH', seconds };
}

/** What is allowed: the expected outcome; equal bytes where the fault has not struck; an error after the status. */
function isRight({ outcome, seconds }, expected) {
  if (outcome === 'equal') return true;
  if (expected === 'equal') return false;
  const isDue = expected.split(' ').includes(outcome) || outcome === 'broken off';
  return isDue && seconds <= ERROR_TIME;
}

async function runFault([fault, expected], { film, mode, folder, oracle, tested }) {
  const port = await freePort();
  const source = `http://127.0.0.1:${port}/${film}.mkv`;
  const clean = await startUpstream(folder, port, []);
  const { steps, hashes } = await cleanRun(oracle.url, source);
  if (mode === 'warm') await ask(tested.url + steps.master[0]);
  await stop(clean);
  const upstream = await startUpstream(folder, port, fault.split('+'));
  const cells = [];
  for (const step of STEPS) {
    if (IS_PASSING.test(fault)) await fetch(`http://127.0.0.1:${port}/__log`, { method: 'DELETE' });
    const result = await runStep(tested.url, steps[step], hashes);
    const mark = isRight(result, expected) ? '' : ' **✗**';
    cells.push(`${result.outcome} ${result.seconds.toFixed(1)}${mark}`);
  }
  await stop(upstream);
  const isFine = !cells.some((cell) => cell.includes('✗'));
  return { row: [fault, `${film}, ${mode}`, expected, ...cells], isFine };
}

if (!existsSync(tools)) {
  process.stdout.write(`No tools at ${tools}: nothing checked\n`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
const sizes = Object.entries(FILMS).map(
  ([name, film]) => `${name} ${(statSync(makeFilm(folder, name, film)).size / 1e6).toFixed(1)} MB`,
);
const [oracle, tested] = [await startSluice(folder, 'oracle'), await startSluice(folder, 'tested')];
const queue = FAULTS.filter(([fault]) => fault.includes(values.match)).flatMap((fault) =>
  [
    { film: 'small', mode: 'cold' },
    { film: 'large', mode: 'cold' },
    { film: 'large', mode: 'warm' },
  ].map((run) => ({ fault, run })),
);
const results = queue.map(() => null);
let next = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let i = next++; i < queue.length; i = next++) {
      const { fault, run } = queue[i];
      results[i] = await runFault(fault, { ...run, folder, oracle, tested });
      if (!results[i].isFine) process.stderr.write(`${results[i].row.join(' | ')}\n`);
    }
  }),
);
await Promise.all([stop(oracle.child), stop(tested.child)]);
rmSync(folder, { recursive: true, force: true });

const head = ['fault', 'film, title', 'due', ...STEPS.map((step) => `${step} (s)`)];
const line = (cells) => `| ${cells.join(' | ')} |`;
const table = [line(head), line(head.map(() => '---')), ...results.map(({ row }) => line(row))];
const bugs = tested.child.log.split('\n').filter((text) => text.includes('"unexpected"'));
const failed = results.filter(({ isFine }) => !isFine).length;
process.stdout.write(
  `Films: ${sizes.join(', ')}. Cold: the title is opened under the fault; warm: before it.\n\n`,
);
process.stdout.write(`${table.join('\n')}\n\n`);
for (const bug of bugs.slice(0, 5)) process.stdout.write(`${bug.slice(0, 2000)}\n`);
process.stdout.write(
  `Faults: ${results.length - failed} rows right, ${failed} wrong, ${bugs.length} bugs logged\n`,
);
process.exitCode = failed > 0 || bugs.length > 0 ? 1 : 0;
