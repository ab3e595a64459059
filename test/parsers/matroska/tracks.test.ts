import { describe, expect, test } from 'vitest';
import { Master } from '../../../parsers/matroska/ebml.ts';
import { readTracks } from '../../../parsers/matroska/tracks.ts';
import { buildAvcRecord } from '../../../src/codecs/h264.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import type { AudioTrack, VideoTrack } from '../../../src/core/media.ts';
import { SPS_ROWS } from '../../codecs/h264-rows.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';

const read = (...entries: readonly w.Content[]) =>
  readTracks(new Master(child(w.tracks(...entries), w.ID.Tracks)?.data ?? new Uint8Array(), 0));
const first = (entry: w.Content) => {
  const [track] = read(entry);
  if (!track) throw new Error('No track.');
  return track;
};

const AVC = 'V_MPEG4/ISO/AVC';
const row = (name: string) => {
  const found = SPS_ROWS.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`No row ${name}.`);
  return { sps: w.hex(found.sps), pps: w.hex(found.pps) };
};
/** 1280x720, square samples, 25 fps. */
const square = row('progressive 720p');
/** 720x576 at 64:45. */
const wide = row('interlaced 576i, 16:9');
const recordOf = ({ sps, pps }: { sps: Uint8Array; pps: Uint8Array }) =>
  buildAvcRecord({ sps: [sps], pps: [pps] });
const startCode = w.hex('00000001');
/** The sets and a slice with 4-byte lengths. */
const lengths = ({ sps, pps }: { sps: Uint8Array; pps: Uint8Array }, slice: Uint8Array) =>
  w.bytes([sps, pps, slice].map((nal) => [w.hex(nal.length.toString(16).padStart(8, '0')), nal]));

interface VideoOptions extends Partial<w.TrackOptions> {
  readonly video?: w.Content;
  readonly width?: number;
  readonly height?: number;
}
const videoEntry = (options: VideoOptions = {}) =>
  w.videoTrack({ number: 1, codec: AVC, private: recordOf(square), width: 1280, height: 720, ...options });
const video = (options: VideoOptions = {}) => first(videoEntry(options)).track as VideoTrack;

interface AudioOptions extends Partial<w.TrackOptions> {
  readonly rate?: number;
  readonly channels?: number;
  readonly audio?: w.Content;
}
const audioEntry = (options: AudioOptions = {}) =>
  w.audioTrack({ number: 2, codec: 'A_AAC', private: w.hex('1190'), rate: 48_000, channels: 2, ...options });
const audio = (options: AudioOptions = {}) => first(audioEntry(options)).track as AudioTrack;

