import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../src/core/bytes.ts';
import type { TimedPacket } from '../../../src/core/contracts.ts';
import { rescaleUp } from '../../../src/core/time.ts';
import { audioPackets } from '../../../src/pipeline/audio-segment.ts';
import { formsOf } from '../../../src/pipeline/movie/movie.ts';
import { findPlace, type Stretch } from '../../../src/pipeline/movie/place.ts';
import { walkTitle } from '../../../src/pipeline/movie/walk.ts';
import type { Rendition } from '../../../src/pipeline/renditions.ts';
import { isEncoded } from '../../../src/pipeline/transcoded/job.ts';
import { encodedPackets } from '../../../src/pipeline/transcoded/segment.ts';
import { createTranscripts } from '../../../src/pipeline/transcoded/transcripts.ts';
import { videoPackets } from '../../../src/pipeline/video-segment.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { inPieces, NEVER, newCache, type Served, serve } from '../serve.ts';
import { createTranscoder } from '../transcoded-film.ts';

type Row = Pick<TimedPacket, 'dts' | 'duration'> & { readonly pts: number; readonly sum: number };

const rowOf = ({ packet, dts, duration }: TimedPacket): Row => ({
  pts: packet.pts,
  dts,
  duration,
  sum: crc32(packet.data),
});

const WHOLE: Stretch = { start: null, duration: null, seek: 'before' };

const contextOf = ({ transcoder }: Served) => ({
  transcripts: transcoder && createTranscripts({ transcoder, spans: newCache(), maxBytes: 2 ** 20 }),
  signal: NEVER,
});

/** Packets of each track of a movie, as the walk gives them. */
async function walked(served: Served, stretch: Stretch): Promise<ReadonlyMap<Rendition, readonly Row[]>> {
  const { title } = served;
  const renditions = formsOf(served, { sound: 'playable' });
  const place = await findPlace(title, stretch, NEVER);
  const tracks = new Map<Rendition, Row[]>(renditions.map((rendition) => [rendition, []]));
  for await (const piece of walkTitle(title, { place, renditions }, contextOf(served)))
    for (const [rendition, packets] of piece) tracks.get(rendition)?.push(...packets.map(rowOf));
  return tracks;
}

/** Packets of all segments from `first` on, each made by itself. */
async function segmented(served: Served, rendition: Rendition, first = 0): Promise<Row[]> {
  const { title, count } = served;
  const rows: Row[] = [];
  for (let n = first; n < count; n++) {
    const spans = newCache();
    const counters = title.ledger.open(rendition.name, n);
    const { transcripts } = contextOf(served);
    const packets =
      rendition.kind === 'video'
        ? videoPackets(title, n, { recorder: spans.recorder(title, n), signal: NEVER, counters })
        : transcripts && isEncoded(rendition)
          ? encodedPackets(title, { rendition, n }, { transcripts, signal: NEVER, counters })
          : audioPackets(title, { audio: rendition.audio, n }, { spans, signal: NEVER, counters });
    for await (const batch of packets) rows.push(...batch.map(rowOf));
  }
  return rows;
}

const NAMES = [
  'bframes-aac',
  'two-languages',
  'late-audio',
  'audio-hole',
  'open-gop',
  'open-gop-no-idr',
  'no-cues',
  'long-gop',
  'film-rate-unknown',
  'audio-only',
  'no-audio',
  'vp9-opus',
  'hevc',
  'transport',
  'transport-192',
  'progressive',
  'fragmented',
];

