// Checks every H.264 + AAC Matroska file of a corpus of real media with an independent conformance checker.
// Both lie outside of the project: SLUICE_CORPUS and SLUICE_TOOLS name their folders (default: ../shared/…).
//   npm run corpus [-- --sample] [-- --match TEXT]
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('../..', import.meta.url));
const corpus = process.env.SLUICE_CORPUS ?? join(project, '../shared/corpus');
const tools = process.env.SLUICE_TOOLS ?? join(project, '../shared/tools');
const { values } = parseArgs({ options: { sample: { type: 'boolean' }, match: { type: 'string' } } });

/** Files of the fixed sample that CI checks: spread evenly over the list. */
const SAMPLE = 6;
const JOBS = 2;

/** Rules that the checker cannot judge on a file, and why: they are ignored there and nowhere else. */
const NOT_JUDGED = {
  'derived/long_cues_end_362s.mkv': {
    // ffprobe gives laced frames whole milliseconds (21, 21, 22 …) where the frame lasts 21.333: up to 2.3 ms off the
    // exact grid. The same packets without lacing (mkvmerge --disable-lacing) pass.
    'src-pts': 'laced frames are stamped in whole milliseconds by ffprobe',
    // Every packet of the track is the same silent frame, so silence put behind its end looks like a repeated packet.
    'src-dup': 'all packets of the track are equal, fill cannot be told from them',
  },
};

/** Files of the manifest that this version plays whole: H.264 in Matroska, AAC or no audio, neither damaged nor encrypted. */
function playable() {
  const [head, ...rows] = readFileSync(join(corpus, 'MANIFEST.tsv'), 'utf8').trim().split('\n');
  const names = head.split('\t');
  return rows
    .map((row) => Object.fromEntries(row.split('\t').map((cell, i) => [names[i], cell])))
    .filter((file) => /matroska|webm/.test(file.container))
    .filter(
      (file) => /^(h264|$)/.test(file.video) && /^(aac|$)/.test(file.audio) && (file.video || file.audio),
    )
    .filter((file) => !/encrypted|invalid|corrupt|truncated/.test(file.peculiarity))
    .map((file) => file.path);
}

const ignoredFor = (path) =>
  Object.entries(NOT_JUDGED[path] ?? {})
    .map(([rule, reason]) => `${rule}: ${reason}`)
    .join('; ');

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a child and waits for the first line it prints. */
function start(command, args) {
  const child = spawn(command, args, { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
  });
}

/** One file: the checker's exit code and the findings it printed. */
function check(path, app, upstream) {
  const url = `${upstream}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const args = [
    join(tools, 'check-hls'),
    `${app}/hls/master.m3u8?d=${encodeURIComponent(url)}`,
    '--random-order',
    '--decode',
    '--source',
    join(corpus, 'files', path),
    ...(path in NOT_JUDGED ? ['--ignore', Object.keys(NOT_JUDGED[path]).join(',')] : []),
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 26, timeout: 300_000 }, (error, stdout) => {
      const lines = stdout.split('\n');
      resolve({
        path,
        passed: !error,
        fails: lines.filter((line) => line.startsWith('FAIL')),
        warns: lines.filter((line) => line.startsWith('WARN')).map((line) => line.split(/\s+/)[1]),
        last: lines.findLast((line) => / checks, /.test(line)) ?? 'no answer',
      });
    });
  });
}

if (!existsSync(corpus) || !existsSync(tools)) {
  process.stdout.write('No corpus beside the project: nothing checked\nCorpus: 0 passed, 0 failed\n');
  process.exit(0);
}
const all = playable().filter((path) => path.includes(values.match ?? ''));
const files = values.sample ? all.filter((_, i) => i % Math.ceil(all.length / SAMPLE) === 0) : all;
const [appPort, upstreamPort] = [await freePort(), await freePort()];
const upstream = await start(process.execPath, [
  join(tools, 'faulty-upstream'),
  '--root',
  join(corpus, 'files'),
  '--port',
  String(upstreamPort),
]);
const app = await start(process.execPath, [
  'dist/src/node.js',
  '--port',
  String(appPort),
  '--allow',
  '127.0.0.1',
]);
const results = [];
const queue = [...files];
await Promise.all(
  Array.from({ length: JOBS }, async () => {
    for (let path = queue.shift(); path; path = queue.shift()) {
      const result = await check(path, `http://127.0.0.1:${appPort}`, `http://127.0.0.1:${upstreamPort}`);
      results.push(result);
      process.stdout.write(`${result.passed ? 'pass' : 'FAIL'}  ${path}  ${result.last}\n`);
      for (const line of result.fails) process.stdout.write(`      ${line}\n`);
    }
  }),
);
app.kill();
upstream.kill();

const failed = results.filter((result) => !result.passed).length;
if (!values.sample && !values.match) {
  const rows = results
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(
      ({ path, passed, last, warns }) =>
        `| ${path} | ${passed ? 'pass' : 'FAIL'} | ${last} | ${[...new Set(warns)].join(' ')} | ${ignoredFor(path)} |`,
    );
  const text = [
    '# Corpus results',
    '',
    'Made by `npm run corpus`: every H.264 + AAC Matroska file, `--random-order --decode --source`.',
    '',
    '| file | result | checks | warnings | not judged |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  writeFileSync(join(project, 'test/corpus/results.md'), text);
}
process.stdout.write(`Corpus: ${results.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
