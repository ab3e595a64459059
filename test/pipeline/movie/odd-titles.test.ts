import { describe, expect, test } from 'vitest';
import { ProgressiveWriter, roomFor } from '../../../muxers/mp4/progressive.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { TimedPacket } from '../../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds, ticks } from '../../../src/core/time.ts';
import { type MovieWish, openTitleFile, openTitleMovie } from '../../../src/pipeline/movie/movie.ts';
import { movieTracks } from '../../../src/pipeline/movie/movie-tracks.ts';
import { PacketQueue } from '../../../src/pipeline/movie/packet-queue.ts';
import { findPlace } from '../../../src/pipeline/movie/place.ts';
import { walkTitle } from '../../../src/pipeline/movie/walk.ts';
import { audio, film, type Packet, video } from '../film.ts';
import { NEVER, serve } from '../serve.ts';
import { checkFile, checkFragments, patched } from './written.ts';

const WHOLE: MovieWish = { start: null, duration: null, seek: 'before', sound: 'copied' };
const CONTEXT = { transcripts: null, signal: NEVER };
const HOUR = 3_600_000;

async function gathered(chunks: AsyncIterable<readonly Uint8Array[]>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const list of chunks) parts.push(...list);
  return concat(parts);
}

const movieOf = async (file: Uint8Array, wish: Partial<MovieWish> = {}): Promise<Uint8Array> =>
  gathered((await openTitleMovie(await serve(file), { ...WHOLE, ...wish }, CONTEXT)).chunks);

async function fileOf(file: Uint8Array, wish: Partial<MovieWish> = {}): Promise<Uint8Array> {
  const { chunks, ending } = await openTitleFile(await serve(file), { ...WHOLE, ...wish }, CONTEXT);
  return patched(await gathered(chunks), ending().patches);
}

/** Pictures that are written when they are shown, in the order of the list. */
const pictures = (pattern: string, times: readonly number[]): Packet[] =>
  video({ pattern, count: times.length, timeOf: (i) => times[i] ?? 0 }).map((packet, i) => ({
    ...packet,
    written: i * 200,
  }));

describe('pictures', () => {
  const lateLeading = film(
    [
      ...pictures('rPPPPPPPPP', [
        ...[0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800],
        // Behind the second one comes one that is shown later, then those that are shown before it.
        ...[2400, 2800, 2200, 2000, 2600, 3000, 3200, 3400, 3600, 3800],
      ]),
      ...audio({ toMs: 4000 }),
    ],
    { defaultDuration: null },
  );

  test.each([
    movieOf,
    fileOf,
  ])('that lead a cut, behind one that does not: nothing before zero', async (open) => {
    const bytes = await open(lateLeading, { start: 2.5 });
    if (open === movieOf) expect(checkFragments(bytes).size).toBe(2);
    else await checkFile(bytes);
  });
});

describe('a picture that lasts for nine days', () => {
  const packets = pictures('IPPPPPPPPP', [0, 200, 400, 216 * HOUR, 216 * HOUR + 200]);
  const days = film(
    packets.map((packet) => ({ ...packet, written: packet.time })),
    { defaultDuration: null },
  );

  test.each([movieOf, fileOf])('is longer than can be written', async (open) => {
    await expect(open(days).then(({ length }) => length)).rejects.toMatchObject({ code: 'limit' });
  });
});

