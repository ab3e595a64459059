import { describe, expect, test } from 'vitest';
import { equalBytes, memorySource } from '../../src/core/bytes.ts';
import { NANOSECONDS_PER_SECOND } from '../../src/core/time.ts';
import { fixture } from '../helpers/fixtures.ts';
import { withAttachment } from '../helpers/matroska-edit.ts';
import { expectLaws } from './laws.ts';
import { readSegment } from './mp4-reader.ts';
import { allSegments, inPieces, newCache, playlists, segmentBytes, serve } from './serve.ts';

/** Over the size up to which a file is read whole. */
const large = (file: Uint8Array) => withAttachment(file, 3_000_000);

const INDEXED = [
  'bframes-aac',
  'ffmpeg-mux',
  'open-gop',
  'open-gop-no-idr',
  'film-rate-unknown',
  'fps60-vui-only',
  'surround-44k',
  'two-languages',
  'no-audio',
  'late-audio',
  'audio-hole',
  'long-gop',
  'ac3',
  'audio-only',
  'anamorphic',
  'demo',
];

describe.each(INDEXED)('%s planned from a few places of the file', (name) => {
  const pair = Promise.all([serve(fixture(name)), serve(large(fixture(name)))]);

  test('is planned like the whole', async () => {
    const [whole, sampled] = await pair;
    expect([whole.title.survey, sampled.title.survey]).toEqual(['whole', 'sampled']);
    const inSeconds = (served: typeof whole) => {
      const { timeline, zero } = served.title;
      const at = (time: number) => Math.round((time / timeline.timescale) * 1000);
      return { zero, cuts: timeline.cuts.map((cut) => at(cut.time)), end: at(timeline.end) };
    };
    const [a, b] = [inSeconds(whole), inSeconds(sampled)];
    expect({ ...b, end: 0 }).toEqual({ ...a, end: 0 });
    expect(Math.abs(b.end - a.end)).toBeLessThanOrEqual(50);
    expect(sampled.renditions.map((r) => [r.name, r.timescale, r.codecString])).toEqual(
      whole.renditions.map((r) => [r.name, r.timescale, r.codecString]),
    );
    expect(sampled.title.window).toBeLessThanOrEqual(10 * NANOSECONDS_PER_SECOND);
  });

  test.each([700, 1400])('is planned alike when bytes arrive in pieces of %i', async (size) => {
    const [, sampled] = await pair;
    const { title, renditions } = await serve(inPieces(memorySource(large(fixture(name))), size));
    expect(title.timeline).toEqual(sampled.title.timeline);
    expect([title.zero, title.window]).toEqual([sampled.title.zero, sampled.title.window]);
    expect(renditions.map((r) => r.durations)).toEqual(sampled.renditions.map((r) => r.durations));
  });

  test('makes segments by the same laws', async () => {
    const [, sampled] = await pair;
    for (const rendition of sampled.renditions)
      expectLaws(sampled, rendition, await allSegments(sampled, rendition));
  });

  test('makes the same bytes, the last segment aside', async () => {
    const [whole, sampled] = await pair;
    for (const [i, rendition] of whole.renditions.entries()) {
      const other = sampled.renditions[i];
      if (!other) throw new Error('renditions differ');
      for (let n = 0; n < whole.count; n++) {
        const [a, b] = [await segmentBytes(whole, rendition, n), await segmentBytes(sampled, other, n)];
        if (n < whole.count - 1) expect(equalBytes(a, b), `${rendition.name} ${n}`).toBe(true);
        else expect(readSegment(b).samples[0]).toEqual(readSegment(a).samples[0]);
      }
    }
  });

  test('BANDWIDTH is not below what is served, and not far above', async () => {
    for (const served of await pair)
      for (const rendition of served.renditions) {
        const bytes: number[] = [];
        for (let n = 0; n < served.count; n++) bytes.push((await segmentBytes(served, rendition, n)).length);
        const seconds = rendition.durations.reduce((sum, d) => sum + d, 0) / 1_000_000;
        const average = (bytes.reduce((sum, size) => sum + size, 0) * 8) / seconds;
        const target = Math.max(
          ...served.renditions.flatMap((r) => r.durations.map((d) => Math.round(d / 1e6))),
        );
        const runs = bytes.flatMap((_, from) => {
          let bits = 0;
          let length = 0;
          return bytes.slice(from).flatMap((size, i) => {
            bits += size * 8;
            length += (rendition.durations[from + i] ?? 0) / 1_000_000;
            return length >= 0.5 * target && length <= 1.5 * target ? [bits / length] : [];
          });
        });
        const peak = Math.max(average, ...runs);
        const at = `${served.title.survey} ${rendition.name}`;
        expect(rendition.bandwidth.peak, `${at} peak`).toBeGreaterThan(peak / 1.1);
        expect(rendition.bandwidth.average, `${at} average`).toBeGreaterThan(average / 1.1);
        expect(rendition.bandwidth.average, `${at} average`).toBeLessThan(average * 1.25);
      }
  });

  test('playlists name every segment once and end', async () => {
    const [whole, sampled] = await pair;
    for (const served of [whole, sampled]) {
      const [main = '', ...media] = playlists(served);
      expect(media).toHaveLength(served.renditions.length);
      for (const { name: rendition } of served.renditions) expect(main).toContain(`${rendition}/index.m3u8`);
      const targets = media.map((text) => /TARGETDURATION:(\d+)/.exec(text)?.[1]);
      expect(new Set(targets).size).toBe(1);
      for (const text of media) {
        const uris = text.split('\n').filter((line) => line.endsWith('.m4s'));
        expect(uris).toEqual(Array.from({ length: served.count }, (_, n) => `${n}.m4s`));
        expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true);
        const longest = Math.max(...[...text.matchAll(/EXTINF:([\d.]+)/g)].map(([, d]) => Number(d)));
        expect(longest).toBeLessThanOrEqual(Number(targets[0]) + 0.5);
      }
    }
  });
});

test('two sources of the same size and beginning do not share packets', async () => {
  const file = large(fixture('bframes-aac'));
  const other = file.slice();
  // A byte of every audio frame behind the middle: the frames stay frames, the sound is another.
  const half = await serve(file);
  const audio = half.renditions.find((rendition) => rendition.kind === 'audio');
  if (!audio) throw new Error('the fixture has audio');
  const query = { start: half.title.demuxer.payload.start, soft: file.length, end: file.length };
  const tracks = new Set([audio.audio.track.id]);
  for await (const batch of half.title.demuxer.samples({ ...query, tracks }, new AbortController().signal))
    for (const { data } of batch.samples) {
      const at = data.byteOffset - file.byteOffset + data.length - 1;
      if (data.buffer === file.buffer && at > file.length / 2) other[at] = (other[at] ?? 0) ^ 0xff;
    }
  const changed = await serve(other);
  expect(changed.title.version).toBe(half.title.version);
  const shared = newCache();
  const n = half.count - 1;
  await segmentBytes(half, audio, n, shared);
  const warm = await segmentBytes(changed, audio, n, shared);
  expect(equalBytes(warm, await segmentBytes(changed, audio, n))).toBe(true);
  expect(equalBytes(warm, await segmentBytes(half, audio, n))).toBe(false);
});
