import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { file, type Handler } from '../helpers/upstream.ts';
import { makeNumberedFilm } from './numbered-film.ts';

export const SECONDS = 40;
export const RATE = 25;
/** A text each so many seconds, shown for that long. */
export const TEXT_SECONDS = 4;

export interface StremioFilms {
  /** `/<name>.mkv`: `surround` (H.264, E-AC-3 5.1), `hevc`, `languages` (two sounds, two subtitles); `/loose.srt`. */
  readonly handler: Handler;
  /** Where they lie. */
  readonly folder: string;
  remove(): void;
}

/** What is said at a time. */
export const textAt = (language: string, seconds: number): string =>
  `${language} ${Math.floor(seconds / TEXT_SECONDS)}`;

export function makeStremioFilms(): StremioFilms {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-stremio-'));
  const at = (name: string) => join(folder, name);
  const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '50'];
  const surround = ['-c:a', 'eac3', '-ac', '6'];
  makeNumberedFilm(at('surround.mkv'), { seconds: SECONDS, rate: RATE, codec: [...h264, ...surround] });
  const h265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:keyint=50'];
  makeNumberedFilm(at('hevc.mkv'), { seconds: SECONDS, rate: RATE, codec: h265 });
  for (const language of ['eng', 'ger', 'loose']) writeFileSync(at(`${language}.srt`), subtitles(language));
  makeLanguages(at);
  return {
    folder,
    handler: (request, response, seen) => {
      const { pathname } = new URL(request.url ?? '', 'http://a');
      if (!/^\/\w+\.(mkv|srt)$/.test(pathname)) return void response.writeHead(404).end();
      file(readFileSync(at(pathname.slice(1))))(request, response, seen);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The film with sound and subtitles in two languages each, the second sound AC-3. */
function makeLanguages(at: (name: string) => string): void {
  const inputs = ['surround.mkv', 'eng.srt', 'ger.srt'].flatMap((name) => ['-i', at(name)]);
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=880:duration=${SECONDS}`];
  const maps = ['0:v', '0:a', '3:a', '1:s', '2:s'].flatMap((map) => ['-map', map]);
  const sounds = ['-c:a:0', 'aac', '-ac:a:0', '2', '-c:a:1', 'ac3', '-ac:a:1', '2'];
  const languages = ['a:0', 'a:1', 's:0', 's:1'].flatMap((track, i) => [
    `-metadata:s:${track}`,
    `language=${i % 2 === 0 ? 'eng' : 'ger'}`,
  ]);
  const codecs = ['-c:v', 'copy', ...sounds, '-c:s', 'srt'];
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-y'],
    ...inputs,
    ...tone,
    ...maps,
    ...codecs,
    ...languages,
    at('languages.mkv'),
  ]);
}

function subtitles(language: string): string {
  const stamp = (seconds: number) =>
    `${new Date(seconds * 1000).toISOString().slice(11, 23).replace('.', ',')}`;
  return Array.from({ length: SECONDS / TEXT_SECONDS }, (_, i) => {
    const start = i * TEXT_SECONDS;
    const times = `${stamp(start)} --> ${stamp(start + TEXT_SECONDS)}`;
    return `${i + 1}\n${times}\n<i>${textAt(language, start)}</i>\n`;
  }).join('\n');
}
