// What the runs against an upstream that misbehaves have in common: its tool, the server under test, films, the table.
// The tool lies outside of the project: SLUICE_TOOLS names its folder (default: ../shared/tools).
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('../..', import.meta.url));
const tools = process.env.SLUICE_TOOLS ?? join(project, '../shared/tools');

/** Seconds in which an error must have been told. */
export const ERROR_TIME = 15;

/** The tool's other version of a file is no Matroska file: what opens it anew is told so. */
const OTHER_FILE = 'changed corrupt';

/**
 * Faults and what must come of them: `equal` bytes everywhere; or the codes of the error that answers what cannot be
 * had, the rest being equal.
 */
export const FAULTS = [
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
export const IS_PASSING = /^(reset-at|stall-at|status|expire|no-length\+reset-at)/;
/** `--match TEXT`, `--server FILE`, `--jobs N`. Ends the process where the tool is not there. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      match: { type: 'string', default: '' },
      server: { type: 'string', default: join(project, 'dist/src/cli.js') },
      jobs: { type: 'string', default: '4' },
    },
  });
  if (existsSync(tools)) return values;
  process.stdout.write(`No tools at ${tools}: nothing checked\n`);
  return process.exit(0);
}

export const makeFolder = () => mkdtempSync(join(tmpdir(), 'sluice-faults-'));

/** Of a constant bit rate. Returns its path. */
export function makeFilm(folder, name, { seconds, rate }) {
  const path = join(folder, `${name}.mkv`);
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${seconds}`];
  const sound = ['-f', 'lavfi', '-i', `sine=f=330:r=48000:d=${seconds}`];
  const cbr = ['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-nal-hrd', 'cbr'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50', ...cbr];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...sound, ...video, '-c:a', 'aac', path]);
  return path;
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a child and waits until it prints something. */
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

export async function stop(child) {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** All know the same addresses. */
export async function startSluice(server, folder, name) {
  const port = await freePort();
  const args = ['--port', String(port), '--state', join(folder, name), '--allow', '127.0.0.0/8'];
  const child = await start([server, 'serve', ...args], { SLUICE_SECRET: 'faults', SLUICE_LOG: 'warn' });
  return { child, url: `http://127.0.0.1:${port}` };
}

export const startUpstream = (folder, port, faults) =>
  start([
    join(tools, 'faulty-upstream'),
    '--root',
    folder,
    '--port',
    String(port),
    ...faults.flatMap((fault) => ['--fault', fault]),
  ]);

export const hash = (body) => createHash('sha256').update(body).digest('hex');
export const uris = (text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/**
 * What is allowed: the expected outcome; equal bytes where the fault has not struck; an error after the status.
 * @param expected `equal`, or codes of errors
 */
export function isRight({ outcome, seconds }, expected) {
  if (outcome === 'equal') return true;
  if (expected === 'equal') return false;
  const isDue = expected.split(' ').includes(outcome) || outcome === 'broken off';
  return isDue && seconds <= ERROR_TIME;
}

/** One cell of the table. */
export const cell = (result, expected) =>
  `${result.outcome} ${result.seconds.toFixed(1)}${isRight(result, expected) ? '' : ' **✗**'}`;

/** Runs `run` for each of the queue, so many at a time, in order; rows that are not right are told at once. */
export async function runAll(queue, jobs, run) {
  const rows = queue.map(() => []);
  let next = 0;
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let i = next++; i < queue.length; i = next++) {
        rows[i] = await run(queue[i]);
        if (isWrong(rows[i])) process.stderr.write(`${rows[i].join(' | ')}\n`);
      }
    }),
  );
  return rows;
}

const isWrong = (row) => row.some((text) => text.includes('✗'));

/** Prints the table, and what the server under test logged as a bug; sets the exit code. */
export function report(head, rows, { child, intro }) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)];
  const bugs = child.log.split('\n').filter((text) => text.includes('"unexpected"'));
  const failed = rows.filter(isWrong).length;
  process.stdout.write(`${intro}\n\n${table.join('\n')}\n\n`);
  for (const bug of bugs.slice(0, 5)) process.stdout.write(`${bug.slice(0, 2000)}\n`);
  process.stdout.write(
    `Faults: ${rows.length - failed} rows right, ${failed} wrong, ${bugs.length} bugs logged\n`,
  );
  process.exitCode = failed > 0 || bugs.length > 0 ? 1 : 0;
}

export const remove = (folder) => rmSync(folder, { recursive: true, force: true });
