import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concat } from '../../../src/core/bytes.ts';
import { openTitleMovie } from '../../../src/pipeline/movie/movie.ts';
import { SEEKS } from '../../../src/pipeline/movie/place.ts';
import { SKIPPED } from '../../helpers/chromium.ts';
import { hasFfmpeg } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { NEVER, type Served, serve } from '../serve.ts';

const SECONDS = 60;
/** Off every grid there is. */
const PLACES = Array.from({ length: 20 }, (_, i) => Number((0.137 + i * 2.683).toFixed(3)));
/** Seconds of each that are looked at. */
const LENGTH = 1.5;

/** Seconds by hash of what is shown or heard then: decoded pictures, packets of sound. */
interface Onsets {
  readonly pictures: ReadonlyMap<string, number>;
  readonly sound: ReadonlyMap<string, number>;
}

function onsetsOf(input: readonly string[], body?: Uint8Array): Onsets {
  const hashes = (...options: readonly string[]) => {
    const all = ['-v', 'error', '-copyts', ...input, ...options, '-vsync', '0', '-f', 'framemd5', '-'];
    return timesByHash(
      execFileSync('ffmpeg', all, { maxBuffer: 2 ** 26, ...(body ? { input: body } : {}) }).toString(),
    );
  };
  const isAdts = input.some((one) => one.endsWith('.ts'));
  return {
    pictures: hashes('-map', '0:v', '-c:v', 'rawvideo', '-enc_time_base', '-1'),
    sound: hashes('-map', '0:a', '-c:a', 'copy', ...(isAdts ? ['-bsf:a', 'aac_adtstoasc'] : [])),
  };
}

/** Rows of `stream, dts, pts, duration, size, hash` under a line that tells their unit. */
function timesByHash(text: string): Map<string, number> {
  const [, num = '1', den = '1'] = /#tb 0: (\d+)\/(\d+)/.exec(text) ?? [];
  const rows = text.split('\n').filter((line) => /^\d/.test(line));
  return new Map(
    rows.map((row) => {
      const [, , pts = '', , , hash = ''] = row.split(',').map((field) => field.trim());
      return [hash, (Number(pts) * Number(num)) / Number(den)];
    }),
  );
}

/** How much later the source has what the movie has, for each picture and frame: seconds. */
function distances(source: ReadonlyMap<string, number>, movie: ReadonlyMap<string, number>): number[] {
  return [...movie].flatMap(([hash, time]) => {
    const there = source.get(hash);
    return there === undefined ? [] : [there - time];
  });
}

const FORMATS = {
  mkv: [],
  ts: ['-bsf:v', 'h264_mp4toannexb'],
  mp4: ['-movflags', 'faststart'],
} as const;

describe.skipIf(!hasFfmpeg)(`a movie begun anywhere${hasFfmpeg ? '' : `: ${SKIPPED}`}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-onset-'));
    const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=160x96:rate=25:duration=${SECONDS}`];
    const noise = ['-itsoffset', '0.3', '-f', 'lavfi', '-i', `anoisesrc=r=48000:a=0.2:d=${SECONDS - 1}`];
    const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '60'];
    const film = join(folder, 'film.mkv');
    execFileSync('ffmpeg', ['-v', 'error', ...pictures, ...noise, ...video, '-c:a', 'aac', film]);
    for (const [format, options] of Object.entries(FORMATS))
      if (format !== 'mkv')
        execFileSync('ffmpeg', [
          '-v',
          'error',
          '-i',
          film,
          '-c',
          'copy',
          ...options,
          join(folder, `film.${format}`),
        ]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(Object.keys(FORMATS))('of %s', (format) => {
    let served: Served;
    let source: Onsets;
    /** The source's time of the title's zero. */
    let zero: number;
    beforeAll(async () => {
      const path = join(folder, `film.${format}`);
      served = await serve(new Uint8Array(readFileSync(path)));
      source = onsetsOf(['-i', path]);
      zero = Math.min(...source.pictures.values(), ...source.sound.values());
    });

    test.each(
      someOf(
        PLACES.map((place, i) => ({ place, seek: SEEKS[i % 3] ?? 'before' })),
        7,
      ),
    )('$place s, $seek', async ({ place, seek }) => {
      const wish = { start: place, duration: LENGTH, seek, sound: 'playable' } as const;
      const movie = await openTitleMovie(served, wish, { transcripts: null, signal: NEVER });
      const parts: Uint8Array[] = [];
      for await (const list of movie.chunks) parts.push(...list);
      const { pictures, sound } = onsetsOf(['-i', '-'], concat(parts));
      const shown = distances(source.pictures, pictures);
      const heard = distances(source.sound, sound);
      // Before the sound begins there are frames of silence.
      const silent = place < 0.3 ? 1 : 0;
      expect([shown.length, heard.length]).toEqual([pictures.size, sound.size - silent]);
      expect(shown.length).toBeGreaterThanOrEqual(LENGTH * 25);
      expect(heard.length).toBeGreaterThanOrEqual(place < 0.3 ? 40 : (LENGTH * 48_000) / 1024 - 1);
      for (const distance of [...shown, ...heard])
        expect(Math.abs(distance - zero - movie.start)).toBeLessThan(0.001);
    });
  });
});