describe('what every track says', () => {
  test.each([
    {
      name: 'nothing',
      options: {},
      expected: { language: 'en', isDefault: true, isEnabled: true, isForced: false, name: null },
    },
    { name: 'Language', options: { language: 'ger' }, expected: { language: 'de' } },
    { name: 'und', options: { language: 'und' }, expected: { language: 'und' } },
    {
      name: 'LanguageBCP47 before Language',
      options: { language: 'por', extra: w.string(w.ID.LanguageBCP47, 'pt-BR') },
      expected: { language: 'pt-BR' },
    },
    { name: 'a language that is none', options: { language: '???' }, expected: { language: 'und' } },
    { name: 'a name', options: { name: 'Kommentar' }, expected: { name: 'Kommentar' } },
    { name: 'a text', expected: { text: { codec: 'subrip' }, isForHearingImpaired: false }, options: {} },
    { name: 'an empty name', options: { name: '' }, expected: { name: null } },
    { name: 'not default', options: { isDefault: false }, expected: { isDefault: false } },
    { name: 'not enabled', options: { extra: w.uint(w.ID.FlagEnabled, 0) }, expected: { isEnabled: false } },
    { name: 'forced', options: { extra: w.uint(w.ID.FlagForced, 1) }, expected: { isForced: true } },
    {
      name: 'for the hearing impaired',
      options: { extra: w.uint(w.ID.FlagHearingImpaired, 1) },
      expected: { isForHearingImpaired: true },
    },
    {
      name: 'what its texts are written in',
      options: { codec: 'S_TEXT/ASS', private: Uint8Array.of(1) },
      expected: { sourceCodec: 'S_TEXT/ASS', text: { codec: 'ass', setup: Uint8Array.of(1) } },
    },
    {
      name: 'pictures',
      options: { codec: 'S_HDMV/PGS' },
      expected: { sourceCodec: 'S_HDMV/PGS', text: null },
    },
  ])('$name', ({ options, expected }) => {
    const [track] = read(w.subtitleTrack({ number: 3, codec: 'S_TEXT/UTF8', ...options }));
    expect(track?.track).toMatchObject({
      id: 3,
      index: 0,
      kind: 'subtitle',
      sourceCodec: 'S_TEXT/UTF8',
      ...expected,
    });
  });

  test('kinds, in file order; those without a number and those that repeat one are left out', () => {
    const list = read(
      videoEntry({ number: 7 }),
      audioEntry({ number: 0 }),
      audioEntry({ number: 7, name: 'again' }),
      audioEntry({ number: 200 }),
      w.element(w.ID.TrackEntry, w.uint(w.ID.TrackNumber, 9), w.uint(w.ID.TrackType, 33)),
      w.element(w.ID.TrackEntry),
    );
    expect(list.map(({ track }) => [track.id, track.index, track.kind])).toEqual([
      [7, 0, 'video'],
      [200, 1, 'audio'],
      [9, 2, 'other'],
    ]);
  });

  test('more tracks than the limit', () => {
    const entries = Array.from({ length: LIMITS.tracks + 1 }, (_, i) =>
      w.subtitleTrack({ number: i + 1, codec: 'S' }),
    );
    expect(() => read(entries)).toThrow(/257 tracks, at most 256/);
    expect(read(entries.slice(1))).toHaveLength(LIMITS.tracks);
  });

  test.each([
    'constructor',
    '__proto__',
    '__defineGetter__',
    'toString',
    '',
    'V_UNKNOWN',
  ])('codec %s is unknown, nothing else', (codec) => {
    expect(video({ codec }).configs).toEqual([]);
    expect(audio({ codec }).configs).toEqual([]);
  });
});

describe('H.264', () => {
  test.each([
    { name: 'a record', private: recordOf(square) },
    {
      name: 'a record with 2-byte lengths',
      private: recordOf(square).map((byte, i) => (i === 4 ? 0xfd : byte)),
    },
    { name: 'Annex B', private: w.bytes(startCode, square.sps, startCode, square.pps) },
  ])('CodecPrivate is $name: the record has 4-byte lengths', ({ private: data }) => {
    const track = video({ private: data });
    expect(track).toMatchObject({ width: 1280, height: 720, reorderDepth: 2, unreadable: null });
    expect(track.configs).toEqual([{ codec: 'h264', record: recordOf(square) }]);
  });

  test.each([
    { name: 'a record', private: recordOf(square), stored: '00000002 6501', usable: true },
    {
      name: 'a record with 2-byte lengths',
      private: recordOf(square).map((byte, i) => (i === 4 ? 0xfd : byte)),
      stored: '0002 6501',
      usable: false,
    },
    {
      name: 'Annex B',
      private: w.bytes(startCode, square.sps, startCode, square.pps),
      stored: '000001 6501',
      usable: false,
    },
  ])('frames behind $name get 4-byte lengths', ({ private: data, stored, usable }) => {
    const { block } = first(videoEntry({ private: data }));
    expect([...block.normalize(w.hex(stored))]).toEqual([...w.hex('000000026501')]);
    expect(block.isPrefixUsable).toBe(usable);
  });

  test.each([
    { name: 'none', private: undefined },
    { name: 'empty', private: new Uint8Array(0) },
    { name: 'of version 2', private: w.hex('02640028ffe0') },
    { name: 'a record without sets', private: w.hex('01640028ffe000') },
    { name: 'cut off', private: recordOf(square).subarray(0, 20) },
  ])('CodecPrivate $name: a picture with parameter sets completes the track', ({ private: data }) => {
    const entry = w.videoTrack({
      number: 1,
      codec: AVC,
      width: 64,
      height: 36,
      ...(data && { private: data }),
    });
    const [pending, sound] = read(entry, audioEntry());
    expect(pending?.track).toMatchObject({ configs: [], width: 64, height: 36 });
    expect(pending?.complete?.(w.hex('00000002 4101'), false)).toBeNull();
    const frame = w.bytes(startCode, square.sps, startCode, square.pps, startCode, w.hex('6588'));
    const complete = pending?.complete?.(data?.[0] === 1 ? lengths(square, w.hex('6588')) : frame, true);
    expect(complete?.track).toMatchObject({
      configs: [{ codec: 'h264', record: recordOf(square) }],
      width: 1280,
    });
    expect(complete?.complete).toBeNull();
    expect(sound?.track).toMatchObject({ kind: 'audio', unreadable: null, sampleRate: 48_000 });
  });

  test.each([
    { codec: 'V_MJPEG', isAttachedPicture: true },
    { codec: 'V_PNG', isAttachedPicture: true },
    { codec: AVC, isAttachedPicture: false },
  ])('$codec is a picture: $isAttachedPicture', ({ codec, isAttachedPicture }) => {
    expect(video({ codec }).isAttachedPicture).toBe(isAttachedPicture);
  });
});

