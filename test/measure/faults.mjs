// Plays two films from an upstream that misbehaves in every way an independent tool knows, and compares what comes
// out with the run without faults: equal bytes, or one clear error in bounded time. Prints a Markdown table.
//   npm run faults [-- --match TEXT] [-- --server FILE] [-- --jobs N]
import { statSync } from 'node:fs';
import {
  cell,
  FAULTS,
  freePort,
  hash,
  IS_PASSING,
  makeFilm,
  makeFolder,
  readOptions,
  remove,
  report,
  runAll,
  startSluice,
  startUpstream,
  stop,
  uris,
} from './fault-run.mjs';

const values = readOptions();

/** Seconds after which a request counts as hanging: even a slow upstream has delivered by then. */
const HANG = 60;

/** One that is read whole, and one that is probed. */
const FILMS = { small: { seconds: 8, rate: '1500k' }, large: { seconds: 60, rate: '2600k' } };
const STEPS = ['master', 'init', 'first', 'middle', 'last'];

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

async function runFault({ fault: [fault, expected], film, mode }) {
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
    cells.push(cell(await runStep(tested.url, steps[step], hashes), expected));
  }
  await stop(upstream);
  return [fault, `${film}, ${mode}`, expected, ...cells];
}

const folder = makeFolder();
const sizes = Object.entries(FILMS).map(
  ([name, film]) => `${name} ${(statSync(makeFilm(folder, name, film)).size / 1e6).toFixed(1)} MB`,
);
const oracle = await startSluice(values.server, folder, 'oracle');
const tested = await startSluice(values.server, folder, 'tested');
const queue = FAULTS.filter(([fault]) => fault.includes(values.match)).flatMap((fault) => [
  { fault, film: 'small', mode: 'cold' },
  { fault, film: 'large', mode: 'cold' },
  { fault, film: 'large', mode: 'warm' },
]);
const rows = await runAll(queue, Number(values.jobs), runFault);
await Promise.all([stop(oracle.child), stop(tested.child)]);
remove(folder);
report(['fault', 'film, title', 'due', ...STEPS.map((step) => `${step} (s)`)], rows, {
  child: tested.child,
  intro: `Films: ${sizes.join(', ')}. Cold: the title is opened under the fault; warm: before it.`,
});
