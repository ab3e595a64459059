import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { bitmapInfo } from '../../../src/codecs/bitmap-info.ts';
import { quickTimeDescription } from '../../../src/codecs/quicktime-description.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { VideoTrack } from '../../../src/core/media.ts';
import { bytesOf, hexOf } from '../../helpers/hex.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { box, esds, visual } from '../mp4/movie-writer.ts';
import { HD, ofMovie, videoOf } from '../mp4/picture-writer.ts';
import { greyFrame, sequence } from './grey-fields.ts';

const signal = new AbortController().signal;
const AVI = 'V_MS/VFW/FOURCC';
const VC1 = bytesOf('0000010fdbfe3bf21bca3bf886f180ca02020309a5b8d707fc0000010e5ac7fcefc86c40');
/** A layer of 96x64. */
const LAYER = bytesOf('000001b0f1000001b5a913000001000000012008d48d0800cd03040814103f');

interface Film {
  readonly codec: string;
  readonly private?: Uint8Array;
  readonly video?: w.Content;
  readonly defaultDuration?: number;
  readonly frames?: readonly Uint8Array[];
  readonly behind?: w.Content;
}

/** A cluster a frame, 40 ms apart. */
async function open({ frames = [], behind = [], ...track }: Film) {
  const entry = w.videoTrack({ number: 1, width: 96, height: 64, ...track });
  const clusters = frames.map((data, i) =>
    w.element(
      w.ID.Cluster,
      w.uint(w.ID.Timestamp, i * 40),
      w.element(w.ID.SimpleBlock, w.hex('81 0000 80'), data),
    ),
  );
  const segment = [w.info(), w.tracks(entry), behind, ...clusters];
  const file = w.bytes(w.ebmlHead(), w.element(w.ID.Segment, segment));
  const demuxer = await openMatroska(memorySource(file), signal);
  const [video] = demuxer.tracks;
  if (video?.kind !== 'video') throw new Error('No video');
  const { start, end } = demuxer.payload;
  const samples = [];
  for await (const batch of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, signal))
    samples.push(...batch.samples);
  return { video, samples };
}

const avi = (fourcc: string, behind: Uint8Array = new Uint8Array()): Film => ({
  codec: AVI,
  private: concat([bitmapInfo(new TextEncoder().encode(fourcc), { width: 96, height: 64 }), behind]),
});