const display = (width: number, height: number, unit?: number): w.Content => [
  w.uint(w.ID.DisplayWidth, width),
  w.uint(w.ID.DisplayHeight, height),
  unit === undefined ? [] : w.uint(w.ID.DisplayUnit, unit),
];
const pal = { private: recordOf(wide), width: 720, height: 576 };

describe('pixel aspect', () => {
  test.each([
    { name: 'the bitstream alone', options: pal, aspect: [64, 45] },
    {
      name: 'display size agrees with the bitstream',
      options: { ...pal, video: display(1024, 576) },
      aspect: [64, 45],
    },
    { name: 'display size rounded', options: { ...pal, video: display(1021, 575) }, aspect: [64, 45] },
    {
      name: 'display size of another shape wins',
      options: { ...pal, video: display(768, 576) },
      aspect: [16, 15],
    },
    {
      name: 'display as large as coded: square',
      options: { ...pal, video: display(720, 576) },
      aspect: [1, 1],
    },
    { name: 'square, enlarged', options: { video: display(2560, 1440) }, aspect: [1, 1] },
    {
      name: 'display as aspect ratio (unit 3)',
      options: { ...pal, video: display(16, 9, 3) },
      aspect: [64, 45],
    },
    { name: 'display in centimetres', options: { video: display(40, 30, 1) }, aspect: [1, 1] },
    { name: 'display of 0', options: { ...pal, video: display(0, 0) }, aspect: [64, 45] },
    {
      name: 'cropped',
      options: {
        codec: 'V_X',
        width: 720,
        height: 576,
        video: [display(720, 432), w.uint(w.ID.PixelCropTop, 72), w.uint(w.ID.PixelCropBottom, 72)],
      },
      aspect: [1, 1],
    },
    {
      name: 'cropped away',
      options: {
        codec: 'V_X',
        width: 720,
        height: 576,
        video: [display(720, 432), w.uint(w.ID.PixelCropTop, 600)],
      },
      aspect: [1, 1],
    },
    {
      name: 'sizes whose product no number holds',
      options: { codec: 'V_X', video: display(2 ** 52 + 1, 2 ** 51 + 1) },
      aspect: [1, 1],
    },
  ])('$name: $aspect', ({ options, aspect: [h, v] }) => {
    expect(video(options).pixelAspect).toEqual({ h, v });
  });
});

const colour = (...values: readonly number[]): w.Content => {
  const ids = [w.ID.Primaries, w.ID.TransferCharacteristics, w.ID.MatrixCoefficients, w.ID.Range];
  return w.element(
    w.ID.Colour,
    values.map((value, i) => w.uint(ids[i] ?? 0, value)),
  );
};
const roll = (degrees: number, type?: number): w.Content =>
  w.element(
    w.ID.Projection,
    type === undefined ? [] : w.uint(w.ID.ProjectionType, type),
    w.float(w.ID.ProjectionPoseRoll, degrees),
  );

