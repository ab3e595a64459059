import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample, Source } from '../../../src/core/contracts.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';
import * as edit from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { pieceSource, readAll, readFile, signal } from './reading.ts';

const { ID } = w;
const film = fixture('bframes-aac');
const open = (file: Uint8Array) => openMatroska(memorySource(file), signal);

/** What of a sample does not depend on where it lies. */
const content = (samples: readonly Sample[]) =>
  samples.map(({ trackId, time, duration, isKey, data }) => [
    trackId,
    time,
    duration,
    isKey,
    data.length,
    data.at(-1),
  ]);

const times = (demuxer: Demuxer, id = 1) => demuxer.seekPoints(id)?.map((point) => point.time) ?? null;

const junk = (size: number) => new Uint8Array(size).map((_, i) => (i * 7919) >>> 3);
const video = () => w.videoTrack({ number: 1, codec: 'V_X', width: 16, height: 16 });
const small = (at: number) => w.cluster(at, w.simpleBlock({ track: 1, time: 0, isKey: true }, w.hex('aabb')));
const smallFile = (...parts: readonly w.SegmentPart[]) => w.matroska(w.info({ duration: 2000 }), ...parts);
const lastCues = w.labelled('cues', (at: w.Positions) => w.cues({ time: 0, track: 1, cluster: at('first') }));

describe('where things lie', () => {
  const rows = [
    { name: 'as mkvmerge wrote it', file: film, hasCues: true },
    { name: 'Tracks behind the clusters', file: edit.moveToEnd(film, ID.Tracks), hasCues: true },
    {
      name: 'Tracks and Info behind the clusters',
      file: edit.moveToEnd(edit.moveToEnd(film, ID.Tracks), ID.Info),
      hasCues: true,
    },
    { name: 'Cues before the clusters', file: edit.moveBefore(film, ID.Cues, ID.Cluster), hasCues: true },
    { name: 'no Cues', file: edit.without(film, ID.Cues), hasCues: false },
    { name: 'no SeekHead', file: edit.without(film, ID.SeekHead), hasCues: false },
    {
      name: 'no SeekHead, Cues in front',
      file: edit.without(edit.moveBefore(film, ID.Cues, ID.Cluster), ID.SeekHead),
      hasCues: true,
    },
    {
      name: 'attachments of 3 MB before the first cluster',
      file: edit.withAttachment(film, 3_000_000),
      hasCues: true,
    },
    {
      name: 'Void of 1 MB before Tracks',
      file: edit.insertBefore(film, ID.Tracks, w.voidOf(1_000_000)),
      hasCues: true,
    },
    {
      name: 'Void between all clusters',
      file: edit.rebuild(film, (parts) => parts.flatMap((part) => [part, w.voidOf(17)])),
      hasCues: true,
    },
    {
      name: 'CRC in Tracks',
      file: edit.changeChild(film, ID.Tracks, (data) => w.withCrc32(data)),
      hasCues: true,
    },
    { name: 'live: Segment and Clusters of unknown size', file: edit.asLive(film), hasCues: false },
    { name: 'no Tags', file: edit.without(film, ID.Tags), hasCues: true },
  ];

  test.each(rows)('$name: the same tracks, samples, index', async ({ file, hasCues }) => {
    const expected = await readFile(film);
    const { demuxer, samples, skipped } = await readFile(file);
    expect(demuxer.tracks).toEqual(expected.demuxer.tracks);
    expect(demuxer.duration).toBe(expected.demuxer.duration);
    expect(content(samples)).toEqual(content(expected.samples));
    expect(skipped).toBe(0);
    expect(times(demuxer)).toEqual(hasCues ? times(expected.demuxer) : null);
    if (hasCues)
      for (const point of demuxer.seekPoints(1) ?? [])
        expect(samples.some((sample) => sample.entry === point.position)).toBe(true);
  });

  test('attachments are hopped over, not read', async () => {
    const file = edit.withAttachment(film, 8_000_000);
    const source = pieceSource(file, () => 64 * 1024);
    await openMatroska(source, signal);
    const asked = source.reads.reduce((sum, { start, end }) => sum + Math.min(end, file.length) - start, 0);
    expect(asked).toBeLessThan(1_000_000);
  });

  test('what the container says', async () => {
    const demuxer = await open(film);
    expect(demuxer).toMatchObject({ container: 'matroska', precision: 1_000_000 });
    expect(demuxer.tracks.map(({ kind, sourceCodec }) => [kind, sourceCodec])).toEqual([
      ['video', 'V_MPEG4/ISO/AVC'],
      ['audio', 'A_AAC'],
    ]);
    expect(demuxer.statistics.get(1)).toMatchObject({
      frames: expect.any(Number),
      bytes: expect.any(Number),
    });
    expect(film.subarray(demuxer.payload.start, demuxer.payload.start + 4)).toEqual(
      w.bytes(w.hex('1f43b675')),
    );
    expect(demuxer.payload.end).toBeLessThanOrEqual(film.length);
    expect(demuxer.resync(film, demuxer.payload.start)).toBe(demuxer.payload.start);
  });

  test('TimestampScale other than 1 ms', async () => {
    const file = w.matroska(
      w.info({ timestampScale: 20_833, duration: 48_000 }),
      w.tracks(video()),
      w.labelled('first', small(1000)),
      lastCues,
    );
    const { demuxer, samples } = await readFile(file);
    expect([demuxer.precision, demuxer.duration, samples[0]?.time]).toEqual([
      20_833, 999_984_000, 20_833_000,
    ]);
  });
});

