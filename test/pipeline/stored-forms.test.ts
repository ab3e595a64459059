import { describe, expect, test } from 'vitest';
import { parseAvcRecord } from '../../src/codecs/h264.ts';
import { parseHvcRecord } from '../../src/codecs/h265.ts';
import { joinAnnexB, joinLengthPrefixed, splitLengthPrefixed } from '../../src/codecs/nal.ts';
import { concat } from '../../src/core/bytes.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { changeChild, changed, elements, mapClusters } from '../helpers/matroska-edit.ts';
import { bytes, type Content, element, ID } from '../helpers/matroska-writer.ts';
import { newCache, segmentBytes, serve } from './serve.ts';

/** The ways in which files store what MP4 stores in one: each comes out as the plain file does. */

interface Stored {
  /** Null takes CodecPrivate away. */
  readonly privateData: (plain: Uint8Array) => Uint8Array | null;
  readonly frame: (plain: Uint8Array, isFirst: boolean) => Uint8Array;
}

const VIDEO_TRACK = 1;
const BLOCK_HEAD = 4;

/** A fixture whose video (track 1, in SimpleBlocks or BlockGroups without lacing) is stored otherwise. */
function storedAs(file: Uint8Array, { privateData, frame }: Stored): Uint8Array {
  const inTrack = (entry: Uint8Array): Content =>
    elements(entry).map((field) => {
      if (field.id !== ID.CodecPrivate) return field.whole;
      const data = privateData(field.data);
      return data ? element(ID.CodecPrivate, data) : [];
    });
  const isVideo = (entry: Uint8Array) =>
    elements(entry).some(({ id, data }) => id === ID.TrackNumber && data[0] === VIDEO_TRACK);
  const withPrivate = changeChild(file, ID.Tracks, (data) =>
    elements(data).map((entry) =>
      entry.id === ID.TrackEntry && isVideo(entry.data)
        ? changed(entry, inTrack(entry.data)).whole
        : entry.whole,
    ),
  );
  let isFirst = true;
  const inBlock = (block: Uint8Array): Content => {
    if (block[0] !== (0x80 | VIDEO_TRACK)) return block;
    const data = frame(block.subarray(BLOCK_HEAD), isFirst);
    isFirst = false;
    return [block.subarray(0, BLOCK_HEAD), data];
  };
  return mapClusters(withPrivate, (entry) => {
    if (entry.id === ID.SimpleBlock) return element(ID.SimpleBlock, inBlock(entry.data));
    if (entry.id !== ID.BlockGroup) return entry.whole;
    return element(
      ID.BlockGroup,
      elements(entry.data).map((part) =>
        part.id === ID.Block ? element(ID.Block, inBlock(part.data)) : part.whole,
      ),
    );
  });
}

const nals = (frame: Uint8Array): Uint8Array[] => [...splitLengthPrefixed(frame, 4)];
const same = (data: Uint8Array): Uint8Array => data;
const annexB = (frame: Uint8Array): Uint8Array => joinAnnexB(nals(frame));

const withLengths = (size: number) => (frame: Uint8Array) =>
  concat(
    nals(frame).flatMap((nal) => [
      Uint8Array.from({ length: size }, (_, i) => nal.length / 256 ** (size - 1 - i)),
      nal,
    ]),
  );

/** The sets of the record in front of a first picture that has none of its own. */
const withSets = (sets: readonly Uint8Array[]) => (frame: Uint8Array, isFirst: boolean) =>
  isFirst ? joinLengthPrefixed([...sets, ...nals(frame)]) : frame;

async function output(file: Uint8Array) {
  const served = await serve(file);
  const video = served.renditions[0];
  if (video?.kind !== 'video') throw new Error('no video');
  const spans = newCache();
  const segments: Uint8Array[] = [];
  for (let n = 0; n < served.count; n++) segments.push(await segmentBytes(served, video, n, spans));
  const { width, height, colour, frameRate, reorderDepth, configs } = video.video.track;
  const facts = { width, height, colour, frameRate, reorderDepth, configs };
  return { init: video.muxer.init(), segments, facts };
}

const decoded = ({ init, segments }: { init: Uint8Array; segments: readonly Uint8Array[] }) => {
  const args = ['-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'];
  const { stdout, stderr } = run('ffmpeg', args, concat([init, ...segments]));
  expect(stderr).toBe('');
  return stdout.toString();
};

