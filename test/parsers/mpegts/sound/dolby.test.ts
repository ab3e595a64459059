import { describe, expect, test } from 'vitest';
import { dolbyFraming } from '../../../../parsers/elementary/sound/dolby.ts';
import { FrameCutter } from '../../../../parsers/elementary/sound/engine.ts';
import { createSplitter } from '../../../../parsers/mpegts/sound/splitter.ts';
import { ac3FrameBytes } from '../../../../src/codecs/ac3.ts';
import { parseDec3 } from '../../../../src/codecs/eac3.ts';
import { BitWriter } from '../../../../src/core/bits.ts';
import { concat } from '../../../../src/core/bytes.ts';
import { needsFfmpeg } from '../../../helpers/ffmpeg.ts';
import { hexOf } from '../../../helpers/hex.ts';
import { encodeStream, identity, piecesOf, probedSizes, splitAll } from './streams.ts';

interface Fields {
  readonly type?: number;
  readonly id?: number;
  /** numblkscod. */
  readonly code?: number;
  readonly acmod?: number;
  readonly chanmap?: number;
  readonly words?: number;
}

/** An E-AC-3 frame of which only the header matters; fourteenth byte on: zeros. */
function eac3({ type = 0, id = 0, code = 3, acmod = 2, chanmap, words = 64 }: Fields = {}): Uint8Array {
  const bits = new BitWriter()
    .u(0x0b77, 16)
    .u(type, 2)
    .u(id, 3)
    .u(words - 1, 11);
  bits.u(0, 2).u(code, 2).u(acmod, 3).u(0, 1).u(16, 5).u(31, 5).u(0, 1);
  if (type === 1) bits.flag(chanmap !== undefined);
  if (type === 1 && chanmap !== undefined) bits.u(chanmap, 16);
  const frame = new Uint8Array(words * 2);
  frame.set(bits.bytes());
  return frame;
}

/** An AC-3 frame of 48 kHz, stereo. */
function ac3(frmsizecod = 8): Uint8Array {
  const bits = new BitWriter().u(0x0b77, 16).u(0, 16).u(0, 2).u(frmsizecod, 6).u(8, 5).u(0, 3).u(2, 3);
  const frame = new Uint8Array(ac3FrameBytes(0, frmsizecod) ?? 0);
  frame.set(bits.bytes());
  return frame;
}

/** Lrs and Rrs. */
const BACK = 0b0000_0010_0000_0000;
const dependent = eac3({ type: 1, chanmap: BACK });

interface UnitRow {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
  readonly codec: string;
  readonly channels: number;
  readonly samples?: number;
}

/** What makes one frame with all its substreams. */
const UNITS: readonly UnitRow[] = [
  { name: 'AC-3', parts: [ac3()], codec: 'ac3', channels: 2 },
  { name: 'E-AC-3', parts: [eac3()], codec: 'eac3', channels: 2 },
  { name: 'a dependent substream', parts: [eac3(), dependent], codec: 'eac3', channels: 4 },
  { name: 'AC-3 with a dependent substream', parts: [ac3(), dependent], codec: 'eac3', channels: 4 },
  { name: 'two programmes', parts: [eac3(), eac3({ id: 1 }), dependent], codec: 'eac3', channels: 2 },
  { name: 'three blocks', parts: [eac3({ code: 2 })], codec: 'eac3', channels: 2, samples: 768 },
  { name: 'one block', parts: [eac3({ code: 0 })], codec: 'eac3', channels: 2, samples: 256 },
  {
    name: 'two blocks with a dependent substream',
    parts: [eac3({ code: 1 }), dependent],
    codec: 'eac3',
    channels: 4,
    samples: 512,
  },
];

describe.each(UNITS)('$name', ({ parts, codec, channels, samples = 1536 }) => {
  const unit = concat(parts);
  const stream = concat([unit, unit, unit, unit]);

  test.each([1, 7, 128, 300, 5000])('one frame, in payloads of %d bytes', (size) => {
    const { frames, skipped } = splitAll('eac3', piecesOf(stream, size));
    expect(frames.map((frame) => [frame.data, frame.samples])).toEqual(
      Array.from({ length: 4 }, () => [unit, samples]),
    );
    expect(skipped).toBe(0);
    expect(frames[0]?.format).toMatchObject({
      config: { codec },
      sampleRate: 48_000,
      channels,
      frameSize: 1536,
    });
  });

  test('every part in a payload of its own', () => {
    const { frames } = splitAll('ac3', [...parts, ...parts, ...parts]);
    expect(frames.map(({ data }) => data)).toEqual([unit, unit, unit]);
  });

  test('once it is known what a unit is made of, it comes with its last byte', () => {
    const splitter = createSplitter('ac3', []);
    const counts = [unit, unit, unit].map((payload) => splitter.push(payload).length);
    expect(counts).toEqual([0, 2, 1]);
    expect(splitter.flush()).toEqual([]);
  });
});

