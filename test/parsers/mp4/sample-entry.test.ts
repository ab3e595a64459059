import { describe, expect, it, test } from 'vitest';
import { parseSampleDescriptions } from '../../../parsers/mp4/sample-entry.ts';
import { readTracks, tracksOf } from '../../../parsers/mp4/tracks.ts';
import { codecString } from '../../../src/codecs/codecs.ts';
import { buildAvcRecord, parseAvcRecord } from '../../../src/codecs/h264.ts';
import { joinLengthPrefixed } from '../../../src/codecs/nal.ts';
import type { Track } from '../../../src/core/media.ts';
import { SPS_ROWS } from '../../codecs/h264-rows.ts';
import { bytesOf, hexOf } from '../../helpers/hex.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import {
  ascii,
  box,
  esds,
  fourcc,
  full,
  mvhd,
  type Part,
  parse,
  serialize,
  sound,
  trak,
  u8,
  u16,
  u32,
  visual,
  zeros,
} from './movie-writer.ts';

import { aac, av1, avcC, avcRecord, dolby, HD, hevc, hvcRecord, ofMovie, videoOf } from './picture-writer.ts';

describe('codecs', () => {
  const hvcC = box('hvcC', hvcRecord);
  const vpcC = full('vpcC', 1, u8(0, 31, 0x82, 1, 1, 1), u16(0));
  const av1C = box('av1C', bytesOf(av1.record), bytesOf(av1.obu));

  it.each([
    ...['avc1', 'avc2', 'avc3', 'avc4', 'dva1', 'dvav'].map((type) => ({
      type,
      child: avcC,
      string: 'avc1.64001f',
    })),
    ...['hvc1', 'hev1', 'dvhe', 'dvh1'].map((type) => ({ type, child: hvcC, string: hevc.codec })),
    { type: 'vp09', child: vpcC, string: 'vp09.00.31.08.01.01.01.01.00' },
    { type: 'av01', child: av1C, string: av1.codec },
    { type: 'dav1', child: av1C, string: av1.codec },
  ])('$type is $string', ({ type, child, string }) => {
    const track = videoOf(visual(type, HD, child));
    expect(codecString(track)).toBe(string);
    expect(track).toMatchObject({ sourceCodec: type, unreadable: null, frameRate: null });
  });

  it.each<{ name: string; handler: string; entry: Part; kind: Track['kind']; codec: string }>([
    {
      name: 'MPEG-4',
      handler: 'vide',
      entry: visual('mp4v', HD, esds(0x20, u8(0))),
      kind: 'video',
      codec: 'mp4v.20 (mpeg4)',
    },
    {
      name: 'MPEG-2',
      handler: 'vide',
      entry: visual('mp4v', HD, esds(0x61, null)),
      kind: 'video',
      codec: 'mp4v.61 (mpeg2video)',
    },
    { name: 'VP8', handler: 'vide', entry: visual('vp08', HD), kind: 'video', codec: 'vp08 (vp8)' },
    { name: 'ProRes', handler: 'vide', entry: visual('apcn', HD), kind: 'video', codec: 'apcn (prores)' },
    { name: 'AMR', handler: 'soun', entry: sound('samr'), kind: 'audio', codec: 'samr (amr_nb)' },
    {
      name: 'QCELP',
      handler: 'soun',
      entry: sound('mp4a', {}, esds(0xe1, null)),
      kind: 'audio',
      codec: 'mp4a.e1 (qcelp)',
    },
    {
      name: 'ADPCM of Microsoft',
      handler: 'soun',
      entry: sound('ms\0\x02'),
      kind: 'audio',
      codec: 'ms 0x0002 (adpcm_ms)',
    },
    { name: 'of no known type', handler: 'soun', entry: sound('zz\x01\xff'), kind: 'audio', codec: 'zz??' },
    {
      name: 'timed text',
      handler: 'sbtl',
      entry: box('tx3g', zeros(6), u16(1), zeros(30)),
      kind: 'subtitle',
      codec: 'tx3g (mov_text)',
    },
    {
      name: 'WebVTT',
      handler: 'text',
      entry: box('wvtt', zeros(6), u16(1)),
      kind: 'subtitle',
      codec: 'wvtt (webvtt)',
    },
    {
      name: 'captions',
      handler: 'clcp',
      entry: box('c608', zeros(6), u16(1)),
      kind: 'subtitle',
      codec: 'c608 (eia_608)',
    },
    {
      name: 'VobSub',
      handler: 'subp',
      entry: box('mp4s', zeros(6), u16(1), esds(0xe0, zeros(64))),
      kind: 'subtitle',
      codec: 'mp4s.e0 (dvd_subtitle)',
    },
    { name: 'timecode', handler: 'tmcd', entry: box('tmcd', zeros(26)), kind: 'other', codec: 'tmcd' },
    { name: 'metadata', handler: 'meta', entry: box('mebx', zeros(6), u16(1)), kind: 'other', codec: 'mebx' },
    {
      name: 'a handler that nobody knows',
      handler: 'what',
      entry: visual('avc1', HD, avcC),
      kind: 'video',
      codec: 'avc1',
    },
  ])('named: $name', ({ handler, entry, kind, codec }) => {
    const { track } = ofMovie(handler, entry);
    expect([track.kind, track.sourceCodec, track.unreadable]).toEqual([kind, codec, null]);
  });

  it.each([
    { count: 1, isAttachedPicture: true },
    { count: 2, isAttachedPicture: false },
  ])('a JPEG track of $count pictures', ({ count, isAttachedPicture }) => {
    const tables = [full('stsz', 0, u32(0, count, 5, 5))];
    expect(videoOf(visual('jpeg', HD), { tables }).isAttachedPicture).toBe(isAttachedPicture);
    expect(videoOf(visual('mp4v', HD, esds(0x6c, null)), { tables }).isAttachedPicture).toBe(
      isAttachedPicture,
    );
    expect(videoOf(visual('avc1', HD, avcC), { tables }).isAttachedPicture).toBe(false);
  });

  test('pictures and titles of chapters are neither films nor subtitles', () => {
    const movie = parse(
      mvhd(),
      trak({ id: 1, entries: [visual('avc1', HD, avcC)], extra: [box('tref', box('chap', u32(2, 3)))] }),
      trak({ id: 2, handler: 'text', entries: [box('text', zeros(40))] }),
      trak({ id: 3, entries: [visual('jpeg', HD)] }),
    );
    const [film, titles, pictures] = tracksOf(movie);
    expect(film).toMatchObject({ kind: 'video', isAttachedPicture: false });
    expect(titles?.kind).toBe('other');
    expect(pictures).toMatchObject({ kind: 'video', isAttachedPicture: true });
  });

  test('subtitles of which all are forced', () => {
    const tx3g = (flags: number) => box('tx3g', zeros(6), u16(1), u32(flags), zeros(26));
    expect(ofMovie('sbtl', tx3g(0xc0000000)).track.isForced).toBe(true);
    expect(ofMovie('sbtl', tx3g(0x40000000)).track.isForced).toBe(false);
  });
});