describe('colour and rotation', () => {
  test.each([
    { name: 'absent', element: [], expected: null },
    {
      name: 'BT.709 limited',
      element: colour(1, 1, 1, 1),
      expected: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
    },
    {
      name: 'PQ full',
      element: colour(9, 16, 9, 2),
      expected: { primaries: 9, transfer: 16, matrix: 9, fullRange: true },
    },
    {
      name: 'primaries alone',
      element: colour(5),
      expected: { primaries: 5, transfer: 2, matrix: 2, fullRange: false },
    },
    { name: 'unspecified', element: colour(2, 2, 2, 2), expected: null },
    { name: 'empty', element: w.element(w.ID.Colour), expected: null },
  ])('colour $name', ({ element, expected }) => {
    expect(video({ codec: 'V_X', video: element }).colour).toEqual(expected);
  });

  test.each([
    { name: 'absent', element: [], rotation: 0 },
    { name: '0', element: roll(0), rotation: 0 },
    { name: '90 counter-clockwise', element: roll(90), rotation: 270 },
    { name: '-90', element: roll(-90), rotation: 90 },
    { name: '180', element: roll(180), rotation: 180 },
    { name: '-180', element: roll(-180), rotation: 180 },
    { name: '89.7', element: roll(89.7), rotation: 270 },
    { name: '270', element: roll(270), rotation: 90 },
    { name: 'of a spherical film', element: roll(90, 1), rotation: 0 },
    { name: 'not a number', element: roll(Number.NaN), rotation: 0 },
    { name: 'infinite', element: roll(Number.POSITIVE_INFINITY), rotation: 0 },
  ])('rotation $name', ({ element, rotation }) => {
    expect(video({ video: element }).rotation).toBe(rotation);
  });

  test.each([
    { name: 'film', defaultDuration: 41_708_333, rate: { num: 24_000, den: 1001 } },
    { name: '25', defaultDuration: 40_000_000, rate: { num: 25, den: 1 } },
    { name: 'no standard', defaultDuration: 70_000_000, rate: { num: 100, den: 7 } },
    { name: 'over ten seconds: the bitstream', defaultDuration: 11_000_000_000, rate: { num: 25, den: 1 } },
    { name: 'absent: the bitstream', defaultDuration: undefined, rate: { num: 25, den: 1 } },
  ])('frame rate $name', ({ defaultDuration, rate }) => {
    const { num = 0, den = 1 } = video(defaultDuration ? { defaultDuration } : {}).frameRate ?? {};
    expect(num / den).toBe(rate.num / rate.den);
    if (defaultDuration && defaultDuration < 1e10) expect({ num, den }).toEqual(rate);
  });
});

