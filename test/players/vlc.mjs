// VLC by its HTTP interface, and the old remote control for the one thing the former cannot: naming audio tracks.
// It refuses to run as root, so it runs as nobody there. What it plays goes into a WAV file.
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, startChild } from './child.mjs';
import { LANGUAGES } from './films.mjs';

const PASSWORD = 'players';
const HEADER = 44;
const RATE = 48_000;
/** Two channels of 16 bits. */
const FRAME = 4;
const WINDOW = 8192;
const NOBODY = 65_534;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** The tone of the last samples in a growing WAV file, in hertz. */
function heard(path) {
  if (!existsSync(path)) return { size: 0, tone: 0 };
  const file = openSync(path, 'r');
  const size = fstatSync(file).size;
  const whole = Math.floor((size - HEADER) / FRAME) * FRAME;
  const bytes = Buffer.alloc(WINDOW * FRAME);
  if (whole >= bytes.length) readSync(file, bytes, 0, bytes.length, HEADER + whole - bytes.length);
  closeSync(file);
  let crossings = 0;
  for (let i = FRAME; i < bytes.length; i += FRAME) {
    if (bytes.readInt16LE(i - FRAME) < 0 !== bytes.readInt16LE(i) < 0) crossings++;
  }
  return { size, tone: Math.round((crossings * RATE) / WINDOW / 2) };
}

/** Sends one line to the remote control and returns what it says within half a second. */
function remote(port, line) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\n`));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    setTimeout(() => {
      socket.destroy();
      resolve(text);
    }, 500);
  });
}

const commandLine = (url, ports) => (folder) => {
  chmodSync(folder, 0o777);
  return [
    ...[
      'vlc',
      '--ignore-config',
      '-I',
      'http',
      '--http-host',
      '127.0.0.1',
      '--http-port',
      String(ports.http),
    ],
    ...[
      '--http-password',
      PASSWORD,
      '--extraintf',
      'oldrc',
      '--rc-fake-tty',
      '--rc-host',
      `127.0.0.1:${ports.remote}`,
    ],
    ...['--vout', 'dummy', '--aout', 'afile', '--audiofile-file', `${folder}/sound.wav`],
    ...['--no-video-title-show', '--no-metadata-network-access', '--play-and-stop', '--verbose', '1', url],
  ];
};

async function open(url) {
  const ports = { http: await freePort(), remote: await freePort() };
  const user = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = startChild(commandLine(url, ports), { ...user, env: { ...process.env, HOME: '/tmp' } });
  const authorization = `Basic ${Buffer.from(`:${PASSWORD}`).toString('base64')}`;
  const ask = async (query = '') => {
    const address = `http://127.0.0.1:${ports.http}/requests/status.json${query}`;
    const response = await fetch(address, { headers: { authorization } }).catch(() => null);
    return response?.ok ? response.json() : null;
  };
  await eventually('interface of VLC', ask);
  const last = { time: 0, frames: 0, hasPlayed: false };
  return {
    // It seeks to whole seconds, and lands on the segment's first picture.
    precision: 6,
    // Its place moves in steps of a second or more and not at all while it plays what it has read last.
    lag: 4.5,
    async status() {
      const { state, position, length, stats, information } = (await ask()) ?? {};
      const { size, tone } = heard(join(child.folder, 'sound.wav'));
      if (state === 'playing') {
        Object.assign(last, { time: position * length, frames: stats.displayedpictures, hasPlayed: true });
      }
      const streams = Object.values(information?.category ?? {});
      const resolution = streams.find(({ Video_resolution }) => Video_resolution)?.Video_resolution;
      return {
        time: last.time,
        duration: length,
        isSeeking: false,
        isEnded: last.hasPlayed && state === 'stopped',
        width: Number(resolution?.split('x')[0]),
        frames: last.frames,
        audio: size,
        tone,
        codecs: streams
          .map(({ Codec }) => Codec)
          .filter(Boolean)
          .join(', '),
        fatal: child.process.exitCode === null ? null : `VLC ended with ${child.process.exitCode}`,
        complaints: child.complaints(),
      };
    },
    seek: (time) => ask(`?command=seek&val=${Math.floor(time)}`),
    async speak(language) {
      const tracks = [...(await remote(ports.remote, 'atrack')).matchAll(/^\| (\d+) - (.*)$/gm)];
      const { name } = LANGUAGES.find(({ code }) => code === language);
      // Tracks without a name of their own are called by their language, in English.
      const english = `[${new Intl.DisplayNames('en', { type: 'language' }).of(language)}]`;
      const wanted = tracks.find(([, , title]) => title.includes(name) || title.includes(english));
      if (!wanted) throw new Error(`no ${name} among ${tracks.map(([, , title]) => title)}`);
      await remote(ports.remote, `atrack ${wanted[1]}`);
    },
    close: child.close,
  };
}

export const vlcPlayer = (servers) => ({
  // Its own --version refuses to run as root, too.
  name: execFileSync('dpkg-query', ['-W', 'vlc-bin'], { encoding: 'utf8' }).trim().replace('\t', ' '),
  origin: servers.sluice,
  canPlay: async () => true,
  open,
  openFile: open,
  stop: async () => undefined,
});