describe('a walk over a title', () => {
  test.each(NAMES)('%s: the packets of all its segments, one after the other', async (name) => {
    const served = await serve(fixture(name));
    const tracks = await walked(served, WHOLE);
    expect(tracks.size).toBeGreaterThan(0);
    for (const [rendition, rows] of tracks) expect(rows).toEqual(await segmented(served, rendition));
  });

  test.each(NAMES)('%s: from a cut on, what its segments hold from there on', async (name) => {
    const served = await serve(fixture(name));
    const { cuts, timescale } = served.title.timeline;
    const n = Math.min(2, cuts.length - 1);
    const cut = cuts[n];
    const tracks = await walked(served, { ...WHOLE, start: (cut?.time ?? 0) / timescale });
    for (const [rendition, rows] of tracks) {
      const origin = n === 0 ? 0 : rescaleUp(cut?.time ?? 0, timescale, rendition.timescale);
      // What is shown before the cut needs what lies before it.
      const wanted = (await segmented(served, rendition, n)).filter(({ pts }) => pts >= origin);
      const [first] = wanted;
      const [begun] = rows;
      expect(begun).toMatchObject({ pts: first?.pts, sum: first?.sum });
      expect(rows.slice(1)).toEqual(wanted.slice(1));
    }
  });

  test('however its bytes arrive', async () => {
    const whole = await walked(await serve(fixture('two-languages')), WHOLE);
    const pieces = await walked(await serve(inPieces(memorySource(fixture('two-languages')), 777)), WHOLE);
    expect([...pieces.values()]).toEqual([...whole.values()]);
  });

  test('sound that is encoded lies beside its pictures', async () => {
    const served = await serve(fixture('ac3'), createTranscoder());
    const tracks = await walked(served, WHOLE);
    expect([...tracks.keys()].map(({ name }) => name)).toEqual(['v0', 'a1-aac']);
    for (const [rendition, rows] of tracks) expect(rows).toEqual(await segmented(served, rendition));
  });
});

/** Its cuts: 0.02, 2.02, 4.02 and 8.02 s; it lasts 12.03 s. */
const FILM = 'bframes-aac';

describe('a stretch of a title', () => {
  const placeOf = async (stretch: Partial<Stretch>) => {
    const { title } = await serve(fixture(FILM));
    const { n, origin, hidden, end } = await findPlace(title, { ...WHOLE, ...stretch }, NEVER);
    const [from, left, to] = [origin, hidden, end].map((time) =>
      Number((time / title.timeline.timescale).toFixed(2)),
    );
    return { n, from, hidden: left, to };
  };

  test.each([
    ['the whole', {}, { n: 0, from: 0, hidden: 0, to: 12.03 }],
    ['at a cut', { start: 4.021 }, { n: 2, from: 4.02, hidden: 0, to: 12.03 }],
    ['behind a cut: from it on', { start: 5.5 }, { n: 2, from: 4.02, hidden: 0, to: 12.03 }],
    ['before the first cut', { start: 0.01 }, { n: 0, from: 0, hidden: 0, to: 12.03 }],
    ['from the cut behind', { start: 2.5, seek: 'after' }, { n: 2, from: 4.02, hidden: 0, to: 12.03 }],
    ['exactly', { start: 5.5, seek: 'accurate' }, { n: 2, from: 4.02, hidden: 1.48, to: 12.03 }],
    [
      'for a while',
      { start: 5.5, duration: 2, seek: 'accurate' },
      { n: 2, from: 4.02, hidden: 1.48, to: 7.5 },
    ],
    ['for longer than there is', { start: 2.1, duration: 100 }, { n: 1, from: 2.02, hidden: 0, to: 12.03 }],
  ] as const)('%s', async (_, stretch, place) => {
    expect(await placeOf(stretch)).toEqual(place);
  });

  test.each([
    [{ start: 13 }, /There is nothing from 13 s on: it ends at 12.032 s/],
    [{ start: 11.9, seek: 'after' }, /No picture behind 11.900 s/],
  ] as const)('%j is not in it', async (stretch, message) => {
    await expect(placeOf(stretch)).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(message),
    });
  });

  test('ends with what is shown before its end, and what that needs', async () => {
    const served = await serve(fixture(FILM));
    const tracks = await walked(served, { ...WHOLE, start: 4.1, duration: 1.9 });
    for (const [rendition, rows] of tracks) {
      const origin = rescaleUp(
        served.title.timeline.cuts[2]?.time ?? 0,
        served.title.timeline.timescale,
        rendition.timescale,
      );
      const isIn = ({ pts }: Row) => pts >= origin && pts < 6 * rendition.timescale;
      const all = await segmented(served, rendition);
      expect(rows.filter(isIn)).toEqual(all.filter(isIn));
      const needed = rows.filter((row) => !isIn(row));
      expect(needed.every(({ pts }) => pts >= 6 * rendition.timescale)).toBe(true);
      expect(needed.length).toBeLessThanOrEqual(rendition.kind === 'video' ? 2 : 0);
    }
  });
});
