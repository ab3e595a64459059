import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

const TIME = '/usr/bin/time';

/** User and system seconds of a command whose output nobody reads, and megabytes at most (null without GNU time). */
export function costOf([command, ...args]) {
  const measure = existsSync(TIME)
    ? [TIME, '-f', '%U %S %M', command, ...args]
    : ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null', '-', command, ...args];
  const [program, ...rest] = measure;
  const { status, stderr } = spawnSync(program, rest, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(stderr);
  const [user, system, kilobytes] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { cpu: user + system, memory: kilobytes ? kilobytes / 1024 : null };
}

export const isInstalled = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

export const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);

/** A minute of noise, so that it has its bit rate, with so many tracks of sound. */
function minute(path, { megabits, tracks }) {
  const video = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25:duration=60,noise=alls=60:allf=t'];
  const tones = Array.from({ length: tracks }, (_, i) => [
    ...['-f', 'lavfi', '-i', `sine=frequency=${300 + 40 * i}:sample_rate=48000:duration=60`],
  ]).flat();
  const maps = Array.from({ length: tracks + 1 }, (_, i) => ['-map', String(i)]).flat();
  const rate = [
    '-b:v',
    `${megabits}M`,
    '-minrate',
    `${megabits}M`,
    '-maxrate',
    `${megabits}M`,
    '-bufsize',
    `${megabits}M`,
  ];
  const h264 = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-bf',
    '2',
    '-g',
    '50',
    '-nal-hrd',
    'cbr',
    ...rate,
  ];
  ffmpeg(...video, ...tones, ...maps, ...h264, '-c:a', 'aac', '-b:a', '192k', '-ac', '2', path);
}

const FORMATS = { mkv: [], ts: ['-f', 'mpegts'], mp4: ['-movflags', 'faststart'] };

/** About 0.6 and 2.4 GB of the same film. */
export function makeFilms(folder, { name: title, container, megabits, tracks }) {
  const name = title.replaceAll(/\W+/g, '-');
  const source = join(folder, `${name}.source.mkv`);
  minute(source, { megabits, tracks });
  const loops = (gigabytes) => Math.max(1, Math.round((gigabytes * 1e9) / statSync(source).size));
  return [0.6, 2.4].map((gigabytes) => {
    const path = join(folder, `${name}-${gigabytes}.${container}`);
    const repeat = ['-stream_loop', String(loops(gigabytes) - 1), '-i', source];
    ffmpeg(...repeat, '-map', '0', '-c', 'copy', ...FORMATS[container], path);
    return { path, gigabytes: statSync(path).size / 1e9 };
  });
}
