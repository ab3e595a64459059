import { execFileSync } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { file, type Handler } from '../helpers/upstream.ts';

/** Seconds of each segment. */
const SEGMENT = 2;
const VOD_SECONDS = 14;
const LIVE_SECONDS = 48;
/** Segments that a live playlist lists, and that are there when the first player comes. */
const WINDOW = 5;

/** Streams as other servers have them. */
export interface Streams {
  /**
   * `/ts/master.m3u8`: two variants of transport streams. `/fmp4/index.m3u8`: encrypted with AES-128.
   * `/live/index.m3u8`: one segment more every two seconds from the first request on.
   */
  readonly handler: Handler;
  readonly vodSeconds: number;
  remove(): void;
}

export function makeStreams(): Streams {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-proxied-'));
  makeVariants(join(folder, 'ts'));
  makeEncrypted(join(folder, 'fmp4'));
  makeStream(join(folder, 'live'), { lines: 180, seconds: LIVE_SECONDS, type: 'mpegts' });
  const files: Handler = (request, response, seen) => {
    const bytes = readFileSync(join(folder, new URL(request.url ?? '', 'http://a').pathname));
    file(bytes)(request, response, seen);
  };
  const live = liveList();
  return {
    handler: (...asked) => (asked[0].url === '/live/index.m3u8' ? live(...asked) : files(...asked)),
    vodSeconds: VOD_SECONDS,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Making {
  readonly lines: number;
  readonly seconds: number;
  readonly type: 'mpegts' | 'fmp4';
}

function makeStream(folder: string, { lines, seconds, type }: Making): void {
  mkdirSync(folder, { recursive: true });
  const picture = `testsrc2=s=${(lines * 16) / 9}x${lines}:r=25:d=${seconds}`;
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', `sine=f=440:r=48000:d=${seconds}`];
  const gop = ['-g', String(25 * SEGMENT), '-sc_threshold', '0'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...gop, '-c:a', 'aac'];
  const list = ['-hls_time', String(SEGMENT), '-hls_playlist_type', 'vod', '-hls_segment_type', type];
  const name = type === 'fmp4' ? '%d.m4s' : '%d.ts';
  const hls = ['-f', 'hls', ...list, '-hls_segment_filename', join(folder, name)];
  execFileSync('ffmpeg', ['-v', 'error', ...inputs, ...codecs, ...hls, join(folder, 'index.m3u8')]);
}

function makeVariants(folder: string): void {
  for (const lines of [180, 360])
    makeStream(join(folder, String(lines)), { lines, seconds: VOD_SECONDS, type: 'mpegts' });
  const variant = (lines: number, bandwidth: number) =>
    `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${(lines * 16) / 9}x${lines}\n${lines}/index.m3u8\n`;
  writeFileSync(join(folder, 'master.m3u8'), `#EXTM3U\n${variant(180, 500_000)}${variant(360, 1_500_000)}`);
}

/** Each segment is encrypted with its number as IV, as RFC 8216, 5.2 has it where none is given; the beginning is not. */
function makeEncrypted(folder: string): void {
  makeStream(folder, { lines: 180, seconds: VOD_SECONDS, type: 'fmp4' });
  const key = randomBytes(16);
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.m4s'))) {
    const iv = Buffer.alloc(16);
    iv.writeUInt32BE(Number.parseInt(name, 10), 12);
    const cipher = createCipheriv('aes-128-cbc', key, iv);
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat([cipher.update(readFileSync(path)), cipher.final()]));
  }
  writeFileSync(join(folder, 'secret.bin'), key);
  const path = join(folder, 'index.m3u8');
  const keyLine = '#EXT-X-KEY:METHOD=AES-128,URI="secret.bin"\n';
  writeFileSync(path, readFileSync(path, 'utf8').replace(/#EXTINF/, `${keyLine}#EXTINF`));
}

function liveList(): Handler {
  let start: number | null = null;
  return (request, response) => {
    start ??= performance.now();
    const passed = Math.floor((performance.now() - start) / 1000 / SEGMENT);
    const end = Math.min(LIVE_SECONDS / SEGMENT, WINDOW + passed);
    const etag = `"${end}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
    const head = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:${SEGMENT}\n#EXT-X-MEDIA-SEQUENCE:${end - WINDOW}\n`;
    const segments = Array.from(
      { length: WINDOW },
      (_, i) => `#EXTINF:${SEGMENT},\n${end - WINDOW + i}.ts\n`,
    );
    response.writeHead(200, { etag, 'cache-control': 'no-cache' }).end(head + segments.join(''));
  };
}

/** What the page tells. */
export interface Watched {
  readonly time: number;
  readonly width: number;
  readonly frames: number;
  readonly isSeeking: boolean;
  readonly levels: number;
  /** First number in the playlist, of a live one. */
  readonly sequence: number | null;
  /** Errors that end playback. */
  readonly fatal: readonly string[];
}

declare global {
  interface Window {
    readonly proxied: {
      readonly watched: Watched;
      seek(time: number): void;
      /** Index of the variant to play. */
      show(level: number): void;
    };
  }
}

const PAGE = `<!doctype html><video></video><script type="module">
import Hls from '/hls.mjs';
const video = document.querySelector('video');
const fatal = [];
const hls = new Hls({ startLevel: 0 });
hls.on(Hls.Events.ERROR, (_, data) => data.fatal && fatal.push(data.details + ' ' + data.error?.message));
video.addEventListener('error', () => fatal.push('media element: ' + video.error?.message));
hls.loadSource(new URLSearchParams(location.search).get('src'));
hls.attachMedia(video);
void video.play();
window.proxied = {
  get watched() {
    return {
      time: video.currentTime,
      width: video.videoWidth,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      isSeeking: video.seeking,
      levels: hls.levels.length,
      sequence: hls.latestLevelDetails?.live ? hls.latestLevelDetails.startSN : null,
      fatal,
    };
  },
  seek: (time) => { video.currentTime = time; },
  show: (level) => { hls.currentLevel = level; },
};
</script>`;

export interface PageHost {
  /** Address of the page that plays `src=`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A page of another site than the server under test's. */
export async function startPageHost(): Promise<PageHost> {
  const library = readFileSync(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.mjs'));
  const server = createServer((request, response) => {
    if (request.url === '/hls.mjs') response.setHeader('content-type', 'text/javascript').end(library);
    else if (request.url?.startsWith('/?')) response.setHeader('content-type', 'text/html').end(PAGE);
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
