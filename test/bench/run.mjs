// Copying a local file into fragmented MP4, Sluice beside its peers: CPU a gigabyte as the slope between 0.6 and 2.4 GB, so
// that nobody's start counts; the start apart; memory; and serving against a bare pipe.
//   npm run bench [-- --runs 5] [-- --only mkv] [-- --without mediabunny] [-- --json FILE]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serving } from './serving.mjs';
import { costOf, isInstalled, makeFilms, median } from './tools.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    without: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
const RUNS = Number(values.runs);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const FRAGMENTED = [
  '-movflags',
  'frag_keyframe+empty_moov+delay_moov+default_base_moof',
  '-f',
  'mp4',
  '/dev/null',
];
/** As `npm run sluice` starts it. */
const SLUICE = [process.execPath, '--max-semi-space-size=4', here('../../build/src/cli.js'), 'remux'];

/** Command lines by name; what is not installed is left out and said. */
const PEERS = {
  Sluice: { command: (path) => [...SLUICE, path], isThere: true },
  'ffmpeg -c copy': {
    command: (path) => [
      ...['ffmpeg', '-v', 'error', '-y', '-i', path, '-map', '0', '-c', 'copy'],
      ...(path.endsWith('.ts') ? ['-bsf:a', 'aac_adtstoasc'] : []),
      ...FRAGMENTED,
    ],
    isThere: isInstalled('ffmpeg', '-version'),
  },
  mediabunny: {
    command: (path) => [process.execPath, here('copy-mediabunny.mjs'), path],
    isThere: isInstalled(process.execPath, '--input-type=module', '-e', 'import "mediabunny"'),
  },
  'mediaflow-proxy': {
    command: (path) => ['python3', here('copy-mediaflow.py'), path],
    isThere: isInstalled('python3', '-c', 'import mediaflow_proxy'),
  },
};

const FILMS = [
  { name: 'mkv', container: 'mkv', megabits: 8, tracks: 1 },
  { name: 'mkv at 80 Mbit/s', container: 'mkv', megabits: 80, tracks: 1 },
  { name: 'mkv with 8 audio tracks', container: 'mkv', megabits: 8, tracks: 8 },
  { name: 'mp4', container: 'mp4', megabits: 8, tracks: 1 },
  { name: 'ts', container: 'ts', megabits: 8, tracks: 1 },
];

/** Rows of one film: all in turns, so that a slow minute of the machine is everybody's. */
function copying(folder, film) {
  const [small, large] = makeFilms(folder, film);
  const peers = Object.entries(PEERS).filter(([name, { isThere }]) => isThere && name !== values.without);
  const runs = Object.fromEntries(peers.map(([name]) => [name, []]));
  for (let run = 0; run < RUNS; run++)
    for (const [name, { command }] of peers) {
      const few = costOf(command(small.path));
      const many = costOf(command(large.path));
      const slope = (many.cpu - few.cpu) / (large.gigabytes - small.gigabytes);
      runs[name].push({ slope, start: few.cpu - slope * small.gigabytes, memory: many.memory });
    }
  for (const { path } of [small, large]) rmSync(path);
  const theirs = median(runs['ffmpeg -c copy'].map(({ slope }) => slope));
  return Object.entries(runs).map(([name, list]) => {
    const slope = median(list.map((run) => run.slope));
    const memory = list[0].memory === null ? null : Math.max(...list.map((run) => run.memory));
    return {
      film: film.name,
      name,
      slope,
      ratio: slope / theirs,
      memory,
      slopes: list.map((run) => run.slope),
    };
  });
}

/** CPU until a file is open and its first bytes are out, beside that of a process which does nothing. */
function starting() {
  const demo = here('../../fixtures/demo.mkv');
  const once = (command) => median(Array.from({ length: 9 }, () => costOf(command).cpu));
  const bare = once([process.execPath, '-e', '0']);
  const rows = [{ name: 'node -e 0', cpu: bare }];
  rows.push({ name: 'Sluice, 6 s of film', cpu: once([...SLUICE, demo, '--duration', '1']) });
  if (PEERS['ffmpeg -c copy'].isThere)
    rows.push({ name: 'ffmpeg -c copy, the same', cpu: once(PEERS['ffmpeg -c copy'].command(demo)) });
  if (PEERS.mediabunny.isThere)
    rows.push({ name: 'mediabunny, the same', cpu: once(PEERS.mediabunny.command(demo)) });
  return rows;
}

const missing = Object.entries(PEERS).filter(([, { isThere }]) => !isThere);
for (const [name] of missing) console.log(`${name} is not installed here`);
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const report = { node: process.version, runs: RUNS, copying: [], starting: [], serving: [] };
try {
  for (const film of FILMS.filter(({ name }) => name.includes(values.only))) {
    const rows = copying(folder, film);
    report.copying.push(...rows);
    console.log(`\n${film.name}: CPU a gigabyte, median of ${RUNS}`);
    for (const { name, slope, ratio, memory, slopes } of rows)
      console.log(
        `  ${name.padEnd(16)} ${slope.toFixed(2)} s  ${ratio.toFixed(2)} × ffmpeg  ${memory === null ? '' : `${memory.toFixed(0)} MB at most`}  (${slopes.map((one) => one.toFixed(2)).join(' ')})`,
      );
  }
  if (values.only === '' || values.only === 'start') {
    report.starting = starting();
    console.log('\nstart: CPU');
    for (const { name, cpu } of report.starting) console.log(`  ${name.padEnd(26)} ${cpu.toFixed(2)} s`);
  }
  if (values.only === '' || values.only === 'serving') {
    report.serving = await serving(folder, RUNS);
    console.log('\nserving over loopback, HTTP in, HTTP out');
    for (const { name, rate, ratio, peak } of report.serving)
      console.log(
        `  ${name.padEnd(26)} ${rate.toFixed(0)} MB/s  ${(100 * ratio).toFixed(0)} %${peak === null ? '' : `  ${peak.toFixed(0)} MB at most`}`,
      );
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
