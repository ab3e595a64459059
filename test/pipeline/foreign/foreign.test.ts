import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import { MediaError } from '../../../src/core/errors.ts';
import type { AudioTrack } from '../../../src/core/media.ts';
import { openForeignReader } from '../../../src/ffmpeg/foreign/open-foreign.ts';
import { hasFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { readSegment } from '../mp4-reader.ts';
import { filmOf, moving, openFilm, readAll, shown } from '../reencoded/studio.ts';

const NEVER = new AbortController().signal;
const reader = openForeignReader({ program: 'ffmpeg', prober: 'ffprobe' });

/** A tone that rises, so that every stretch of it is another one. */
const rising = (seconds: number): string[] => [
  ...['-f', 'lavfi', '-i', `aevalsrc=0.4*sin(2*PI*(200+40*t)*t):d=${seconds}:s=44100`],
];

/** Containers that only FFmpeg reads, with codecs that are usual in them. `rate`: pictures a second. */
const FILMS = [
  { file: 'a.avi', rate: 24, codecs: ['-c:v', 'mpeg4', '-bf', '2', '-g', '60', '-c:a', 'libmp3lame'] },
  { file: 'a.wmv', rate: 25, codecs: ['-c:v', 'wmv2', '-g', '100', '-c:a', 'wmav2'] },
  { file: 'a.flv', rate: 25, codecs: ['-c:v', 'flv1', '-g', '100', '-c:a', 'libmp3lame'] },
  { file: 'a.mpg', rate: 25, codecs: ['-c:v', 'mpeg2video', '-b:v', '1M', '-bf', '2', '-c:a', 'mp2'] },
  { file: 'a.rm', rate: 25, codecs: ['-c:v', 'rv20', '-g', '50', '-c:a', 'ac3'] },
] as const;

const SECONDS = 11;
const filmAt = ({ file, rate, codecs }: (typeof FILMS)[number]) =>
  filmOf(file, [...moving('176x144', rate, SECONDS), ...rising(SECONDS), ...codecs]);

describe.runIf(hasFfmpeg)('a container that FFmpeg alone reads', () => {
  it.each(someOf(FILMS, 3))('$file: every picture is there, at its time', async (film) => {
    const bytes = await filmAt(film);
    const opened = await openFilm(bytes);
    const later = await openFilm(bytes);
    try {
      const { encoded, media } = opened;
      expect(opened.copied).toBeNull();
      expect(media.title.foreign?.container).toBeTruthy();
      const segments = await readAll(opened, encoded);
      const times = segments.flatMap(shown);
      expect(times).toHaveLength(SECONDS * film.rate);
      const { timescale } = encoded;
      const first = times[0] ?? 0;
      const off = times.map((time, i) => Math.abs((time - first) / timescale - i / film.rate));
      // Some of the containers have stamps in milliseconds.
      expect(Math.max(...off)).toBeLessThan(0.0011);
      const bounds = segments.map(({ fragments, samples }) => ({
        start: fragments[0]?.tfdt ?? -1,
        end: (samples.at(-1)?.dts ?? 0) + (samples.at(-1)?.duration ?? 0),
      }));
      expect(bounds.slice(1).map(({ start }) => start)).toEqual(bounds.slice(0, -1).map(({ end }) => end));
      expect(segments.map(({ samples }) => samples.filter(({ isSync }) => isSync).length)).toEqual(
        segments.map(() => 1),
      );
      // Whoever asks for a later segment first gets the same pictures.
      const [n, expected] = [segments.length - 2, segments.at(-2)];
      const segment = readSegment(await later.segment(later.encoded, n));
      expect(expected && shown(expected)).toEqual(shown(segment));
    } finally {
      await opened.close();
      await later.close();
    }
  });

  it.each(
    someOf(
      FILMS.filter(({ file }) => file !== 'a.rm'),
      3,
    ),
  )('$file: its sound is the same from wherever it is read', async (film) => {
    const source = memorySource(await filmAt(film));
    const facts = await reader.probe(source, NEVER);
    const track = facts.tracks.find((one): one is AudioTrack => one.kind === 'audio');
    if (!track) throw new Error('No sound');
    const all = await soundFrom(source, 0);
    const from = 6 * track.sampleRate;
    const later = await soundFrom(source, from);
    const shared = Math.min(later.length, all.length - from, 3 * track.sampleRate);
    expect(shared).toBeGreaterThan(2 * track.sampleRate);
    let difference = 0;
    for (let i = 0; i < shared; i++)
      difference = Math.max(difference, Math.abs((all[from + i] ?? 0) - (later[i] ?? 0)));
    expect(difference).toBeLessThan(1e-4);

    async function soundFrom(read: Source, sample: number): Promise<Float32Array> {
      if (!track) throw new Error('No sound');
      const parts: Uint8Array[] = [];
      for await (const part of reader.sound(read, { facts, track, from: sample }, NEVER)) parts.push(part);
      const bytes = concat(parts).slice();
      return new Float32Array(bytes.buffer, 0, bytes.length >> 2);
    }
  });

  it('a source that dies is told as such', async () => {
    const whole = memorySource(await filmAt(FILMS[0]));
    const { size } = whole;
    const dying: Source = {
      size,
      async *read(range, signal) {
        if (range.start > 64 * 1024) throw new MediaError('upstream', 'The upstream is gone');
        yield* whole.read({ ...range, end: Math.min(range.end, 64 * 1024) }, signal);
        throw new MediaError('upstream', 'The upstream is gone');
      },
    };
    await expect(reader.probe(dying, NEVER)).rejects.toMatchObject({ code: 'upstream' });
  });

  it('what nobody reads is refused as before, in the words of who looked first', async () => {
    const page = new TextEncoder().encode(`<!doctype html><title>No film</title>${' '.repeat(4000)}`);
    await expect(openFilm(page)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/web page/),
    });
  });

  it.each([
    [
      'a playlist',
      (url: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n${url}/a.ts\n#EXT-X-ENDLIST\n`,
    ],
    ['a list of files', (url: string) => `ffconcat version 1.0\nfile ${url}/a.mkv\n`],
    ['a manifest', (url: string) => `<?xml version="1.0"?><MPD><BaseURL>${url}/</BaseURL></MPD>`],
  ])('%s makes FFmpeg ask nobody else', async (_, textWith) => {
    const asked: string[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    try {
      const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
      const text = new TextEncoder().encode(textWith(url));
      await expect(reader.probe(memorySource(text), NEVER)).rejects.toMatchObject({ code: 'unsupported' });
      expect(asked).toEqual([]);
    } finally {
      elsewhere.close();
    }
  });
});

describe.runIf(hasFfmpeg)('the pictures of an AVI', () => {
  it('are shown when it says, not when a decoder has them', async () => {
    const opened = await openFilm(await filmAt(FILMS[0]));
    try {
      const whole = concat([await opened.init(), await opened.segment(opened.encoded, 0)]);
      const { stdout } = run('ffprobe', ['-show_entries', 'packet=pts', '-of', 'csv=p=0', '-'], whole);
      expect(Math.min(...stdout.toString().trim().split(/,?\n/).map(Number))).toBeGreaterThanOrEqual(0);
      expect(shown(readSegment(await opened.segment(opened.encoded, 0)))[0]).toBe(0);
    } finally {
      await opened.close();
    }
  });
});
