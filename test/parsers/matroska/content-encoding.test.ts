import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readContentEncoding } from '../../../parsers/matroska/content-encoding.ts';
import { Master } from '../../../parsers/matroska/ebml.ts';
import { inflateZlib } from '../../../parsers/matroska/inflate.ts';
import type { Sample } from '../../../src/core/contracts.ts';
import { unpackCues } from '../../../src/core/cues.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { random, readFile } from './reading.ts';

const zlib = (data: Uint8Array): Uint8Array => new Uint8Array(deflateSync(data));
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const hexOf = (data: Uint8Array | null | undefined) => data && Buffer.from(data).toString('hex');
const noise = (size: number) => {
  const next = random(7);
  return Uint8Array.from({ length: size }, () => Math.floor(next() * 256));
};
const encodingOf = (encodings: w.Content, privateData?: Uint8Array) => {
  const entry = w.subtitleTrack({
    number: 1,
    codec: 'S_X',
    extra: encodings,
    ...(privateData && { private: privateData }),
  });
  return readContentEncoding(new Master(child(entry, w.ID.TrackEntry)?.data ?? new Uint8Array(), 0));
};
const stripped = { algorithm: 3, settings: w.hex('aabb') };

describe('frames', () => {
  const payload = w.bytes(text('A line of a subtitle.'));
  test.each([
    { name: 'nothing done', encodings: [], stored: payload, usable: true },
    { name: 'zlib', encodings: w.encodings({ algorithm: 0 }), stored: zlib(payload), usable: false },
    {
      name: 'header stripping',
      encodings: w.encodings({ algorithm: 3, settings: payload.subarray(0, 4) }),
      stored: payload.subarray(4),
      usable: true,
    },
    {
      name: 'stripped, then deflated',
      encodings: w.encodings(
        { algorithm: 3, settings: payload.subarray(0, 4), order: 0 },
        { algorithm: 0, order: 1 },
      ),
      stored: zlib(payload.subarray(4)),
      usable: false,
    },
    {
      name: 'the same, written in the other order',
      encodings: w.encodings(
        { algorithm: 0, order: 1 },
        { algorithm: 3, settings: payload.subarray(0, 4), order: 0 },
      ),
      stored: zlib(payload.subarray(4)),
      usable: false,
    },
    {
      name: 'deflated, then stripped',
      encodings: w.encodings(
        { algorithm: 0, order: 0 },
        { algorithm: 3, settings: zlib(payload).subarray(0, 2), order: 1 },
      ),
      stored: zlib(payload).subarray(2),
      usable: false,
    },
    {
      name: 'zlib of the private data alone',
      encodings: w.encodings({ algorithm: 0, scope: 2 }),
      stored: payload,
      usable: true,
    },
  ])('$name', ({ encodings, stored, usable }) => {
    const encoding = encodingOf(encodings);
    expect(encoding.unreadable).toBeNull();
    expect(hexOf(encoding.decode(stored))).toBe(hexOf(payload));
    expect(encoding.isPrefixUsable).toBe(usable);
  });

  test.each([
    { name: 'bzlib', encodings: w.encodings({ algorithm: 1 }), unreadable: 'compressed with bzlib' },
    { name: 'lzo1x', encodings: w.encodings({ algorithm: 2 }), unreadable: 'compressed with lzo1x' },
    {
      name: 'zlib over bzlib',
      encodings: w.encodings({ algorithm: 1, order: 0 }, { algorithm: 0, order: 1 }),
      unreadable: 'compressed with bzlib',
    },
    {
      name: 'encrypted and compressed with what nobody reads',
      encodings: w.element(
        w.ID.ContentEncodings,
        w.element(w.ID.ContentEncoding, w.element(w.ID.ContentCompression, w.uint(w.ID.ContentCompAlgo, 1))),
        w.element(
          w.ID.ContentEncoding,
          w.uint(w.ID.ContentEncodingType, 1),
          w.element(w.ID.ContentEncryption, w.uint(w.ID.ContentEncAlgo, 5)),
        ),
      ),
      unreadable: 'encrypted',
    },
    {
      name: 'a type nobody knows',
      encodings: w.element(
        w.ID.ContentEncodings,
        w.element(w.ID.ContentEncoding, w.uint(w.ID.ContentEncodingType, 2)),
      ),
      unreadable: 'content encoding of type 2',
    },
  ])('$name: $unreadable', ({ encodings, unreadable }) => {
    expect(encodingOf(encodings).unreadable).toBe(unreadable);
  });
});

