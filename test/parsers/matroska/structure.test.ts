import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { pieceSource, readAll, readFile, signal } from './reading.ts';

const { ID } = w;
const video = (extra: w.Content = []) =>
  w.videoTrack({ number: 1, codec: 'V_X', width: 16, height: 16, extra });
const key = (time: number, hex = 'aabb') => w.simpleBlock({ track: 1, time, isKey: true }, w.hex(hex));
const clusterAt = (time: number) => w.cluster(time, key(0));
const tracks = w.tracks(video());
const body = [w.info(), tracks, clusterAt(0), clusterAt(1000)];
/** Milliseconds of all samples. */
const stamps = async (file: Uint8Array) => (await readFile(file)).samples.map(({ time }) => time / 1e6);

describe('the document', () => {
  const head = (...children: readonly w.Content[]) => w.element(ID.EBML, children);
  const segment = (...parts: readonly w.SegmentPart[]) => w.element(ID.Segment, w.layOut(parts));
  const docType = w.string(ID.DocType, 'matroska');

  test.each([
    { name: 'a header in another order', head: head(w.uint(ID.DocTypeReadVersion, 2), w.voidOf(6), docType) },
    { name: 'a version of the future', head: head(docType, w.uint(ID.DocTypeReadVersion, 9)) },
    { name: 'an empty header', head: head() },
    { name: 'a CRC in the header', head: w.element(ID.EBML, w.withCrc32(docType)) },
    { name: 'a DocType of its own', head: head(w.string(ID.DocType, 'divx')) },
    { name: 'Void before Segment', head: w.bytes(head(docType), w.voidOf(5000)) },
    { name: 'garbage before the header', head: w.bytes(new Uint8Array(60_000), head(docType)) },
    {
      name: 'garbage before Segment',
      head: w.bytes(head(docType), new Uint8Array(60_000).fill(0x47)),
    },
  ])('$name', async ({ head: front }) => {
    expect(await stamps(w.bytes(front, segment(...body)))).toEqual([0, 1000]);
  });

  test.each([
    { name: 'no Segment within 64 KiB of garbage', front: new Uint8Array(70_000), code: 'corrupt' },
    { name: 'no header within 64 KiB', front: null, code: 'corrupt' },
  ])('$name: $code', async ({ front, code }) => {
    const file = front
      ? w.bytes(head(docType), front, segment(...body))
      : w.bytes(new Uint8Array(70_000), head(docType), segment(...body));
    await expect(openMatroska(memorySource(file), signal)).rejects.toMatchObject({ code });
  });

  test.each([
    { name: 'of known size', first: w.matroska(...body) },
    { name: 'of unknown size', first: w.liveMatroska(...body) },
    {
      name: 'of unknown size, its last cluster too',
      first: w.liveMatroska(
        w.info(),
        tracks,
        clusterAt(0),
        w.unknownSize(ID.Cluster, [w.uint(ID.Timestamp, 1000), key(0)]),
      ),
    },
  ])('a second document behind a Segment $name is ignored', async ({ first }) => {
    expect(await stamps(w.bytes(first, w.matroska(...body)))).toEqual([0, 1000]);
    expect(await stamps(w.bytes(first, w.liveMatroska(...body)))).toEqual([0, 1000]);
  });

  const long = w.bytes(w.hex('0f01020304'), w.vint(3), w.hex('010203'));
  const longest = w.bytes(w.hex('0101020304050607'), w.vint(2), w.hex('0102'));
  test.each([
    { name: 'five', element: long },
    { name: 'eight', element: longest },
  ])('IDs of $name bytes are passed over wherever the file declares them', async ({ element }) => {
    const file = w.bytes(
      head(docType, w.uint(ID.EBMLMaxIDLength, 8)),
      segment(
        element,
        w.info(),
        w.tracks(element, video(element)),
        element,
        w.cluster(0, key(0), element, w.blockGroup({ track: 1, time: 9, extra: element }, w.hex('aa'))),
        element,
        clusterAt(1000),
      ),
    );
    const { samples, skipped } = await readFile(file);
    expect(samples.map(({ time }) => time / 1e6)).toEqual([0, 9, 1000]);
    expect(skipped).toBe(0);
  });

  test('an ID of five bytes that the file does not declare is damage, and costs only itself', async () => {
    const file = w.matroska(w.info(), tracks, clusterAt(0), long, clusterAt(1000));
    const { samples, skipped } = await readFile(file);
    expect([samples.length, skipped]).toEqual([2, long.length]);
  });

  test('sizes of eight bytes everywhere', async () => {
    const wide = (id: number, ...content: readonly w.Content[]) => w.sizedElement(id, 8, ...content);
    const block = wide(ID.SimpleBlock, w.hex('81 0000 80 aabb'));
    const file = w.matroska(
      w.info(),
      wide(ID.Tracks, video()),
      wide(ID.Cluster, wide(ID.Timestamp, w.hex('07')), block),
    );
    expect(await stamps(file)).toEqual([7]);
  });
});