const avcOf = (record: Uint8Array) => parseAvcRecord(record);
const avcSets = (record: Uint8Array) => [...avcOf(record).sps, ...avcOf(record).pps];
const hvcSets = (record: Uint8Array) => {
  const { vps, sps, pps } = parseHvcRecord(record);
  return [...vps, ...sps, ...pps];
};

/** The plain record of a fixture's video. */
function recordOf(name: string): Uint8Array {
  let record = new Uint8Array();
  storedAs(fixture(name), {
    privateData: (data) => {
      record = bytes(data);
      return data;
    },
    frame: same,
  });
  return record;
}

const avc = recordOf('bframes-aac');
const hvc = recordOf('hevc');

const EQUAL: readonly (Stored & { readonly name: string; readonly film: string })[] = [
  { name: 'H.264 in Annex B, record as usual', film: 'bframes-aac', privateData: same, frame: annexB },
  {
    name: 'H.264 in Annex B, parameter sets in Annex B',
    film: 'bframes-aac',
    privateData: (data) => joinAnnexB(avcSets(data)),
    frame: annexB,
  },
  {
    name: 'H.264 with lengths of two bytes',
    film: 'bframes-aac',
    privateData: (data) => Uint8Array.from(data, (byte, i) => (i === 4 ? 0xfd : byte)),
    frame: withLengths(2),
  },
  {
    name: 'H.264 with lengths of three bytes',
    film: 'bframes-aac',
    privateData: (data) => Uint8Array.from(data, (byte, i) => (i === 4 ? 0xfe : byte)),
    frame: withLengths(3),
  },
  { name: 'HEVC in Annex B, record as usual', film: 'hevc', privateData: same, frame: annexB },
  {
    name: 'HEVC in Annex B, parameter sets in Annex B',
    film: 'hevc',
    privateData: (data) => joinAnnexB(hvcSets(data)),
    frame: annexB,
  },
  {
    name: 'HEVC with lengths of two bytes',
    film: 'hevc',
    privateData: (data) => Uint8Array.from(data, (byte, i) => (i === 21 ? (byte & 0xfc) | 1 : byte)),
    frame: withLengths(2),
  },
];

test.each(EQUAL)('$name: byte for byte as MP4 wants it', async ({ film, ...stored }) => {
  const plain = await output(fixture(film));
  const other = await output(storedAs(fixture(film), stored));
  expect(other.init).toEqual(plain.init);
  expect(other.segments.map((data) => data.length)).toEqual(plain.segments.map((data) => data.length));
  expect(other.segments).toEqual(plain.segments);
});

describe('configuration records that are missing or broken are made from the first picture', () => {
  const rows: readonly (Stored & { readonly name: string; readonly film: string })[] = [
    {
      name: 'H.264 without CodecPrivate',
      film: 'bframes-aac',
      privateData: () => null,
      frame: withSets(avcSets(avc)),
    },
    {
      name: 'H.264, a record without sets',
      film: 'bframes-aac',
      privateData: (data) => bytes(data.subarray(0, 5), Uint8Array.of(0xe0, 0)),
      frame: withSets(avcSets(avc)),
    },
    {
      name: 'H.264, a record cut off',
      film: 'bframes-aac',
      privateData: (data) => data.subarray(0, 12),
      frame: withSets(avcSets(avc)),
    },
    {
      name: 'H.264 in Annex B without CodecPrivate',
      film: 'bframes-aac',
      privateData: () => null,
      frame: (frame, isFirst) => annexB(withSets(avcSets(avc))(frame, isFirst)),
    },
    {
      name: 'HEVC without CodecPrivate',
      film: 'hevc',
      privateData: () => null,
      frame: withSets(hvcSets(hvc)),
    },
    {
      name: 'HEVC, a record without arrays',
      film: 'hevc',
      privateData: (data) => bytes(data.subarray(0, 22), Uint8Array.of(0)),
      frame: withSets(hvcSets(hvc)),
    },
  ];

  test.each(rows)('$name', async ({ film, ...stored }) => {
    const plain = await output(fixture(film));
    const other = await output(storedAs(fixture(film), stored));
    expect(other.facts).toEqual(plain.facts);
  });

  test.for(rows)('$name: the same pictures', async ({ film, ...stored }, context) => {
    needsFfmpeg(context);
    const plain = await output(fixture(film));
    expect(decoded(await output(storedAs(fixture(film), stored)))).toBe(decoded(plain));
  });
});