describe('CodecPrivate', () => {
  test.each([
    { name: 'of frames alone', scope: 1, stored: w.hex('0102'), expected: '0102' },
    { name: 'of private data', scope: 2, stored: zlib(w.hex('0102')), expected: '0102' },
    { name: 'of both', scope: 3, stored: zlib(w.hex('0102')), expected: '0102' },
    { name: 'of both, but it is not deflated', scope: 3, stored: w.hex('0102'), expected: null },
  ])('zlib $name', ({ scope, stored, expected }) => {
    const encoding = encodingOf(w.encodings({ algorithm: 0, scope }), stored);
    expect(hexOf(encoding.privateData)).toBe(expected);
    expect(encoding.unreadable).toBeNull();
  });

  test('header stripping of private data puts the header back', () => {
    const encoding = encodingOf(w.encodings({ ...stripped, scope: 2 }), w.hex('cc'));
    expect(hexOf(encoding.privateData)).toBe('aabbcc');
    expect(hexOf(encoding.decode(w.hex('cc')))).toBe('cc');
  });
});

describe('zlib streams', () => {
  test.each([
    { name: 'nothing', data: new Uint8Array(0) },
    { name: 'a byte', data: Uint8Array.of(1) },
    { name: 'half a megabyte of zeros: what every ratio may have', data: new Uint8Array(500_000) },
    { name: 'noise over many steps', data: noise(100_000) },
  ])('$name', ({ data }) => {
    expect(hexOf(inflateZlib(zlib(data)))).toBe(hexOf(data));
  });

  test.each([
    { name: 'empty', data: new Uint8Array(0) },
    { name: 'no zlib header', data: w.hex('ffff0000000000000000') },
    { name: 'a dictionary nobody has', data: w.hex('78bb00000001030000000001') },
    { name: 'cut off', data: zlib(noise(3000)).subarray(0, 2000) },
    {
      name: 'a wrong checksum',
      data: zlib(noise(50)).map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)),
    },
    { name: 'something behind it', data: w.bytes(zlib(noise(50)), w.hex('00')) },
    { name: 'a bomb', data: zlib(new Uint8Array(20_000_000)) },
    {
      name: 'a bomb behind noise',
      data: zlib(w.bytes(noise(10_000), new Uint8Array(20_000_000))),
    },
  ])('$name: a MediaError', ({ data }) => {
    expect(() => inflateZlib(data)).toThrow(MediaError);
  });

  test('any change: bytes or a MediaError', () => {
    expectMediaErrors(zlib(w.bytes(text('A line of a subtitle. A line of a subtitle.'))), inflateZlib);
  });
});

describe('in a file', () => {
  const frames = ['one', 'two', 'three'].map((line) => zlib(w.bytes(text(line))));
  const [one = new Uint8Array(), two = new Uint8Array(), three = new Uint8Array()] = frames;
  const track = w.subtitleTrack({ number: 1, codec: 'S_TEXT/UTF8', extra: w.compression(0) });
  const file = (...blocks: readonly w.Content[]) =>
    w.matroska(w.info(), w.tracks(track), w.cluster(0, blocks));
  const textOf = ({ data }: Sample) => unpackCues(data)[0]?.text;
  const lines = async (bytes: Uint8Array) => {
    const { samples, skipped } = await readFile(bytes);
    return { lines: samples.map(textOf), skipped };
  };
  const group = (time: number, ...data: readonly Uint8Array[]) =>
    w.blockGroup({ track: 1, time, duration: 5, lacing: data.length > 1 ? 'xiph' : 'none' }, ...data);

  test('each frame is deflated by itself', async () => {
    expect(await lines(file(group(0, one), group(9, two, three)))).toEqual({
      lines: ['one', 'two', 'three'],
      skipped: 0,
    });
  });

  test('a frame that does not inflate costs itself alone, its lace and the times of the others stay', async () => {
    const bad = two.map((byte, i) => (i === 0 ? 0 : byte));
    const { samples, skipped } = await readFile(file(group(0, one, bad, three)));
    expect(samples.map(textOf)).toEqual(['one', 'three']);
    expect(samples.map(({ time }) => time)).toEqual([0, 3_333_333]);
    expect(skipped).toBe(bad.length);
  });
});