describe('Tracks that nothing names', () => {
  const film = (size: number) => [w.cluster(0, key(0), w.voidOf(size)), clusterAt(1000)];
  test.each([
    { name: 'at the end', parts: [w.info(), ...film(500_000), tracks] },
    { name: 'at the end, Info too', parts: [...film(500_000), w.info(), tracks] },
    {
      name: 'in the middle',
      parts: [w.info(), ...film(600_000), tracks, w.voidOf(600_000), clusterAt(2000)],
    },
    {
      name: 'behind a payload that looks like it',
      parts: [w.info(), w.cluster(0, key(0, '1654ae6b81001654ae6b83ec8100')), ...film(400_000), tracks],
    },
  ])('$name', async ({ parts }) => {
    const { demuxer, samples } = await readFile(w.matroska(...parts));
    expect(demuxer.tracks.map(({ id }) => id)).toEqual([1]);
    expect(samples.length).toBeGreaterThan(1);
  });

  test('of a long film are looked for at its end alone', async () => {
    const file = w.matroska(w.info(), ...film(66 * 1024 * 1024), w.voidOf(300_000));
    const source = pieceSource(file, () => 1 << 20);
    await expect(openMatroska(source, signal)).rejects.toBeInstanceOf(MediaError);
    expect(source.reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(1_000_000);
  });

  test('twice: the first one counts', async () => {
    const second = w.tracks(w.videoTrack({ number: 9, codec: 'V_Y', width: 1, height: 1 }));
    const { demuxer } = await readFile(w.matroska(w.info(), tracks, second, clusterAt(0)));
    expect(demuxer.tracks.map(({ id }) => id)).toEqual([1]);
  });
});

describe('Cues', () => {
  const first = w.labelled('a', clusterAt(0));
  const second = w.labelled('b', clusterAt(1000));
  const third = w.labelled('c', clusterAt(2000));
  const cuesOf =
    (shift: number, ...labels: readonly string[]) =>
    (at: w.Positions) =>
      w.cues(
        ...labels.map((label) => ({
          time: label === 'a' ? 0 : label === 'b' ? 1000 : 2000,
          track: 1,
          cluster: at(label) + shift,
        })),
      );
  const segmentStart = w.ebmlHead().length + 12;

  test.each([
    { name: 'as they should be', cues: [cuesOf(0, 'a', 'b', 'c')] },
    { name: 'counted from the start of the file', cues: [cuesOf(segmentStart, 'a', 'b', 'c')] },
    { name: 'not moved with what was inserted', cues: [cuesOf(-30, 'a', 'b', 'c')] },
    { name: 'in two elements', cues: [cuesOf(0, 'a'), cuesOf(0, 'b', 'c')] },
  ])('$name: each names its cluster', async ({ cues }) => {
    for (const parts of [
      [w.info(), tracks, w.voidOf(100), ...cues, first, second, third],
      [w.info(), tracks, w.voidOf(100), first, second, third, ...cues],
    ]) {
      const named = w.matroska(
        (at: w.Positions) => w.seekHead(...cues.map((_, i) => ({ id: ID.Cues, position: at(`cues${i}`) }))),
        ...parts.map((part) => {
          const i = cues.indexOf(part as (at: w.Positions) => Uint8Array);
          return i < 0 ? part : w.labelled(`cues${i}`, part as w.LaidOut);
        }),
      );
      const { demuxer, samples } = await readFile(named);
      expect(demuxer.seekPoints(1)?.map(({ position }) => position)).toEqual(
        samples.map(({ entry }) => entry),
      );
    }
  });

  test.each([
    { name: 'one wrong among right ones', cues: cuesOf(0, 'a', 'b'), wrong: 77 },
    { name: 'all wrong', cues: cuesOf(13, 'b'), wrong: 77 },
  ])('$name: the base stays that of the specification', async ({ cues, wrong }) => {
    const bad = w.cues({ time: 500, track: 1, cluster: wrong });
    const file = w.matroska(w.info(), tracks, cues, bad, first, second, third);
    const { demuxer } = await readFile(file);
    const positions = demuxer.seekPoints(1)?.map(({ position }) => position);
    expect(positions).toContain(segmentStart + wrong);
  });

  test('of another track: none for this one', async () => {
    const cues = (at: w.Positions) => w.cues({ time: 0, track: 2, cluster: at('a') });
    const { demuxer } = await readFile(w.matroska(w.info(), tracks, cues, first));
    expect([demuxer.seekPoints(1), demuxer.seekPoints(2)?.length]).toEqual([null, 1]);
  });
});

describe('times and groups', () => {
  const read = async (entry: w.Content, ...blocks: readonly w.Content[]) =>
    (await readFile(w.matroska(w.info(), w.tracks(entry), w.cluster(1000, blocks)))).samples;

  test('TrackTimestampScale: of stamps within the cluster and of durations', async () => {
    const block = w.blockGroup({ track: 1, time: 100, duration: 40 }, w.hex('aa'));
    const before = w.blockGroup({ track: 1, time: -100, duration: 40 }, w.hex('aa'));
    const samples = await read(video(w.float(ID.TrackTimestampScale, 1.5)), before, block);
    expect(samples.map(({ time, duration }) => [time / 1e6, (duration ?? 0) / 1e6])).toEqual([
      [850, 60],
      [1150, 60],
    ]);
  });

  test.each([0, -1, Number.NaN, 1e9])('a TrackTimestampScale of %s is none', async (scale) => {
    const samples = await read(video(w.float(ID.TrackTimestampScale, scale)), key(100));
    expect(samples.map(({ time }) => time / 1e6)).toEqual([1100]);
  });

  test.each([
    { name: 'of the end', padding: 13_500_000, count: 1, expected: [13_500_000] },
    { name: 'of the start', padding: -6_500_000, count: 1, expected: [-6_500_000] },
    { name: 'of nothing', padding: 0, count: 1, expected: [undefined] },
    { name: 'of the end of a lace', padding: 5, count: 3, expected: [undefined, undefined, 5] },
    { name: 'of the start of a lace', padding: -5, count: 3, expected: [-5, undefined, undefined] },
  ])('DiscardPadding $name', async ({ padding, count, expected }) => {
    const frames = Array.from({ length: count }, () => w.hex('aa'));
    const lacing = count > 1 ? 'xiph' : 'none';
    const block = w.blockGroup(
      { track: 1, time: 0, duration: 60, lacing, discardPadding: padding },
      ...frames,
    );
    expect((await read(video(), block)).map(({ discard }) => discard)).toEqual(expected);
  });

  test('what of a group nobody needs is passed over', async () => {
    const extra = [
      w.element(
        ID.BlockAdditions,
        w.element(ID.BlockMore, w.element(ID.BlockAdditional, new Uint8Array(900))),
      ),
      w.element(ID.BlockVirtual, w.hex('810000 00')),
      w.element(ID.Slices, w.element(0xe8, w.uint(0xcc, 1))),
      w.element(ID.CodecState, w.hex('00')),
      w.uint(ID.ReferencePriority, 1),
    ];
    const samples = await read(
      video(),
      w.element(ID.SilentTracks),
      w.blockGroup({ track: 1, time: 0, extra }, w.hex('aa')),
      w.element(ID.EncryptedBlock, w.hex('810000 00 aa')),
      key(5),
    );
    expect(samples.map(({ time, data }) => [time / 1e6, data.length])).toEqual([
      [1000, 1],
      [1005, 2],
    ]);
  });

  test.each(['xiph', 'ebml', 'fixed'] as const)('%s lacing with empty frames', async (lacing) => {
    const frames = lacing === 'fixed' ? ['', '', ''] : ['aa', '', 'bb'];
    const block = w.simpleBlock({ track: 1, time: 0, isKey: true, lacing }, ...frames.map(w.hex));
    const samples = await read(video(w.uint(ID.DefaultDuration, 10_000_000)), block);
    expect(samples.map(({ time, data }) => [time / 1e6, Buffer.from(data).toString('hex')])).toEqual(
      frames.map((hex, i) => [1000 + i * 10, hex]),
    );
  });

  test.each([
    { name: '20 ms CELT', toc: 'f8', ms: 20 },
    { name: '2.5 ms CELT', toc: 'e0', ms: 2.5 },
    { name: '60 ms SILK', toc: '18', ms: 60 },
    { name: '10 ms hybrid', toc: '60', ms: 10 },
    { name: 'two of 20 ms', toc: 'f9', ms: 40 },
    { name: 'three of 20 ms', toc: 'fb03', ms: 60 },
  ])('laced Opus: $name in each packet', async ({ toc, ms }) => {
    const audio = w.audioTrack({ number: 1, codec: 'A_OPUS', rate: 48_000, channels: 2 });
    const block = w.simpleBlock({ track: 1, time: 0, isKey: true, lacing: 'xiph' }, w.hex(toc), w.hex(toc));
    expect((await read(audio, block)).map(({ time }) => time / 1e6)).toEqual([1000, 1000 + ms]);
  });
});

/** BlockAdditions with one addition. */
const additions = (text: string | undefined) =>
  text === undefined
    ? []
    : w.element(w.ID.BlockAdditions, w.element(w.ID.BlockMore, w.string(w.ID.BlockAdditional, text)));

describe('subtitles', () => {
  test.each([
    { codec: 'S_TEXT/UTF8', payload: 'A line', shown: '\nA line' },
    { codec: 'S_TEXT/UTF8', payload: 'A line\0\xde\xad', shown: '\nA line' },
    { codec: 'S_TEXT/ASCII', payload: '<i>A line</i>', shown: '\n<i>A line</i>' },
    { codec: 'S_TEXT/ASS', payload: '0,0,Default,,0,0,0,,A line', shown: '\nA line' },
    { codec: 'S_SSA', payload: '0,0,Default,,0,0,0,,A line, and more', shown: '\nA line, and more' },
    { codec: 'S_TEXT/WEBVTT', payload: 'A line', shown: '\nA line' },
    { codec: 'S_TEXT/WEBVTT', payload: 'A line', addition: 'line:0\n7\n', shown: 'line:0\nA line' },
    { codec: 'D_WEBVTT/SUBTITLES', payload: '1\n\nA line', shown: '\nA line' },
    { codec: 'D_WEBVTT/CAPTIONS', payload: '\nalign:start\nA\nline', shown: 'align:start\nA\nline' },
    { codec: 'S_HDMV/PGS', payload: '\x16\0\x02', shown: '\x16\0\x02' },
    { codec: 'S_VOBSUB', payload: '\0\x08', shown: '\0\x08' },
  ])('$codec: packets with their duration', async ({ codec, payload, addition, shown }) => {
    const data = new TextEncoder().encode(payload);
    const file = w.matroska(
      w.info(),
      w.tracks(w.subtitleTrack({ number: 3, codec })),
      w.cluster(0, w.blockGroup({ track: 3, time: 500, duration: 1200, extra: additions(addition) }, data)),
    );
    const { demuxer, samples } = await readFile(file);
    expect(demuxer.tracks).toMatchObject([{ kind: 'subtitle', sourceCodec: codec }]);
    expect(samples).toMatchObject([{ time: 500e6, duration: 1200e6 }]);
    expect(new TextDecoder().decode(samples[0]?.data)).toBe(shown);
  });
});

describe('as stored', () => {
  test('decompressed, on the stamps of the file, in no other form', async () => {
    const sps = w.hex('00000001 67640028');
    const entry = video([
      w.uint(ID.CodecDelay, 5_000_000),
      w.headerStripping(w.hex('0000')),
      w.element(ID.CodecPrivate, sps),
    ]);
    const file = w.matroska(w.info(), w.tracks(entry), w.cluster(0, key(20, '0165')));
    const demuxer = await openMatroska(memorySource(file), signal, { asStored: true });
    const { samples } = await readAll(demuxer);
    expect(samples.map(({ time, data }) => [time / 1e6, Buffer.from(data).toString('hex')])).toEqual([
      [20, '00000165'],
    ]);
  });
});