describe('Matroska', () => {
  test.each([
    { ...avi('WMV3'), name: 'of AVI', told: { codec: 'other', codecId: AVI, mayBeInterlaced: true } },
    { ...avi('DIV3'), name: 'of AVI, in frames', told: { codec: 'other', mayBeInterlaced: false } },
    { ...avi('dvsd'), name: 'DV of AVI', told: { codec: 'intra', codecId: AVI, mayBeInterlaced: true } },
    { ...avi('MPG2', sequence()), name: 'MPEG-2 of AVI', told: { codec: 'mpeg2', codecId: 'V_MPEG2' } },
    { ...avi('MJPG'), name: 'MJPEG of AVI', told: { codec: 'intra', codecId: 'V_MJPEG' } },
    {
      ...avi('WVC1', VC1),
      name: 'VC-1 of AVI',
      told: { codec: 'vc1', codecId: 'V_QUICKTIME', mayBeInterlaced: true },
    },
    { ...avi('WVC1'), name: 'VC-1 without headers', told: { codec: 'other', codecId: AVI } },
    {
      codec: 'V_REAL/RV40',
      private: bytesOf('00'),
      name: 'RealVideo',
      told: { codec: 'other', codecId: 'V_REAL/RV40' },
    },
    {
      codec: 'V_MPEG1',
      private: sequence(),
      name: 'MPEG-1 that is none',
      told: { codec: 'mpeg2', codecId: 'V_MPEG1' },
    },
    { codec: 'V_MPEG2', name: 'MPEG-2 without headers', told: { codec: 'mpeg2', mayBeInterlaced: true } },
    {
      codec: 'V_MPEG4/ISO/ASP',
      private: LAYER,
      name: 'MPEG-4',
      told: { codec: 'mpeg4', codecPrivate: LAYER },
    },
    { codec: 'V_WHAT', name: 'what nobody knows', told: { codec: 'other', mayBeInterlaced: true } },
    {
      ...{
        codec: 'V_QUICKTIME',
        private: quickTimeDescription('dvcp', { width: 96, height: 64 }, new Uint8Array()),
      },
      ...{ name: 'QuickTime', told: { codec: 'intra', codecId: 'V_QUICKTIME', mayBeInterlaced: true } },
    },
    {
      ...{ codec: 'V_QUICKTIME', private: bytesOf('53565133 00000000') },
      ...{ name: 'QuickTime that begins with the type', told: { codec: 'other', mayBeInterlaced: false } },
    },
  ])('$name', async ({ name: _, told, ...film }) => {
    const { video } = await open(film);
    expect(video).toMatchObject({ configs: [], unreadable: null, decodeOnly: told });
  });

  test.each([
    { codec: 'V_PRORES', flag: undefined, expected: true },
    { codec: 'V_PRORES', flag: 2, expected: false },
    { codec: 'V_THEORA', flag: undefined, expected: false },
    { codec: 'V_THEORA', flag: 1, expected: true },
    { codec: 'V_MPEG2', private: sequence(false), flag: 2, expected: true },
    { codec: 'V_MPEG2', private: sequence(true), flag: undefined, expected: false },
  ])('fields: $codec, FlagInterlaced $flag', async ({ flag, expected, ...film }) => {
    const { video } = await open({ ...film, ...(flag && { video: w.uint(w.ID.FlagInterlaced, flag) }) });
    expect(video.decodeOnly?.mayBeInterlaced).toBe(expected);
  });

  test('headers that only the first frame has', async () => {
    const frame = concat(greyFrame(0, 'sequence').map(({ data }) => data));
    const { video } = await open({ codec: 'V_MPEG2', frames: [bytesOf('000001010203'), frame] });
    expect(hexOf(video.decodeOnly?.codecPrivate ?? new Uint8Array())).toBe(hexOf(sequence()));
    expect(video).toMatchObject({ pixelAspect: { h: 8, v: 3 }, frameRate: { num: 25, den: 1 } });
  });

  test('fields in blocks of their own make one sample', async () => {
    const frames = [...greyFrame(0, 'sequence'), ...greyFrame(1, 'bare')].map(({ data }) => data);
    const { samples } = await open({ codec: 'V_MPEG2', frames });
    expect(samples.map(({ time, data }) => [time / 1e6, data.length])).toEqual([
      [0, frames.slice(0, 2).reduce((sum, { length }) => sum + length, 0)],
      [80, frames.slice(2).reduce((sum, { length }) => sum + length, 0)],
    ]);
  });

  test('VC-1 of AVI: presentation times, with start codes and without', async () => {
    const [i, p, b] = [bytesOf('60aabbccdd'), bytesOf('00aabbccdd'), bytesOf('40aabbccdd')];
    const withCode = (data: Uint8Array) => concat([bytesOf('0000010d'), data]);
    for (const frames of [[i, p, b, b, p], [i, p, b, b, p].map(withCode)]) {
      const { samples } = await open({ ...avi('WVC1', VC1), frames });
      expect(samples.map(({ time }) => time / 1e6)).toEqual([0, 120, 40, 80, 160]);
    }
  });

  test('a display size that is a mere ratio', async () => {
    const video = [w.uint(w.ID.DisplayWidth, 4), w.uint(w.ID.DisplayHeight, 3), w.uint(w.ID.DisplayUnit, 3)];
    expect((await open({ codec: 'V_THEORA', video })).video.pixelAspect).toEqual({ h: 8, v: 9 });
  });

  const counted = (frames: number) =>
    w.element(
      w.ID.Tags,
      w.element(
        w.ID.Tag,
        w.element(w.ID.Targets, w.uint(w.ID.TagTrackUID, 1)),
        w.element(
          w.ID.SimpleTag,
          w.string(w.ID.TagName, 'NUMBER_OF_FRAMES'),
          w.string(w.ID.TagString, String(frames)),
        ),
      ),
    );

  test.each([
    { name: 'a picture', film: { codec: 'V_MJPEG' }, isAttachedPicture: true },
    {
      name: 'a film with a rate',
      film: { codec: 'V_MJPEG', defaultDuration: 40_000_000 },
      isAttachedPicture: false,
    },
    { name: 'a film of many', film: { codec: 'V_MJPEG', behind: counted(250) }, isAttachedPicture: false },
    {
      name: 'a picture with a rate',
      film: { codec: 'V_MJPEG', defaultDuration: 40_000_000, behind: counted(1) },
      isAttachedPicture: true,
    },
    {
      name: 'one picture of another codec',
      film: { codec: 'V_MPEG2', behind: counted(1) },
      isAttachedPicture: false,
    },
  ])('$name: attached $isAttachedPicture', async ({ film, isAttachedPicture }) => {
    expect((await open(film)).video.isAttachedPicture).toBe(isAttachedPicture);
  });
});