describe('sound', () => {
  const ends = async (wish: Partial<MovieWish>) => {
    const still = pictures(
      'IPPPPPPPPP',
      Array.from({ length: 100 }, (_, i) => i * 200),
    );
    const holed = [...audio({ toMs: 5000 }), ...audio({ fromMs: 15_000, toMs: 20_000 })];
    const { title, renditions } = await serve(film([...still, ...holed], { defaultDuration: null }));
    // As in a film of which only some places were seen.
    const media = { title: { ...title, window: nanoseconds(NANOSECONDS_PER_SECOND) }, renditions };
    const { chunks } = await openTitleMovie(media, { ...WHOLE, ...wish }, CONTEXT);
    return [...checkFragments(await gathered(chunks))].map(
      ([track, end]) => end / (renditions[track - 1]?.timescale ?? 1),
    );
  };

  test.each([
    ['to its end', {}, 20],
    ['that ends in a hole', { duration: 9 }, 9],
    ['that begins and ends in a hole', { start: 6, duration: 3 }, 5],
  ] as const)('is as long as the pictures in a movie %s', async (_, wish, seconds) => {
    for (const end of await ends(wish)) expect(Math.abs(end - seconds)).toBeLessThan(0.5);
  });

  test('is away for five hours: time and memory are those of the silence', { timeout: 10_000 }, async () => {
    const minutes = Array.from({ length: 300 }, (_, i) => i * 60_000);
    const packets = [
      ...video({ pattern: 'I', count: 300, timeOf: (i) => minutes[i] ?? 0 }),
      ...audio({ toMs: 3000 }),
      ...audio({ fromMs: 299 * 60_000, toMs: 300 * 60_000 }),
    ].map((packet) => ({ ...packet, written: packet.time }));
    const served = await serve(film(packets, { defaultDuration: null, clusterMs: 10_000 }));
    const { title, renditions } = served;
    const place = await findPlace(title, WHOLE, NEVER);
    let [frames, most] = [0, 0];
    for await (const piece of walkTitle(title, { place, renditions }, CONTEXT))
      for (const [{ kind }, { length }] of piece) {
        if (kind !== 'audio') continue;
        frames += length;
        most = Math.max(most, length);
      }
    expect(frames).toBeGreaterThan(840_000);
    // Of the segments of a minute two at a time.
    expect(most).toBeLessThan(9000);
  });

  test('alone and away for twenty hours is refused', async () => {
    const packets = [...audio({ toMs: 3000 }), ...audio({ fromMs: 20 * HOUR, toMs: 20 * HOUR + 3000 })];
    await expect(movieOf(film(packets)).then(({ length }) => length)).rejects.toMatchObject({
      code: 'limit',
    });
  });
});

describe('a beginning', () => {
  test('that is found behind the end is none', async () => {
    const { title } = await serve(film(video({ pattern: 'IPPPPPPPPPPPPPPPPPPPPPPPP', count: 500 })));
    const point = title.timeline.cuts[2]?.point;
    if (!point) throw new Error('Three cuts were expected');
    const locator = {
      cut: async () => ({ ...point, time: nanoseconds(title.zero + 21 * NANOSECONDS_PER_SECOND) }),
      anchor: async () => 0,
      estimate: () => 0,
    };
    const stretch = { ...WHOLE, start: 3, seek: 'after' } as const;
    await expect(findPlace({ ...title, locator }, stretch, NEVER)).rejects.toMatchObject({
      code: 'bad-request',
    });
  });
});

const packetOf = (time: number, data: Uint8Array): TimedPacket => ({
  packet: { trackId: 1, configId: 0, pts: ticks(time), isSync: true, data },
  dts: time,
  duration: 1,
});

describe('packets that wait', () => {
  test('are let go of as they are taken, and never more than a limit', () => {
    const queue = new PacketQueue();
    const megabyte = new Uint8Array(2 ** 20);
    for (let i = 0; i < 1000; i++) {
      queue.add([packetOf(i, megabyte)]);
      if (i >= 100) expect(queue.takeBefore(i - 99)).toHaveLength(1);
    }
    expect(queue.bytes).toBeLessThan(101 * 2 ** 20);
    expect(queue.takeShownBefore(2000)).toHaveLength(100);
    expect(queue.bytes).toBe(0);
    const fill = () => {
      for (let i = 1000; i < 1200; i++) queue.add([packetOf(i, megabyte)]);
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'limit' }));
  });
});

describe('a file whose tracks', () => {
  const wish = { origin: 1000, hidden: 90_000 };

  test.each([
    ['have no samples', []],
    ['end before what is shown', [packetOf(1000, Uint8Array.of(1)), packetOf(1001, Uint8Array.of(2))]],
  ])('%s has no edit of a negative length', async (_, packets) => {
    const { renditions } = await serve(film([...video({ pattern: 'I', count: 5 }), ...audio({ toMs: 200 })]));
    const tracks = [...movieTracks(renditions).values()].map((track) => ({ ...track, ...wish }));
    const writer = new ProgressiveWriter(tracks, 10_000);
    const parts = writer.beginning();
    for (const track of tracks) parts.push(...writer.samples(track, packets));
    await checkFile(patched(concat(parts), writer.end().patches));
  });

  test('are said to have samples without end gets room that is worth writing', () => {
    const chunks = 10;
    expect(roomFor([{ kind: 'video', samples: 1e12, chunks }])).toBeLessThan(100e6);
    expect(roomFor([{ kind: 'video', samples: 10 * 3600 * 60, chunks }])).toBeGreaterThan(
      10 * 3600 * 60 * 16,
    );
  });
});
