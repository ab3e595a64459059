import { describe, expect, it, test } from 'vitest';
import { readTracks } from '../../../parsers/mp4/tracks.ts';
import { buildHvcRecord } from '../../../src/codecs/h265.ts';
import { joinAnnexB, joinLengthPrefixed, splitLengthPrefixed } from '../../../src/codecs/nal.ts';
import { bytesOf, hexOf } from '../../helpers/hex.ts';
import {
  box,
  fourcc,
  full,
  movieOf,
  type Part,
  serialize,
  u8,
  u16,
  u32,
  visual,
  zeros,
} from './movie-writer.ts';

import {
  avcC,
  avcRecord,
  dolby,
  HD,
  hevc,
  hevcSets,
  hvcRecord,
  ofMovie,
  pps,
  pq,
  sps,
  videoOf,
} from './picture-writer.ts';

describe('parameter sets', () => {
  const slice = bytesOf('65888400ff');
  const picture = [sps, pps, slice];
  const withLengths = (size: number, nals: readonly Uint8Array[]) =>
    serialize(...nals.flatMap((nal) => [serialize(u32(nal.length)).subarray(4 - size), nal]));
  const empty = (lengthSize: number) => u8(1, 100, 0, 31, 0xfc | (lengthSize - 1), 0xe0, 0);

  it.each([
    { name: 'none (avc3)', children: [box('avcC', empty(4))], sample: withLengths(4, picture) },
    { name: 'none, lengths of 2 bytes', children: [box('avcC', empty(2))], sample: withLengths(2, picture) },
    { name: 'no avcC', children: [], sample: withLengths(4, picture) },
    { name: 'no avcC, Annex B', children: [], sample: joinAnnexB(picture) },
    {
      name: 'a broken avcC',
      children: [box('avcC', avcRecord.subarray(0, 12))],
      sample: withLengths(4, picture),
    },
  ])('$name: the first picture that has them tells', ({ children, sample }) => {
    const read = ofMovie('vide', visual('avc3', HD, ...children));
    expect(read.track).toMatchObject({ configs: [], unreadable: null, width: 1280, height: 720 });
    expect(read.complete?.(withLengths(4, [slice]))).toBeNull();
    expect(read.complete?.(bytesOf('ffff'))).toBeNull();
    const done = read.complete?.(sample);
    expect(done?.track).toMatchObject({ configs: [{ codec: 'h264', record: avcRecord }], reorderDepth: 2 });
    const normal = done?.readings[0]?.setup.normalize(sample) ?? zeros(0);
    expect([...splitLengthPrefixed(normal, 4)]).toEqual(picture);
  });

  it.each([1, 2, 4])('lengths of %i bytes become 4, in the record too', (size) => {
    const record = Uint8Array.from(avcRecord, (byte, i) => (i === 4 ? 0xfc | (size - 1) : byte));
    const movie = movieOf('vide', visual('avc1', HD, box('avcC', record)));
    const [read] = readTracks(movie);
    expect(read?.complete).toBeNull();
    expect(read?.track).toMatchObject({ configs: [{ record: avcRecord }] });
    expect(read?.readings[0]?.setup).toMatchObject({ isPrefixUsable: size === 4 });
    const normal = read?.readings[0]?.setup.normalize(withLengths(size, [slice]));
    expect(normal).toEqual(joinLengthPrefixed([slice]));
    expect(movie.tracks[0]?.descriptions[0]).toMatchObject({ codec: { nalLengthBytes: size } });
  });

  test('hev1 without sets', () => {
    const sets = hevcSets(hevc);
    const read = ofMovie('vide', visual('hev1', HD, box('hvcC', hvcRecord.subarray(0, 22), u8(0))));
    expect(read.track).toMatchObject({ configs: [], width: 1280 });
    const sample = joinLengthPrefixed([...sets.vps, ...sets.sps, ...sets.pps, bytesOf('2801aa')]);
    expect(read.complete?.(sample)?.track).toMatchObject({ configs: [{ codec: 'h265', record: hvcRecord }] });
  });

  test('HDR whose display nobody tells: asked of the first picture, not waited for', () => {
    const sets = hevcSets(pq);
    const entry = (...more: readonly Part[]) =>
      visual('hvc1', HD, box('hvcC', buildHvcRecord(sets)), ...more);
    const read = ofMovie('vide', entry());
    expect(read.track).toMatchObject({ configs: [{ codec: 'h265' }], contentLight: null });
    const light = bytesOf('4e01 9004 03e80190 80');
    expect(read.complete?.(joinLengthPrefixed([light, bytesOf('2801aa')]))?.track).toMatchObject({
      configs: [{ codec: 'h265' }],
      contentLight: bytesOf('03e80190'),
    });
    expect(ofMovie('vide', entry(box('mdcv', zeros(24)))).complete).toBeNull();
  });
});