describe('MP4', () => {
  const told = ({ decodeOnly }: VideoTrack) =>
    decodeOnly && { ...decodeOnly, codecPrivate: hexOf(decodeOnly.codecPrivate) };

  test.each([
    { entry: visual('mp4v', HD, esds(0x20, LAYER)), codecId: 'V_MPEG4/ISO/ASP', private: hexOf(LAYER) },
    { entry: visual('mp4v', HD, esds(0x61, sequence())), codecId: 'V_MPEG2', private: hexOf(sequence()) },
    { entry: visual('mp4v', HD, esds(0x6a, null)), codecId: 'V_MPEG1', private: '' },
    { entry: visual('mp4v', HD, esds(0x6c, null)), codecId: 'V_MJPEG', private: '' },
    { entry: visual('mp4v', HD), codecId: 'V_MPEG4/ISO/ASP', private: '' },
    { entry: visual('XVID', HD), codecId: 'V_MPEG4/ISO/ASP', private: '' },
    { entry: visual('vp08', HD), codecId: 'V_VP8', private: '' },
    { entry: visual('apch', HD), codecId: 'V_PRORES', private: '61706368' },
    { entry: visual('hdv3', HD), codecId: 'V_MPEG2', private: '' },
    { entry: visual('xd5b', HD), codecId: 'V_MPEG2', private: '' },
    {
      entry: visual('vvc1', HD),
      codecId: 'V_QUICKTIME',
      private: expect.stringMatching(/^0000005676766331/),
    },
    {
      entry: visual('dvh5', HD),
      codecId: 'V_QUICKTIME',
      private: expect.stringMatching(/^0000005664766835/),
    },
  ])('$codecId', ({ entry, codecId, private: codecPrivate }) => {
    expect(told(videoOf(entry))).toMatchObject({ codecId, codecPrivate });
  });

  test('VC-1 has its headers where a decoder finds them', () => {
    const track = videoOf(visual('vc-1', HD, box('dvc1', concat([bytesOf('c0000000000000'), VC1]))));
    expect(told(track)).toMatchObject({ codec: 'vc1', codecId: 'V_QUICKTIME', mayBeInterlaced: true });
    expect(hexOf(track.decodeOnly?.codecPrivate ?? new Uint8Array())).toMatch(new RegExp(`${hexOf(VC1)}$`));
  });

  test.each([
    { type: 'apcn', count: 1, expected: false },
    { type: 'apcn', count: 2, expected: true },
    { type: 'apcn', count: null, expected: true },
    { type: 'dvcp', count: 1, expected: true },
    { type: 's263', count: null, expected: false },
  ])('fields: $type with $count', ({ type, count, expected }) => {
    const fiel = count === null ? [] : [box('fiel', Uint8Array.of(count, 0))];
    expect(videoOf(visual(type, HD, ...fiel)).decodeOnly?.mayBeInterlaced).toBe(expected);
  });

  test('headers that only the first sample has', () => {
    const read = ofMovie('vide', visual('hdv2', HD));
    expect(read.readings).toHaveLength(1);
    expect(read.complete?.(bytesOf('0000010102'))).toBeNull();
    const completed = read.complete?.(concat([sequence(true), bytesOf('0000010000080000')]));
    expect(completed?.track).toMatchObject({
      decodeOnly: { codecPrivate: sequence(true), mayBeInterlaced: false },
    });
  });
});
