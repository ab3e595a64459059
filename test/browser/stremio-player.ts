import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** What the player tells of itself. */
export interface StremioState {
  /** The last value of each of its properties, as it told them. */
  readonly props: Readonly<Record<string, unknown>>;
  readonly errors: readonly string[];
  readonly time: number;
  readonly isSeeking: boolean;
  readonly frames: number;
  /** Bytes of sound that were decoded. */
  readonly sound: number;
  /** What is shown now: cues of its text tracks, and what it draws itself. */
  readonly cues: readonly string[];
  readonly drawn: string;
  readonly buffered: readonly (readonly [start: number, end: number])[];
}

declare global {
  interface Window {
    readonly stremio: {
      readonly state: StremioState;
      dispatch(action: object): void;
    };
  }
}

const OBSERVED = [
  'loaded',
  'time',
  'buffering',
  'playbackSpeed',
  'paused',
  'duration',
  'audioTracks',
  'selectedAudioTrackId',
  'subtitlesTracks',
  'selectedSubtitlesTrackId',
  'extraSubtitlesTracks',
  'selectedExtraSubtitlesTrackId',
  'videoParams',
];

/** What stands between the player, as npm has it, and a test. */
const PAGE_CODE = `
const StremioVideo = require('@stremio/stremio-video');
const container = document.getElementById('player');
const player = new StremioVideo();
const props = {}, errors = [];
player.on('propValue', (name, value) => { props[name] = value; });
player.on('propChanged', (name, value) => { props[name] = value; });
player.on('error', (error) => errors.push(error.code + ' ' + error.message + ' ' + (error.error?.message ?? error.error?.details ?? '')));
const video = () => container.querySelector('video');
window.sluicePlayer = { get video() { return video(); } };
window.stremio = {
  get state() {
    const element = video();
    const tracks = [...(element?.textTracks ?? [])];
    return {
      props: JSON.parse(JSON.stringify(props)),
      errors,
      time: element?.currentTime ?? 0,
      isSeeking: element?.seeking ?? true,
      frames: element?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      sound: element?.webkitAudioDecodedByteCount ?? 0,
      cues: tracks.flatMap((track) => (track.mode === 'disabled' ? [] : [...(track.activeCues ?? [])].map(({ text }) => text))),
      drawn: [...container.querySelectorAll('div')].map((div) => div.textContent).join('').trim(),
      buffered: Array.from({ length: element?.buffered.length ?? 0 }, (_, i) => [element.buffered.start(i), element.buffered.end(i)]),
    };
  },
  dispatch(action) {
    player.dispatch(action, { containerElement: container });
    if (action.commandName === 'load')
      for (const propName of ${JSON.stringify(OBSERVED)}) player.dispatch({ type: 'observeProp', propName });
  },
};`;

const PAGE = `<!doctype html><meta charset="utf-8"><style>#player{width:640px;height:360px}</style><div id="player"></div><script src="/player.js"></script>`;

export interface StremioHost {
  readonly url: string;
  close(): Promise<void>;
}

/** Its own vtt.js, which lies elsewhere than in npm, ends with what it was given; npm's waits for more. */
const ENDING_VTT: Plugin = {
  name: 'vtt.js',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vtt\.js$/ }, ({ namespace }) =>
      namespace === 'ending-vtt' ? null : { path: 'vtt.js', namespace: 'ending-vtt' },
    );
    onLoad({ filter: /.*/, namespace: 'ending-vtt' }, () => ({
      contents: `
        const vtt = require('vtt.js');
        const { parse } = vtt.WebVTT.Parser.prototype;
        vtt.WebVTT.Parser.prototype.parse = function (text) { return parse.call(this, text).flush(); };
        module.exports = vtt;`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    }));
  },
};

/**
 * A page of another site than the server's with the player that stremio-web has, unchanged. Its hls.js and vtt.js are
 * those of npm: its own lie elsewhere.
 */
export async function startStremioHost(): Promise<StremioHost> {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: PAGE_CODE, resolveDir },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { global: 'window' },
    // What draws styled subtitles is loaded when they are wanted; it is not in npm's package.
    external: ['@stremio/libass-wasm/*'],
    plugins: [ENDING_VTT],
    write: false,
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const server = createServer((request, response) => {
    if (request.url === '/player.js') response.setHeader('content-type', 'text/javascript').end(code);
    else if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