describe('encryption', () => {
  const sinf = (format: string, scheme: string | null) =>
    box(
      'sinf',
      box('frma', fourcc(format)),
      ...(scheme ? [full('schm', 0, fourcc(scheme), u32(0x10000))] : []),
      box('schi', full('tenc', 0, zeros(20))),
    );
  const mp4a = esds(0x40, aac);

  it.each(['cenc', 'cbcs', 'cens', 'cbc1', 'piff'])('%s is named, and what was encrypted', (scheme) => {
    const video = videoOf(visual('encv', HD, avcC, sinf('avc1', scheme)));
    expect(video).toMatchObject({ sourceCodec: 'avc1', unreadable: `encrypted (${scheme})`, width: 1280 });
    const { track } = ofMovie('soun', sound('enca', {}, mp4a, sinf('mp4a', scheme)));
    expect(track).toMatchObject({ sourceCodec: 'mp4a.40', unreadable: `encrypted (${scheme})`, channels: 2 });
  });

  it.each([
    {
      name: 'no scheme',
      entry: sound('enca', {}, mp4a, sinf('mp4a', null)),
      codec: 'mp4a.40',
      reason: 'encrypted (unknown scheme)',
    },
    {
      name: 'no scheme information',
      entry: sound('enca', {}, mp4a),
      codec: 'enca',
      reason: 'encrypted (unknown scheme)',
    },
    { name: 'FairPlay', entry: sound('drms', {}, mp4a), codec: 'drms', reason: 'encrypted (FairPlay)' },
    {
      name: 'of a codec that is not known',
      entry: sound('enca', {}, sinf('ac-4', 'cenc')),
      codec: 'ac-4',
      reason: 'encrypted (cenc)',
    },
  ])('$name', ({ entry, codec, reason }) => {
    const { track, readings, complete } = ofMovie('soun', entry);
    expect([track.sourceCodec, track.unreadable, readings, complete]).toEqual([codec, reason, [null], null]);
  });
});

