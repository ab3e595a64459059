// Stands in for FFmpeg: node fake-ffmpeg.mjs <behaviour.json> <arguments…>. What it is not told to fake it hands on.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';

const [, , place, ...args] = process.argv;
const {
  real,
  version,
  encoders = {},
  lacks = [],
  isMute = false,
  log,
} = JSON.parse(readFileSync(place, 'utf8'));
const encoder = args[args.indexOf('-c:v') + 1];
const fault = args.includes('-c:v') ? encoders[encoder] : undefined;
appendFileSync(log, `${JSON.stringify({ pid: process.pid, encoder: fault ? encoder : null, args })}\n`);

/** Software that does the work of what is not there. */
const DEPUTIES = { h264: 'libx264', hevc: 'libx265', av1: 'libsvtav1' };

/** The same command line with the deputy's options in place of those of the hardware. */
function deputised() {
  const start = args.indexOf('-c:v');
  const end = args.indexOf('-color_primaries');
  const options = args.slice(start, end);
  const value = (name) => options[options.indexOf(name) + 1];
  const deputy = DEPUTIES[encoder.split('_')[0]];
  const kept = ['-level:v', '-maxrate', '-bufsize', '-g'].filter((name) => options.includes(name));
  const level = value('-level:v');
  const own = {
    libx264: ['-preset', 'superfast', '-crf', '21', '-forced-idr', '1', '-sc_threshold', '0'],
    libx265: [
      '-preset',
      'ultrafast',
      '-forced-idr',
      '1',
      '-x265-params',
      `log-level=error:scenecut=0:level-idc=${level}`,
    ],
    libsvtav1: ['-preset', '12', '-svtav1-params', 'enable-force-key-frames=1:scd=0'],
  }[deputy];
  const taken = deputy === 'libx264' ? kept : kept.filter((name) => name === '-g');
  const replaced = ['-c:v', deputy, ...own, ...taken.flatMap((name) => [name, value(name)])];
  const [before, after] = [args.slice(0, start), args.slice(end)];
  const devices = ['-init_hw_device', '-filter_hw_device'].filter((name) => before.includes(name));
  const bare = devices.reduce((list, name) => list.toSpliced(list.indexOf(name), 2), before);
  return [...bare.map((arg) => arg.replace(/,hwupload$/, '')), ...replaced, ...after];
}

/** Until it is killed. */
const hang = () => setInterval(() => undefined, 1 << 30);

function die() {
  process.kill(process.pid, 'SIGSEGV');
}

/** Runs the real one as the own child, so that it belongs to the same group, and then does what is left. */
function run(list, then = (code) => process.exit(code ?? 1)) {
  const child = spawn(real, list, { stdio: ['inherit', 'inherit', 'inherit'] });
  child.on('close', then);
}

function listed() {
  const child = spawn(real, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.on('close', () => {
    const missing = (line) => lacks.some((name) => new RegExp(`^ \\S+ +${name} `).test(line));
    const lines = text.split('\n').filter((line) => !missing(line));
    const added = args.includes('-encoders')
      ? Object.keys(encoders).map((name) => ` V....D ${name}  pretended`)
      : [];
    const told = version
      ? lines.map((line) => line.replace(/^ffmpeg version \S+/, `ffmpeg version ${version}`))
      : lines;
    process.stdout.write([...told, ...added, ''].join('\n'));
  });
}

/** Pictures until something happens: the output ends there as if they were all. */
const limited = (list, count) => list.toSpliced(list.indexOf('-c:v'), 0, '-frames:v', String(count));
const without = (list, name) => list.toSpliced(list.indexOf(name), 2);
const valued = (list, name, value) => list.with(list.indexOf(name) + 1, value);
const filtered = (list, filter) => valued(list, '-vf', `${list[list.indexOf('-vf') + 1]},${filter}`);

const FAULTS = {
  works: () => run(deputised()),
  fails: () => {
    process.stderr.write(`[${encoder}] No capable devices found\n`);
    process.exitCode = 1;
  },
  hangs: hang,
  dies: ({ after }) => run(limited(deputised(), after), die),
  stalls: ({ after }) => run(limited(deputised(), after), hang),
  garbage: () => process.stdout.write('This is no film.\n'.repeat(1000)),
  loses: ({ after }) => run(limited(deputised(), after)),
  keyless: () => run(without(deputised(), '-force_key_frames')),
  negative: () => run(filtered(deputised(), 'negate')),
  mistagged: () => run(valued(deputised(), '-colorspace', 'bt470bg')),
};

if (isMute) process.stdout.write('I am something else.\n');
else if (args.includes('-version') || args.includes('-encoders') || args.includes('-filters')) listed();
else if (fault) FAULTS[fault.how](fault);
else run(args);