test('a dependent substream without the independent one is passed over', () => {
  const unit = concat([eac3(), dependent]);
  const { frames, skipped } = splitAll('eac3', [concat([dependent, unit, unit])]);
  expect(frames.map(({ data }) => data)).toEqual([unit, unit]);
  // the first one might belong to what began before
  expect(skipped).toBe(0);
});

test('units without an end are cut off', () => {
  const endless = concat([eac3(), ...Array.from({ length: 2000 }, () => dependent)]);
  const splitter = createSplitter('eac3', []);
  const frames = piecesOf(endless, 1000).flatMap((payload) => [...splitter.push(payload)]);
  expect(Math.max(...frames.map(({ data }) => data.length))).toBeLessThanOrEqual(65_536);
  expect(frames.length + splitter.takeSkipped()).toBeGreaterThan(100_000);
});

describe('gathered to samples of MP4', () => {
  const half = eac3({ code: 2 });
  const single = eac3({ code: 0 });
  const gather = (payloads: readonly Uint8Array[]) => {
    const splitter = new FrameCutter(dolbyFraming());
    const frames = [...payloads.flatMap((payload) => [...splitter.push(payload)]), ...splitter.flush()];
    return { splitter, frames };
  };

  test.each([
    { name: 'threes', unit: [half, half] },
    { name: 'ones', unit: Array.from({ length: 6 }, () => single) },
    { name: 'threes with a dependent substream', unit: [half, dependent, half, dependent] },
  ])('$name', ({ unit }) => {
    const whole = concat(unit);
    for (const size of [1, 128, 300, 5000]) {
      const { frames } = gather(piecesOf(concat([whole, whole, whole]), size));
      expect(frames.map(({ data, samples }) => [data, samples])).toEqual([
        [whole, 1536],
        [whole, 1536],
        [whole, 1536],
      ]);
    }
  });

  test('a part of an access unit is no frame', () => {
    const garbage = new Uint8Array(20).fill(0x21);
    const { frames, splitter } = gather([concat([half, half, half, garbage, half, half, half])]);
    expect(frames.map(({ data }) => data.length)).toEqual([256, 256]);
    expect(splitter.refused?.code).toBe('corrupt');
  });
});

test('the data rate of a unit makes no other format, its channels do', () => {
  const [long, mono] = [eac3({ words: 200 }), eac3({ acmod: 1 })];
  const { frames } = splitAll('eac3', [concat([eac3(), long, eac3(), mono, mono])]);
  const formats = frames.map(({ format }) => format);
  expect(new Set(formats).size).toBe(2);
  expect(formats.map(({ channels }) => channels)).toEqual([2, 2, 2, 1, 1]);
  expect(parseDec3(formats[0]?.config.record ?? long).bitrate).toBe(32);
});

test('AC-3 may become E-AC-3', () => {
  const { frames } = splitAll('ac3', [concat([ac3(), ac3()]), concat([eac3(), eac3()])]);
  expect(frames.map(({ format }) => format.config.codec)).toEqual(['ac3', 'ac3', 'eac3', 'eac3']);
  const alone = splitAll('ac3', [concat([ac3(), eac3()]), eac3()]);
  expect(alone.frames.map(({ format }) => format.config.codec)).toEqual(['ac3', 'eac3', 'eac3']);
});

test.for(['3000k', '6144k'])('ffmpeg at %s/s: frames of fewer blocks', (bitrate, context) => {
  needsFfmpeg(context);
  const stream = encodeStream(['-c:a', 'eac3', '-b:a', bitrate, '-f', 'eac3'], [48_000, 2]);
  const split = splitAll('eac3', [stream]);
  expect(split.frames.map(({ data }) => data.length)).toEqual(probedSizes(stream, 'eac3'));
  expect(split.frames[0]?.samples).toBeLessThan(1536);
  expect(identity(splitAll('eac3', piecesOf(stream, 777)))).toEqual(identity(split));
  expect(hexOf(split.frames[0]?.format.config.record ?? stream)).toMatch(/200400$/);
});