describe('pictures', () => {
  const clap = box('clap', u32(704, 1, 480, 1, 0, 1, 0, 1));

  it.each([
    { name: 'the bitstream tells', entry: visual('avc1', [1, 1], avcC), expected: [1280, 720] },
    {
      name: 'and goes before a clean aperture',
      entry: visual('avc1', [720, 480], avcC, clap),
      expected: [1280, 720],
    },
    { name: 'the entry', entry: visual('vp08', [720, 480]), expected: [720, 480] },
    { name: 'a clean aperture', entry: visual('apcn', [720, 480], clap), expected: [704, 480] },
    {
      name: 'a clean aperture that is none',
      entry: visual('apcn', [720, 480], box('clap', zeros(32))),
      expected: [720, 480],
    },
  ])('size: $name', ({ entry, expected }) => {
    const { width, height } = videoOf(entry);
    expect([width, height]).toEqual(expected);
  });

  it.each<{ name: string; children: Part[]; size?: readonly [number, number]; expected: [number, number] }>([
    { name: 'pasp', children: [box('pasp', u32(32, 22))], expected: [16, 11] },
    { name: 'square', children: [box('pasp', u32(72, 72))], expected: [1, 1] },
    { name: 'zero says nothing', children: [box('pasp', u32(0, 0))], expected: [1, 1] },
    { name: 'size of the track', children: [], size: [1024, 576], expected: [64, 45] },
    { name: 'size of the track with a clean aperture', children: [clap], size: [704, 480], expected: [1, 1] },
    { name: 'size of the track, rounded', children: [], size: [722, 576], expected: [1, 1] },
    { name: 'pasp goes before it', children: [box('pasp', u32(4, 3))], size: [1024, 576], expected: [4, 3] },
  ])('pixel aspect: $name', ({ children, size = [0, 0], expected }) => {
    const { pixelAspect } = videoOf(visual('apcn', [720, 576], ...children), { size });
    expect([pixelAspect.h, pixelAspect.v]).toEqual(expected);
  });

  const points = u16(9, 16, 9);
  const colour = { primaries: 9, transfer: 16, matrix: 9 };
  it.each([
    {
      name: 'nclx',
      children: [box('colr', fourcc('nclx'), points, u8(0x80))],
      expected: { ...colour, fullRange: true },
    },
    {
      name: 'nclx that ends early',
      children: [box('colr', fourcc('nclx'), points)],
      expected: { ...colour, fullRange: false },
    },
    {
      name: 'nclc',
      children: [box('colr', fourcc('nclc'), points)],
      expected: { ...colour, fullRange: false },
    },
    {
      name: 'behind a profile',
      children: [box('colr', fourcc('prof'), zeros(128)), box('colr', fourcc('nclc'), points)],
      expected: { ...colour, fullRange: false },
    },
    { name: 'unspecified', children: [box('colr', fourcc('nclx'), u16(2, 2, 2), u8(0))], expected: null },
    { name: 'cut off', children: [box('colr', fourcc('nclx'), u16(9))], expected: null },
  ])('colour: $name', ({ children, expected }) => {
    expect(videoOf(visual('avc1', HD, avcC, ...children)).colour).toEqual(expected);
  });

  // G, B, R, white point in 0.00002, then luminance in 0.0001 cd/m²: 1000 to 0.01.
  const mdcv = bytesOf('33c286c4 1d4c0bb8 84d03e80 3d134042 00989680 00000064');
  // The same as R, G, B, white in 0.16, luminance in 24.8 and 18.14.
  const smDm = u16(
    ...[34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450].map((n) => Math.round((n * 2 ** 16) / 50_000)),
  );
  it.each([
    { name: 'mdcv, clli', children: [box('mdcv', mdcv), box('clli', u16(1000, 400))] },
    {
      name: 'SmDm, CoLL',
      children: [full('SmDm', 0, smDm, u32(1000 * 256, 164)), full('CoLL', 0, u16(1000, 400))],
    },
  ])('HDR: $name', ({ children }) => {
    const { masteringDisplay, contentLight } = videoOf(visual('vp08', HD, ...children));
    expect(hexOf(masteringDisplay ?? zeros(0))).toBe(hexOf(mdcv));
    expect(contentLight).toEqual(bytesOf('03e80190'));
  });

  test('interlace and bit rate', () => {
    const entry = visual('apcn', HD, box('fiel', u8(2, 9)), box('btrt', u32(0, 300, 200)));
    expect(movieOf('vide', entry).tracks[0]?.descriptions[0]).toMatchObject({
      entry: { fields: { count: 2, order: 9 } },
      bitrate: { peak: 300, average: 200 },
    });
  });
});

describe('Dolby Vision', () => {
  const entry = (record: Uint8Array, type = 'dvcC') =>
    visual('dvh1', HD, box('hvcC', hvcRecord), box(type, record));
  const [base, enhancement, metadata] = [1, 2, 4];

  it.each([
    { type: 'dvcC', profile: 5 },
    { type: 'dvvC', profile: 8 },
    { type: 'dvwC', profile: 20 },
  ])('profile $profile in $type', ({ type, profile }) => {
    const record = dolby(profile, metadata | base);
    expect(videoOf(entry(record, type)).dolbyVision).toEqual(record);
  });

  test('both layers in one track: the base layer', () => {
    const { track, readings } = ofMovie('vide', entry(dolby(7, metadata | enhancement | base)));
    expect(track).toMatchObject({ dolbyVision: null, unreadable: null });
    const sample = joinLengthPrefixed([bytesOf('2801aa'), bytesOf('7e01bb'), bytesOf('7c0119')]);
    expect(readings[0]?.setup.normalize(sample)).toEqual(joinLengthPrefixed([bytesOf('2801aa')]));
  });

  test('the enhancement layer in a track of its own', () => {
    expect(videoOf(entry(dolby(7, metadata | enhancement))).unreadable).toMatch(/enhancement layer/);
  });
});
