// mpv by its JSON IPC: https://mpv.io/manual/stable/#json-ipc. Filters write a line for each picture and each run of
// samples, which tells that both are decoded and what is heard.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { complaintsIn, eventually, startChild } from './child.mjs';
import { DURATION, LANGUAGES } from './films.mjs';

const CROSSINGS = 'lavfi.astats.1.Zero_crossings_rate';
const RATE = 48_000;
const SMALL_CACHE = ['--demuxer-max-bytes=2MiB', '--demuxer-max-back-bytes=1MiB'];

const commandLine = (url, options) => (folder) => {
  const pictures = `metadata=mode=print:direct=1:file=${folder}/pictures`;
  const sound = `ametadata=mode=print:direct=1:key=${CROSSINGS}:file=${folder}/sound`;
  return [
    ...['mpv', '--no-config', '--vo=null', '--ao=null', '--keep-open=yes', '--hr-seek=yes', '--alang=en'],
    ...['--no-terminal', `--input-ipc-server=${folder}/socket`, `--log-file=${folder}/log`],
    `--vf=lavfi=[signalstats,${pictures}]`,
    `--af=lavfi=[aresample=${RATE},asetnsamples=4096,astats=metadata=1:reset=1,${sound}]`,
    ...options,
    url,
  ];
};

async function connect(path) {
  await eventually('socket of mpv', () => (existsSync(path) ? path : null));
  const socket = createConnection(path);
  const pending = new Map();
  let rest = '';
  let id = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      pending.get(message.request_id)?.(message);
      pending.delete(message.request_id);
    }
  });
  return (...command) =>
    new Promise((resolve) => {
      id++;
      pending.set(id, ({ error, data }) => resolve(error === 'success' ? data : null));
      socket.write(`${JSON.stringify({ command, request_id: id })}\n`);
    });
}

const readLines = (path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);

function heard(lines) {
  const last = lines.findLast((line) => line.startsWith(CROSSINGS));
  return last ? Math.round((Number(last.split('=')[1]) * RATE) / 2) : 0;
}

async function open(url, options = []) {
  const child = startChild(commandLine(url, options));
  const command = await connect(join(child.folder, 'socket'));
  const complaints = () => complaintsIn(readLines(join(child.folder, 'log')).join('\n'));
  const get = (name) => command('get_property', name);
  return {
    precision: 0.1,
    async status() {
      const pictures = readLines(join(child.folder, 'pictures')).filter((line) => line.startsWith('frame:'));
      const sound = readLines(join(child.folder, 'sound'));
      return {
        time: (await get('time-pos')) ?? 0,
        duration: await get('duration'),
        isSeeking: (await get('seeking')) ?? true,
        isEnded: (await get('eof-reached')) ?? false,
        width: await get('width'),
        frames: pictures.length,
        audio: sound.length,
        tone: heard(sound),
        codecs: `${await get('video-format')},${await get('audio-codec-name')}`,
        fatal: child.process.exitCode === null ? null : `mpv ended: ${complaints().at(-1)}`,
        complaints: complaints(),
      };
    },
    /**
     * Waits until all is in its cache, where it seeks by itself: libavformat of Debian 12 cannot seek in HLS with fMP4
     * (https://github.com/mpv-player/mpv/issues/15184).
     */
    settle: () =>
      eventually('whole film in the cache of mpv', async () => {
        const ranges = (await get('demuxer-cache-state'))?.['seekable-ranges'] ?? [];
        return ranges.some(({ end }) => end > DURATION - 1) ? true : null;
      }),
    seek: (time) => command('seek', time, 'absolute+exact'),
    async speak(language) {
      const tracks = (await get('track-list')).filter(({ type }) => type === 'audio');
      const byName = tracks.find(({ lang }) => lang?.startsWith(language));
      const byPlace = tracks[LANGUAGES.findIndex(({ code }) => code === language)];
      await command('set_property', 'aid', (byName ?? byPlace).id);
    },
    close: child.close,
  };
}

export const mpvPlayer = (servers) => ({
  name: execFileSync('mpv', ['--version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' '),
  origin: servers.sluice,
  canPlay: async () => true,
  open,
  /** Its cache is too small for it to seek there by itself. */
  openFile: async (url) => ({ ...(await open(url, SMALL_CACHE)), settle: undefined }),
  stop: async () => undefined,
});
