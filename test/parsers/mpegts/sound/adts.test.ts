import { expect, test } from 'vitest';
import { createSplitter } from '../../../../parsers/mpegts/sound/splitter.ts';
import { buildAudioSpecificConfig, parseAudioSpecificConfig } from '../../../../src/codecs/aac.ts';
import type { AacElement } from '../../../../src/codecs/aac-elements.ts';
import { BitWriter } from '../../../../src/core/bits.ts';
import { concat } from '../../../../src/core/bytes.ts';
import { needsFfmpeg, run } from '../../../helpers/ffmpeg.ts';
import { hexOf } from '../../../helpers/hex.ts';
import { encodeStream, splitAll } from './streams.ts';

interface Fields {
  readonly rate?: number;
  readonly channels?: number;
  readonly isMpeg2?: boolean;
  readonly hasCrc?: boolean;
  readonly blocks?: number;
}

/** A frame of LC around content, which begins with the places and the error check where there are such. */
function frameOf(content: Uint8Array, fields: Fields = {}): Uint8Array {
  const { rate = 3, channels = 2, isMpeg2 = false, hasCrc = false, blocks = 1 } = fields;
  const bits = new BitWriter().u(0xfff, 12).flag(isMpeg2).u(0, 2).flag(!hasCrc);
  bits.u(1, 2).u(rate, 4).u(0, 1).u(channels, 3).u(0, 4);
  bits
    .u(content.length + 7, 13)
    .u(0x7ff, 11)
    .u(blocks - 1, 2);
  return concat([bits.bytes(), content]);
}

const content = (size: number, value: number) => new Uint8Array(size).fill(value);
const datas = (stream: Uint8Array) => splitAll('aac', [stream]).frames.map(({ data }) => data);

test('an error check is no part of the frame', () => {
  const frame = frameOf(content(50, 7), { hasCrc: true, isMpeg2: true });
  const { frames } = splitAll('aac', [concat([frame, frame])]);
  expect(frames.map(({ data, raw }) => [data, raw])).toEqual([
    [content(48, 7), frame],
    [content(48, 7), frame],
  ]);
});

test('several blocks are told apart by their places', () => {
  const [a, b, c] = [content(20, 1), content(30, 2), content(40, 3)];
  const check = Uint8Array.of(0xcc, 0xcc);
  const places = Uint8Array.of(0, 22, 0, 54);
  const frame = frameOf(concat([places, check, a, check, b, check, c, check]), { hasCrc: true, blocks: 3 });
  const { frames, skipped } = splitAll('aac', [concat([frame, frameOf(content(9, 9))])]);
  expect(frames.map(({ data }) => data)).toEqual([a, b, c, content(9, 9)]);
  expect(frames.map(({ raw, samples }) => [raw.length, samples])).toEqual([
    [frame.length, 1024],
    [0, 1024],
    [0, 1024],
    [16, 1024],
  ]);
  expect(skipped).toBe(0);
});

test.each([
  { what: 'no places', fields: { blocks: 3 }, start: [], code: 'unsupported' },
  { what: 'places beyond', fields: { blocks: 2, hasCrc: true }, start: [9, 0], code: 'corrupt' },
  { what: 'places in disorder', fields: { blocks: 3, hasCrc: true }, start: [0, 30, 0, 9], code: 'corrupt' },
])('several blocks with $what are passed over', ({ fields, start, code }) => {
  const bad = frameOf(concat([Uint8Array.from(start), content(60, 1)]), fields);
  const good = frameOf(content(30, 2));
  const splitter = createSplitter('aac', []);
  const frames = splitter.push(concat([good, bad, good]));
  expect(frames.map(({ data }) => data)).toEqual([content(30, 2), content(30, 2)]);
  expect(splitter.takeSkipped()).toBe(bad.length);
  expect(splitter.takeSkipped()).toBe(0);
  expect(splitter.refused?.code).toBe(code);
});

const ELEMENTS: readonly AacElement[] = [
  { kind: 'single', position: 'front', tag: 0 },
  { kind: 'pair', position: 'front', tag: 0 },
  { kind: 'single', position: 'back', tag: 1 },
];