/** SeekHeads with positions as they are found in the wild. */
describe('SeekHead', () => {
  const tracks = w.labelled('tracks', w.tracks(video()));
  const raw = (id: number, position: Uint8Array) =>
    w.element(ID.Seek, w.element(ID.SeekID, w.elementId(id)), w.element(ID.SeekPosition, position));
  const first = w.labelled('first', small(0));
  const body = [first, small(1000)];
  const names = (id: number, label: string) => (at: w.Positions) => w.seekHead({ id, position: at(label) });

  test.each([
    { name: 'one', parts: [names(ID.Cues, 'cues'), tracks, ...body, lastCues] },
    {
      name: 'two in a chain',
      parts: [
        names(ID.SeekHead, 'second'),
        tracks,
        ...body,
        w.labelled('second', names(ID.Cues, 'cues')),
        w.voidOf(200_000),
        lastCues,
      ],
    },
    {
      name: 'three in a chain',
      parts: [
        names(ID.SeekHead, 'second'),
        tracks,
        ...body,
        w.labelled('second', names(ID.SeekHead, 'third')),
        w.voidOf(200_000),
        w.labelled('third', names(ID.Cues, 'cues')),
        w.voidOf(200_000),
        lastCues,
      ],
    },
    {
      name: 'that names itself',
      parts: [
        w.labelled('self', (at) =>
          w.seekHead({ id: ID.SeekHead, position: at('self') }, { id: ID.Cues, position: at('cues') }),
        ),
        tracks,
        ...body,
        lastCues,
      ],
    },
    {
      name: 'with a position of 2^64 - 5',
      parts: [
        w.labelled('head', (at) =>
          w.element(
            ID.SeekHead,
            raw(ID.Tags, w.hex('fffffffffffffffb')),
            w.element(
              ID.Seek,
              w.element(ID.SeekID, w.elementId(ID.Cues)),
              w.uint(ID.SeekPosition, at('cues'), 8),
            ),
          ),
        ),
        tracks,
        ...body,
        lastCues,
      ],
    },
    {
      name: 'with an empty and a broken Seek',
      parts: [
        w.labelled('head', (at) =>
          w.element(
            ID.SeekHead,
            w.element(ID.Seek),
            w.element(ID.Seek, w.lyingElement(ID.SeekID, 80)),
            w.element(
              ID.Seek,
              w.element(ID.SeekID, w.elementId(ID.Cues)),
              w.uint(ID.SeekPosition, at('cues'), 8),
            ),
          ),
        ),
        tracks,
        ...body,
        lastCues,
      ],
    },
    {
      name: 'twice in front',
      parts: [
        names(ID.Tags, 'tags'),
        names(ID.Cues, 'cues'),
        tracks,
        ...body,
        w.labelled('tags', w.tags()),
        lastCues,
      ],
    },
  ] as { name: string; parts: w.SegmentPart[] }[])('$name: the Cues are found', async ({ parts }) => {
    const { demuxer, samples } = await readFile(smallFile(...parts));
    expect(times(demuxer)).toEqual([0]);
    expect(demuxer.seekPoints(1)?.[0]?.position).toBe(samples[0]?.entry);
    expect(samples.length).toBe(2);
  });

  test.each([
    { name: 'points into a block', parts: [names(ID.Cues, 'first'), tracks, ...body] },
    { name: 'points at nothing', parts: [w.seekHead({ id: ID.Cues, position: 100_000 }), tracks, ...body] },
    { name: 'is broken', parts: [w.element(ID.SeekHead, w.lyingElement(ID.Seek, 99)), tracks, ...body] },
    {
      name: 'points at broken Cues',
      parts: [names(ID.Cues, 'cues'), tracks, ...body, w.labelled('cues', w.element(ID.Cues, w.hex('00')))],
    },
    {
      name: 'points at Cues that the end cuts',
      parts: [
        names(ID.Cues, 'cues'),
        tracks,
        ...body,
        w.labelled('cues', w.lyingElement(ID.Cues, 5000, w.hex('bb'))),
      ],
    },
  ] as { name: string; parts: w.SegmentPart[] }[])('$name: no index, the samples are there', async ({
    parts,
  }) => {
    const { demuxer, samples } = await readFile(smallFile(...parts));
    expect(times(demuxer)).toBeNull();
    expect(content(samples).length).toBe(2);
  });

  test('thousands of SeekHeads that name thousands of places cost a few reads', async () => {
    const heads = Array.from({ length: 3000 }, (_, i) =>
      w.seekHead({ id: ID.Tags, position: 900_000 + i * 100 }),
    );
    const source = pieceSource(smallFile(...heads, tracks, ...body, w.voidOf(2_000_000)), () => 1 << 20);
    await openMatroska(source, signal);
    expect(source.reads.length).toBeLessThan(30);
  });
});

