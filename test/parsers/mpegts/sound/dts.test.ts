import { expect, test } from 'vitest';
import { createSplitter } from '../../../../parsers/mpegts/sound/splitter.ts';
import { BitWriter } from '../../../../src/core/bits.ts';
import { concat } from '../../../../src/core/bytes.ts';
import { bytesOf } from '../../../helpers/hex.ts';
import { piecesOf, splitAll } from './streams.ts';

/** 5.1 at 48 kHz, 512 samples, of the size that its header tells: 1884 bytes. */
const core = (() => {
  const frame = new Uint8Array(1884).fill(1);
  frame.set(bytesOf('7ffe8001fc3c75b276c005380009ef7bdeff'));
  return frame;
})();

/** An extension substream of which only the header matters. */
function extension(size: number, isLong: boolean): Uint8Array {
  const bits = new BitWriter()
    .u(0x64582025, 32)
    .u(0, 8 + 2)
    .flag(isLong);
  bits.u(31, isLong ? 12 : 8).u(size - 1, isLong ? 20 : 16);
  const substream = new Uint8Array(size).fill(2);
  substream.set(bits.bytes());
  return substream;
}

test.each([
  { what: 'a core alone', parts: [core] },
  { what: 'an extension', parts: [core, extension(1000, false)] },
  { what: 'two of them', parts: [core, extension(1000, false), extension(60, false)] },
  { what: 'a long header', parts: [core, extension(40_000, true)] },
])('$what: one frame, wherever it is cut', ({ parts }) => {
  const frame = concat(parts);
  const stream = concat([frame, frame, frame]);
  for (const payloads of [
    [stream],
    [...parts, ...parts, ...parts],
    piecesOf(stream, 184),
    piecesOf(stream, 5000),
  ]) {
    const { frames, skipped } = splitAll('dts', payloads);
    expect(frames.map(({ data, samples }) => [data, samples])).toEqual([
      [frame, 512],
      [frame, 512],
      [frame, 512],
    ]);
    expect(skipped).toBe(0);
  }
});

test('the format is that of the core', () => {
  const { frames } = splitAll('dts', [concat([core, extension(500, false)])]);
  const config = { codec: 'dts', record: new Uint8Array(0) };
  expect(frames[0]?.format).toEqual({ config, sampleRate: 48_000, channels: 6, frameSize: 512 });
});

test('extension substreams without a core make no frames, and are bounded', () => {
  const splitter = createSplitter('dts', []);
  const payload = concat([extension(1000, false), extension(1_000_000, true)]);
  expect(piecesOf(payload, 10_000).flatMap((piece) => [...splitter.push(piece)])).toEqual([]);
  expect(splitter.takeSkipped()).toBeGreaterThan(800_000);
});

test('an extension longer than any is not waited for', () => {
  const splitter = createSplitter('dts', []);
  const [first] = splitter.push(concat([core, extension(1_000_000, true).subarray(0, 2000)]));
  expect(first?.data).toEqual(core);
});