test('channels by a program config element: from the first one on', () => {
  const withProgram = frameOf(concat([programFirst(), content(20, 0)]), { channels: 0 });
  const without = frameOf(content(20, 1), { channels: 0 });
  const splitter = createSplitter('aac', []);
  const frames = splitter.push(concat([without, withProgram, without]));
  expect(frames.map(({ raw }) => raw)).toEqual([withProgram, without]);
  expect(splitter.takeSkipped()).toBe(0);
  expect(splitter.format?.channels).toBe(4);
  const info = parseAudioSpecificConfig(splitter.format?.config.record ?? new Uint8Array(0));
  expect(info).toMatchObject({ channelConfiguration: 0, channels: 4, elements: ELEMENTS });
  splitter.lose();
  expect(splitter.push(concat([without, without]))).toEqual([]);
});

/** A block that begins with the element: its identifier, then its fields. */
function programFirst(): Uint8Array {
  const bits = new BitWriter().u(5, 3);
  bits.u(0, 4).u(1, 2).u(3, 4).u(2, 4).u(0, 4).u(1, 4).u(0, 2).u(0, 10);
  for (const { kind, tag } of ELEMENTS) bits.flag(kind === 'pair').u(tag, 4);
  return bits.align().u(0, 8).bytes();
}

test('a change of the header makes another format, in the same payload too', () => {
  const [stereo, mono] = [frameOf(content(30, 1)), frameOf(content(30, 2), { rate: 4, channels: 1 })];
  const { frames } = splitAll('aac', [concat([stereo, stereo, mono, mono])]);
  const told = frames.map(({ format }) => [hexOf(format.config.record), format.sampleRate, format.channels]);
  expect(told).toEqual([
    ['1190', 48_000, 2],
    ['1190', 48_000, 2],
    ['1208', 44_100, 1],
    ['1208', 44_100, 1],
  ]);
  expect(frames[0]?.format).toBe(frames[1]?.format);
  expect(frames[2]?.format).toBe(frames[3]?.format);
});

test('a header inside of a frame is not taken, not even by one who begins before it', () => {
  const hidden = frameOf(content(5, 9));
  const outer = frameOf(concat([content(40, 1), hidden, content(40, 1)]));
  expect(datas(concat([outer, outer]))).toHaveLength(2);
  expect(datas(concat([outer.subarray(20), outer, outer]))).toHaveLength(2);
});

test('a frame alone in its payload comes at once', () => {
  const frame = frameOf(content(30, 1));
  expect(createSplitter('aac', []).push(frame)).toHaveLength(1);
});

test('a header whose length leads nowhere waits, then gives way', () => {
  const frame = frameOf(content(30, 1));
  const decoy = frameOf(content(400, 0)).subarray(0, 20);
  const splitter = createSplitter('aac', []);
  expect(splitter.push(concat([decoy, frame.subarray(0, 20)]))).toEqual([]);
  const [first] = splitter.push(concat([frame.subarray(20), frame]));
  expect(first).toMatchObject({ raw: frame, isCarried: true, offset: -20 });
});

test('ffmpeg decodes what was cut: in ADTS as in LATM', (context) => {
  needsFfmpeg(context);
  const decode = (bytes: Uint8Array, reader: string) =>
    run('ffmpeg', ['-f', reader, '-i', '-', '-f', 's16le', '-'], bytes);
  const latm = encodeStream(['-c:a', 'aac', '-f', 'latm'], [48_000, 6]);
  const { frames } = splitAll('aac_latm', [latm]);
  const record = buildAudioSpecificConfig({ objectType: 2, samplingRate: 48_000, channelConfiguration: 6 });
  const adts = concat(frames.map(({ data }) => frameOf(data, { channels: 6 })));
  expect(hexOf(frames[0]?.format.config.record ?? record)).toBe(hexOf(record));
  const [cut, whole] = [decode(adts, 'aac'), decode(latm, 'loas')];
  expect(cut.stderr).toBe(whole.stderr);
  expect(cut.stdout.length).toBe(frames.length * 1024 * 12);
  expect(cut.stdout.equals(whole.stdout)).toBe(true);
});