describe('damage', () => {
  const tracks = w.tracks(video());
  test.each([
    {
      name: 'broken Cues in front',
      parts: [tracks, w.element(ID.Cues, w.lyingElement(ID.CuePoint, 400)), small(0)],
    },
    { name: 'broken Tags in front', parts: [w.element(ID.Tags, w.hex('0001')), tracks, small(0)] },
    { name: 'zeros before the first cluster', parts: [tracks, new Uint8Array(40), small(0)] },
    {
      name: 'an element of unknown size before the first cluster',
      parts: [tracks, w.unknownSize(ID.Tags, []), small(0)],
    },
    {
      name: 'a Void that lies about its size',
      parts: [tracks, w.lyingElement(ID.Void, 10_000_000), small(0)],
    },
    {
      name: 'a tag of a name that every object has',
      parts: [w.tags(w.tag(1, { __defineGetter__: '1', constructor: '2' })), tracks, small(0)],
    },
  ])('$name: the samples are there', async ({ parts }) => {
    const { samples } = await readFile(smallFile(...parts));
    expect(samples.map(({ time, data }) => [time, data.length])).toEqual([[0, 2]]);
  });

  test('one broken tag does not take the others along', async () => {
    const tags = w.tags(
      w.element(ID.Tag, w.lyingElement(ID.Targets, 90)),
      w.tag(1, { 'NUMBER_OF_FRAMES-eng': '7', BPS: 'x', DURATION: '00:00:01.5' }),
    );
    const demuxer = await open(smallFile(tags, tracks, small(0)));
    expect(demuxer.statistics.get(1)).toEqual({
      bytes: null,
      bitrate: null,
      frames: 7,
      duration: 1_500_000_000,
    });
  });

  test.each([
    { name: 'no Tracks', file: smallFile(small(0)), is: 'corrupt' },
    {
      name: 'broken Tracks',
      file: smallFile(w.element(ID.Tracks, w.lyingElement(ID.TrackEntry, 400)), small(0)),
      is: 'corrupt',
    },
    {
      name: 'Tracks larger than the limit',
      file: smallFile(w.lyingElement(ID.Tracks, 2 ** 30)),
      is: 'limit',
    },
    { name: 'another DocType', file: w.bytes(w.ebmlHead('subs'), w.voidOf(90)), is: 'unsupported' },
    { name: 'no EBML header', file: w.bytes(w.element(ID.Segment)), is: 'corrupt' },
    { name: 'no Segment', file: w.ebmlHead(), is: 'truncated' },
    { name: 'a header longer than the file', file: w.lyingElement(ID.EBML, 5000), is: 'corrupt' },
  ])('$name is $is', async ({ file, is }) => {
    await expect(open(file)).rejects.toMatchObject({ name: 'MediaError', code: is });
  });

  test('a source of unknown size is unsupported', async () => {
    const source: Source = { ...memorySource(film), size: null };
    await expect(openMatroska(source, signal)).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('WebM is read', async () => {
    const file = w.bytes(
      w.ebmlHead('webm'),
      w.element(ID.Void),
      w.element(ID.Segment, w.info(), tracks, small(7)),
    );
    expect((await readFile(file)).samples.map(({ time }) => time)).toEqual([7_000_000]);
  });

  test('bytes behind the Segment are not part of it', async () => {
    const file = w.bytes(smallFile(tracks, small(0)), w.voidOf(90), small(5000));
    const { demuxer, samples } = await readFile(file);
    expect(samples.length).toBe(1);
    expect(demuxer.payload.end).toBe(smallFile(tracks, small(0)).length);
  });

  test('zeros in the middle: all clusters but those they hit, and the bytes counted', async () => {
    const { samples, demuxer } = await readFile(film);
    const entries = [...new Set(samples.map(({ entry }) => entry))];
    const [, second = 0, third = 0] = entries;
    expect(entries.length).toBeGreaterThan(3);
    const damaged = film.slice().fill(0, second + 2, third - 3);
    const read = await readAll(await open(damaged));
    const sound = samples.filter(({ entry }) => entry !== second);
    expect(content(read.samples)).toEqual(content(sound));
    expect(read.skipped).toBe(third - second);
    expect(demuxer.tracks.length).toBe(2);
  });

  test.each(Array.from({ length: 20 }, (_, i) => i * 5))('cut off at %i %', async (percent) => {
    const tracksAtEnd = edit.moveToEnd(film, ID.Tracks);
    for (const whole of [film, tracksAtEnd, edit.asLive(film)]) {
      const cut = edit.cutAt(whole, percent / 100);
      try {
        const { samples } = await readFile(cut);
        const all = content((await readFile(whole)).samples);
        expect(content(samples)).toEqual(all.slice(0, samples.length));
        expect(samples.length / all.length).toBeGreaterThan(percent / 100 - 0.25);
      } catch (error) {
        if (!(error instanceof MediaError)) throw error;
        expect(['corrupt', 'truncated']).toContain(error.code);
        // Only where Tracks is gone with the end.
        if (tracksAtEnd !== whole) expect(percent).toBeLessThanOrEqual(5);
      }
    }
  });
});

describe('reading', () => {
  test('in small steps behind `soft`, for as long as the consumer goes on', async () => {
    const source = pieceSource(film, () => 1 << 20);
    const demuxer = await openMatroska(source, signal);
    source.reads.length = 0;
    const { start, end } = demuxer.payload;
    const query = { start, soft: start + 20_000, end, tracks: new Set([1]) };
    for await (const { samples } of demuxer.samples(query, signal)) if (samples.length > 0) break;
    expect(source.reads).toEqual([{ start, end: start + 20_000 }]);
    const samples: Sample[] = [];
    for await (const batch of demuxer.samples(query, signal)) samples.push(...batch.samples);
    expect(samples.length).toBe((await readFile(film)).samples.filter(({ trackId }) => trackId === 1).length);
    for (const [i, read] of source.reads.slice(2).entries())
      expect(read.start).toBe(source.reads[i + 1]?.end);
  });

  test('only the tracks asked for', async () => {
    const demuxer = await open(film);
    const { start, end } = demuxer.payload;
    for (const id of [1, 2]) {
      const ids = new Set<number>();
      for await (const { samples } of demuxer.samples(
        { start, soft: end, end, tracks: new Set([id]) },
        signal,
      ))
        for (const sample of samples) ids.add(sample.trackId);
      expect([...ids]).toEqual([id]);
    }
  });

  const big = (time: number) => w.simpleBlock({ track: 2, time, isKey: true }, junk(700_000));
  const hops = smallFile(
    w.tracks(video(), w.audioTrack({ number: 2, codec: 'A_X', rate: 48_000, channels: 2 })),
    [0, 1000, 2000].map((at) =>
      w.cluster(
        at,
        w.simpleBlock({ track: 1, time: 0, isKey: true }, w.hex('aa')),
        big(1),
        w.simpleBlock({ track: 1, time: 40 }, w.hex('bb')),
      ),
    ),
  );

  test.each([
    { name: 'nowhere', hopsFrom: undefined, least: 2_000_000, most: 2_200_000 },
    { name: 'from the start', hopsFrom: 0, least: 0, most: 700_000 },
  ])('long payloads of other tracks are jumped over $name', async ({ hopsFrom, least, most }) => {
    let delivered = 0;
    const memory = pieceSource(hops, () => 16_384);
    const source: Source = {
      size: hops.length,
      async *read(range, signal) {
        for await (const chunk of memory.read(range, signal)) {
          delivered += chunk.length;
          yield chunk;
        }
      },
    };
    const demuxer = await openMatroska(source, signal);
    delivered = 0;
    const { start, end } = demuxer.payload;
    const samples: Sample[] = [];
    const query = {
      start,
      soft: start + 100_000,
      end,
      tracks: new Set([1]),
      ...(hopsFrom === undefined ? {} : { hopsFrom }),
    };
    for await (const batch of demuxer.samples(query, signal)) samples.push(...batch.samples);
    expect(samples.map(({ time }) => time / 1e6)).toEqual([0, 40, 1000, 1040, 2000, 2040]);
    expect(delivered).toBeGreaterThanOrEqual(least);
    expect(delivered).toBeLessThan(most);
  });
});