describe('several descriptions', () => {
  const other = SPS_ROWS.find(({ expected }) => expected.width === 720);
  const second = buildAvcRecord({ sps: [bytesOf(other?.sps ?? '')], pps: [bytesOf(other?.pps ?? '')] });
  const encrypted = visual('encv', HD, avcC, box('sinf', box('frma', fourcc('avc1'))));
  const [clear, changed] = [visual('avc1', HD, avcC), visual('avc1', HD, box('avcC', second))];
  const chunk = (description: number) => [
    full('stsz', 0, u32(5, 1)),
    full('stsc', 0, u32(1, 1, 1, description)),
  ];
  const describedBy = (entries: readonly Part[], tables: readonly Part[] = []) => {
    const [read] = readTracks(parse(mvhd(), trak({ entries, tables })));
    return {
      main: read?.main,
      readings: read?.readings.map((reading) => {
        const config = reading && 'config' in reading.setup ? reading.setup.config : null;
        return reading && hexOf((config as { record?: Uint8Array } | null)?.record ?? new Uint8Array());
      }),
      records: read?.track.kind === 'video' && read.track.configs.map(({ record }) => hexOf(record)),
      unreadable: read?.track.unreadable,
    };
  };

  test('of one codec make one track', () => {
    expect(describedBy([clear, changed, clear])).toEqual({
      main: 1,
      readings: [hexOf(avcRecord), hexOf(second), hexOf(avcRecord)],
      records: [hexOf(avcRecord)],
      unreadable: null,
    });
  });

  test('the track is told by that of its first sample', () => {
    expect(describedBy([clear, changed], chunk(2))).toMatchObject({ main: 2, records: [hexOf(second)] });
    expect(describedBy([clear, changed], chunk(9))).toMatchObject({ main: 1, records: [hexOf(avcRecord)] });
  });

  const IDR = '0000000265b8';
  const DELIMITER = '0000000209f0';
  const OTHER = '0000000241e0';
  const read = (entries: readonly Part[], at: number, sample: string) => {
    const [{ readings = [] } = {}] = readTracks(parse(mvhd(), trak({ entries })));
    return hexOf(readings[at]?.setup.normalize(bytesOf(sample)) ?? bytesOf(''));
  };
  const prefixed = (...nals: readonly Uint8Array[]) => hexOf(joinLengthPrefixed(nals));

  test('pictures carry the sets of theirs where decoding can begin, behind a delimiter', () => {
    const { sps, pps } = parseAvcRecord(avcRecord);
    const own = prefixed(...sps, ...pps);
    const others = prefixed(bytesOf(other?.sps ?? ''), bytesOf(other?.pps ?? ''));
    expect(read([clear, changed], 0, IDR)).toBe(own + IDR);
    expect(read([clear, changed], 1, IDR)).toBe(others + IDR);
    expect(read([clear, changed], 1, DELIMITER + IDR)).toBe(DELIMITER + others + IDR);
    expect(read([clear, changed], 1, OTHER)).toBe(OTHER);
  });

  test('described alike they stay as they are', () => expect(read([clear, clear], 1, IDR)).toBe(IDR));

  test('those that are encrypted are none', () => {
    expect(describedBy([encrypted, clear], chunk(2))).toMatchObject({
      readings: [null, hexOf(avcRecord)],
      unreadable: null,
    });
    expect(describedBy([encrypted, clear], chunk(1)).unreadable).toMatch(/^encrypted/);
  });

  test('fragments begin with their default', () => {
    const read = (description: number) => {
      const trex = full('trex', 0, u32(1, description, 0, 0, 0));
      return tracksOf(parse(mvhd(), trak({ entries: [encrypted, clear] }), box('mvex', trex)))[0]?.unreadable;
    };
    expect([read(1), read(2)]).toEqual(['encrypted (unknown scheme)', null]);
  });

  test('too many', () => {
    const entries = Array.from({ length: 1100 }, () => box('tmcd', zeros(8)));
    expect(tracksOf(parse(mvhd(), trak({ handler: 'tmcd', entries })))[0]?.unreadable).toMatch(/1024/);
  });
});

test.each([
  { name: 'video', handler: 'vide', bytes: 40 },
  { name: 'audio', handler: 'soun', bytes: 20 },
])('an entry that is cut off: $name', ({ name, handler, bytes }) => {
  const { track } = ofMovie(handler, box(handler === 'vide' ? 'avc1' : 'mp4a', zeros(bytes - 20)));
  expect(track.kind).toBe(name);
  expect(track.unreadable).toMatch(/expected/);
});

const SMALL = u8(1, 100, 0, 31, 0xff, 0xe0, 0);

it.each<{ name: string; handler: string; entry: Part }>([
  {
    name: 'pictures',
    handler: 'vide',
    entry: visual(
      'encv',
      [64, 64],
      box('avcC', SMALL),
      box('pasp', u32(4, 3)),
      box('colr', fourcc('nclx'), u16(1, 1, 1), u8(0)),
      box('clap', u32(704, 1, 480, 1)),
      box('dvcC', dolby(7, 6)),
      box('sinf', box('frma', fourcc('avc1')), full('schm', 0, fourcc('cenc'))),
    ),
  },
  {
    name: 'sound of QuickTime',
    handler: 'soun',
    entry: sound(
      'mp4a',
      { version: 1, more: u32(1024, 0, 0, 2) },
      box('wave', box('frma', fourcc('mp4a')), box('enda', u16(1)), esds(0x40, bytesOf('1188e5a0'))),
    ),
  },
  { name: 'Vorbis', handler: 'soun', entry: sound('mp4a', {}, esds(0xdd, ascii('\x02\x01\x01ab'))) },
])('any byte changed in an entry: $name', ({ handler, entry }) => {
  const stsd = serialize(u32(0, 1), entry);
  expectMediaErrors(stsd, (bytes) =>
    parseSampleDescriptions(
      { type: 'stsd', uuid: null, start: 0, content: 8, end: 8 + bytes.length, bytes },
      handler,
    ).map((one) => 'codec' in one && one.codec?.fromSample?.(bytesOf('00000001aa'))),
  );
});
