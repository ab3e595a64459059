import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ProgressiveWriter } from '../../../muxers/mp4/progressive.ts';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { NANOSECONDS_PER_SECOND } from '../../../src/core/time.ts';
import { openFaststart } from '../../../src/pipeline/faststart.ts';
import { type MovieWish, openTitleFile } from '../../../src/pipeline/movie/movie.ts';
import { movieTracks } from '../../../src/pipeline/movie/movie-tracks.ts';
import { findPlace } from '../../../src/pipeline/movie/place.ts';
import { walkTitle } from '../../../src/pipeline/movie/walk.ts';
import type { Rendition } from '../../../src/pipeline/renditions.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { byTrack, readAll } from '../../parsers/mpegts/streams.ts';
import { boxes } from '../mp4-reader.ts';
import { NEVER, serve } from '../serve.ts';

const WHOLE: MovieWish = { start: null, duration: null, seek: 'before', sound: 'copied' };

function patched(
  parts: readonly Uint8Array[],
  patches: readonly { position: number; bytes: Uint8Array }[],
): Uint8Array {
  const body = concat(parts);
  const length = Math.max(body.length, ...patches.map(({ position, bytes }) => position + bytes.length));
  const file = new Uint8Array(length);
  file.set(body);
  for (const { position, bytes } of patches) file.set(bytes, position);
  return file;
}

async function fileOf(name: string, wish: Partial<MovieWish> = {}) {
  const movie = await openTitleFile(
    await serve(fixture(name)),
    { ...WHOLE, ...wish },
    { transcripts: null, signal: NEVER },
  );
  const parts: Uint8Array[] = [];
  for await (const list of movie.chunks) parts.push(...list);
  const { patches, isFront } = movie.ending();
  return { bytes: patched(parts, patches), isFront, renditions: movie.renditions };
}

/** Hash and time (nanoseconds) of every packet of each track, as the walk gives them. */
async function walked(name: string, renditions: readonly Rendition[]) {
  const served = await serve(fixture(name));
  const place = await findPlace(served.title, WHOLE, NEVER);
  const own = served.renditions.filter((one) => renditions.some((other) => other.name === one.name));
  const rows = new Map<string, { sum: number; time: number }[]>(own.map((one) => [one.name, []]));
  for await (const piece of walkTitle(
    served.title,
    { place, renditions: own },
    { transcripts: null, signal: NEVER },
  ))
    for (const [{ name: track, timescale }, packets] of piece)
      for (const { packet } of packets)
        rows.get(track)?.push({
          sum: crc32(packet.data),
          time: Math.round((packet.pts / timescale) * NANOSECONDS_PER_SECOND),
        });
  return [...rows.values()];
}

const NAMES = [
  'bframes-aac',
  'two-languages',
  'late-audio',
  'audio-hole',
  'hevc',
  'vp9-opus',
  'av1-eac3',
  'alac-flac-mp3',
  'film-rate-unknown',
  'audio-only',
  'no-audio',
  'transport',
  'progressive',
];

describe('a title as a file', () => {
  test.each(NAMES)('%s: every packet in its place, the movie box in front', async (name) => {
    const { bytes, isFront, renditions } = await fileOf(name);
    expect([isFront, boxes(bytes).map(({ type }) => type)]).toEqual([true, ['ftyp', 'moov', 'free', 'mdat']]);
    const demuxer = await openMp4(memorySource(bytes), NEVER);
    const samples = byTrack(await readAll(demuxer));
    const expected = await walked(name, renditions);
    expect(demuxer.tracks).toHaveLength(expected.length);
    for (const [i, { id }] of demuxer.tracks.entries()) {
      const rows = samples.get(id) ?? [];
      expect(rows.map(({ sum }) => sum)).toEqual(expected[i]?.map(({ sum }) => sum));
      for (const [k, { time }] of rows.entries())
        expect(Math.abs(time - (expected[i]?.[k]?.time ?? Number.NaN))).toBeLessThan(100_000);
    }
  });

  test.each(NAMES)('%s: FFmpeg reads it without a word, and as long as it is', async (name) => {
    await new Promise<void>((resolve) => resolve());
    const { bytes } = await fileOf(name);
    const { stdout, stderr } = run(
      'ffprobe',
      ['-of', 'json', '-show_entries', 'format=duration', '-'],
      bytes,
    );
    const { title } = await serve(fixture(name));
    expect(stderr).toBe('');
    expect(Number(JSON.parse(stdout.toString()).format.duration)).toBeCloseTo(
      title.timeline.end / title.timeline.timescale,
      1,
    );
  });

  test('what lies before an exact beginning is hidden', async (context) => {
    needsFfmpeg(context);
    const { bytes } = await fileOf('bframes-aac', { start: 5.5, duration: 3, seek: 'accurate' });
    const frames = run('ffmpeg', ['-i', '-', '-map', '0:v', '-f', 'framemd5', '-'], bytes).stdout.toString();
    expect(frames.split('\n').filter((line) => /^0,/.test(line))).toHaveLength(72);
  });

  test('without room in front the movie box is behind, and can be brought there', async () => {
    const served = await serve(fixture('bframes-aac'));
    const place = await findPlace(served.title, WHOLE, NEVER);
    const tracks = movieTracks(served.renditions);
    const writer = new ProgressiveWriter([...tracks.values()], 100);
    const parts = writer.beginning();
    const walk = walkTitle(
      served.title,
      { place, renditions: served.renditions },
      { transcripts: null, signal: NEVER },
    );
    for await (const piece of walk)
      for (const [rendition, packets] of piece) {
        const track = tracks.get(rendition);
        if (track) parts.push(...writer.samples(track, packets));
      }
    const { patches, isFront } = writer.end();
    const bytes = patched(parts, patches);
    expect([isFront, boxes(bytes).map(({ type }) => type)]).toEqual([
      false,
      ['ftyp', 'free', 'mdat', 'moov'],
    ]);
    const file = await openFaststart(memorySource(bytes), NEVER);
    const front: Uint8Array[] = [];
    for await (const part of file.read({ start: 0, end: file.size }, NEVER)) front.push(part);
    const sums = async (one: Uint8Array) => byTrack(await readAll(await openMp4(memorySource(one), NEVER)));
    const whole = await fileOf('bframes-aac');
    expect(await sums(concat(front))).toEqual(await sums(whole.bytes));
  });
});