describe('AAC', () => {
  test.each([
    { name: 'LC stereo 48 kHz', asc: '1190', rate: 48_000, channels: 2, frameSize: 1024 },
    { name: 'LC mono 44.1 kHz', asc: '1208', rate: 44_100, channels: 1, frameSize: 1024 },
    { name: 'LC 5.1 48 kHz', asc: '11b0', rate: 48_000, channels: 6, frameSize: 1024 },
    { name: 'frames of 960', asc: '1194', rate: 48_000, channels: 2, frameSize: 960 },
    { name: 'HE-AAC, hierarchical', asc: '2b118800', rate: 48_000, channels: 2, frameSize: 2048 },
    { name: 'HE-AAC, backward compatible', asc: '131056e598', rate: 48_000, channels: 2, frameSize: 2048 },
  ])('$name', ({ asc, rate, channels, frameSize }) => {
    const { track, block } = first(audioEntry({ private: w.hex(asc) }));
    expect(track).toMatchObject({ sampleRate: rate, channels, frameSize, unreadable: null });
    expect((track as AudioTrack).configs).toEqual([{ codec: 'aac', record: w.bytes(w.hex(asc)) }]);
    expect(block.frameDuration).toBeCloseTo((frameSize * 1e9) / rate, 3);
  });

  test.each([
    { codec: 'A_AAC/MPEG4/LC', rate: 48_000, channels: 2, asc: '1190', frameSize: 1024 },
    { codec: 'A_AAC/MPEG2/LC', rate: 44_100, channels: 1, asc: '1208', frameSize: 1024 },
    { codec: 'A_AAC/MPEG4/MAIN', rate: 48_000, channels: 2, asc: '0990', frameSize: 1024 },
    { codec: 'A_AAC/MPEG4/LTP', rate: 48_000, channels: 2, asc: '2190', frameSize: 1024 },
    { codec: 'A_AAC/MPEG4/LC', rate: 48_000, channels: 6, asc: '11b0', frameSize: 1024 },
    { codec: 'A_AAC/MPEG4/LC', rate: 48_000, channels: 8, asc: '11b8', frameSize: 1024 },
  ])('$codec, $channels channels at $rate Hz', ({ codec, rate, channels, asc, frameSize }) => {
    const entry = w.audioTrack({ number: 2, codec, rate, channels });
    const track = first(entry).track as AudioTrack;
    expect(track).toMatchObject({ sampleRate: rate, channels, frameSize, unreadable: null });
    expect(Buffer.from(track.configs[0]?.record ?? []).toString('hex')).toBe(asc);
  });

  test.each([
    { name: 'with the output rate', audio: w.float(w.ID.OutputSamplingFrequency, 48_000) },
    { name: 'without', audio: [] },
  ])('A_AAC/MPEG4/LC/SBR $name', ({ audio: extra }) => {
    const entry = w.audioTrack({
      number: 2,
      codec: 'A_AAC/MPEG4/LC/SBR',
      rate: 24_000,
      channels: 2,
      audio: extra,
    });
    expect(first(entry).track).toMatchObject({ sampleRate: 48_000, frameSize: 2048, channels: 2 });
  });

  test.each([
    { name: 'no private data', private: undefined, unreadable: null },
    { name: 'one byte', private: w.hex('11'), unreadable: null },
    { name: 'cut off', private: w.hex('f800'), unreadable: /./ },
    { name: 'no AAC', private: w.hex('ffffffff'), unreadable: /./ },
  ])('$name: no config', ({ private: data, unreadable }) => {
    const entry = w.audioTrack({
      number: 2,
      codec: 'A_AAC',
      rate: 22_050,
      channels: 1,
      ...(data && { private: data }),
    });
    const track = first(entry).track as AudioTrack;
    expect(track).toMatchObject({ configs: [], sampleRate: 22_050, channels: 1, frameSize: null });
    if (unreadable) expect(track.unreadable).toMatch(unreadable);
    else expect(track.unreadable).toBeNull();
  });

  test.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    0,
    1e30,
  ])('a legacy track at %s Hz has no wild numbers', (rate) => {
    const track = first(w.audioTrack({ number: 2, codec: 'A_AAC/MPEG4/LC', rate, channels: 2 }))
      .track as AudioTrack;
    for (const config of track.configs) expect(config.record.length).toBeGreaterThan(1);
    expect(Number.isSafeInteger(track.sampleRate) && track.sampleRate >= 0).toBe(true);
  });
});

const encoding = (...content: readonly w.Content[]) =>
  w.element(w.ID.ContentEncodings, w.element(w.ID.ContentEncoding, content));
const zlib = w.element(w.ID.ContentCompression, w.uint(w.ID.ContentCompAlgo, 0));

describe('content encodings', () => {
  test.each([
    { name: 'none', extra: [], unreadable: null },
    { name: 'header stripping', extra: w.headerStripping(w.hex('000000')), unreadable: null },
    { name: 'zlib', extra: w.compression(0), unreadable: null },
    {
      name: 'zlib by default',
      extra: encoding(w.element(w.ID.ContentCompression)),
      unreadable: null,
    },
    { name: 'bzlib', extra: w.compression(1), unreadable: 'compressed with bzlib' },
    { name: 'lzo', extra: w.compression(2), unreadable: 'compressed with lzo1x' },
    { name: 'an unknown one', extra: w.compression(9), unreadable: 'compressed with algorithm 9' },
    {
      name: 'encryption',
      extra: encoding(w.uint(w.ID.ContentEncodingType, 1), w.element(w.ID.ContentEncryption)),
      unreadable: 'encrypted',
    },
    {
      name: 'encryption without its type',
      extra: encoding(w.element(w.ID.ContentEncryption)),
      unreadable: 'encrypted',
    },
    {
      name: 'a chain too long',
      extra: w.element(
        w.ID.ContentEncodings,
        [0, 1, 2, 3, 4].map((order) =>
          w.element(w.ID.ContentEncoding, w.uint(w.ID.ContentEncodingOrder, order), zlib),
        ),
      ),
      unreadable: '5 content encodings in a chain',
    },
  ])('$name', ({ extra, unreadable }) => {
    expect(first(audioEntry({ extra })).track.unreadable).toBe(unreadable);
  });

  test('CodecDelay', () => {
    expect(first(audioEntry({ extra: w.uint(w.ID.CodecDelay, 6_500_000) })).block.codecDelay).toBe(6_500_000);
  });
});
