// CPU of copying a film into fMP4 segments in this process against ffmpeg's own copy of it: the slope between 0.6 and
// 2.4 GB, so that neither's start counts.
//   npm run copy-cpu [-- --container ts]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { container: { type: 'string', default: 'ts' }, runs: { type: 'string', default: '3' } },
});

const FORMATS = { ts: 'mpegts', mp4: 'mp4', mkv: 'matroska' };
const SECONDS = 60;
/** Times that the minute is repeated: about 0.6 and 2.4 GB. */
const LOOPS = [10, 40];
const FRAGMENTED = 'frag_keyframe+empty_moov+delay_moov+default_base_moof';

/** As `npm start`. */
const FLAGS = ['--max-semi-space-size=4'];
const worker = fileURLToPath(new URL('copy-cpu-worker.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-copy-cpu-'));
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);

/** User and system seconds of a child and what it printed. */
function cpuOf(command, args) {
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', '-', command, ...args], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  const [user, system] = run.stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return user + system;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

try {
  const minute = join(folder, 'minute.ts');
  ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=25:duration=${SECONDS},noise=alls=20:allf=t`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-bf',
      '2',
      '-g',
      '50',
      '-b:v',
      '8M',
      '-maxrate',
      '8M',
      '-bufsize',
      '8M',
    ],
    ...['-c:a', 'aac', '-b:a', '192k', '-ac', '2', minute],
  );
  const films = LOOPS.map((loops) => {
    const path = join(folder, `${loops}.${values.container}`);
    ffmpeg(
      '-stream_loop',
      String(loops - 1),
      '-i',
      minute,
      '-c',
      'copy',
      // In order it is read from the movie box on.
      ...(values.container === 'mp4' ? ['-movflags', 'faststart'] : []),
      '-f',
      FORMATS[values.container],
      path,
    );
    return { path, gigabytes: statSync(path).size / 1e9 };
  });
  const ways = {
    'Sluice, one pass': (path) => cpuOf(process.execPath, [...FLAGS, worker, path, 'pass']),
    'Sluice, every segment of pictures and of sound': (path) =>
      cpuOf(process.execPath, [...FLAGS, worker, path, 'segments']),
    'ffmpeg -c copy': (path) =>
      cpuOf('ffmpeg', [
        '-v',
        'error',
        '-y',
        '-i',
        path,
        '-c',
        'copy',
        ...(values.container === 'ts' ? ['-bsf:a', 'aac_adtstoasc'] : []),
        '-movflags',
        FRAGMENTED,
        '-f',
        'mp4',
        '/dev/null',
      ]),
  };
  const slopes = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let run = 0; run < Number(values.runs); run++)
    for (const [name, way] of Object.entries(ways)) {
      const [small, large] = films.map(({ path }) => way(path));
      slopes[name].push((large - small) / (films[1].gigabytes - films[0].gigabytes));
    }
  console.log(
    `${films.map(({ gigabytes }) => `${gigabytes.toFixed(2)} GB`).join(' and ')} of ${values.container}`,
  );
  const theirs = median(slopes['ffmpeg -c copy']);
  for (const [name, list] of Object.entries(slopes))
    console.log(
      `${name}: ${median(list).toFixed(2)} s/GB (${list.map((s) => s.toFixed(2)).join(', ')}), ${(median(list) / theirs).toFixed(2)} of ffmpeg's`,
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
