import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSplitter } from '../../../../parsers/mpegts/sound/splitter.ts';
import { concat } from '../../../../src/core/bytes.ts';
import { needsFfmpeg } from '../../../helpers/ffmpeg.ts';
import {
  cutAt,
  encodeStream,
  identity,
  piecesOf,
  probedSizes,
  type SoundStream,
  STREAMS,
  splitAll,
} from './streams.ts';

const made = new Map<string, Uint8Array>();
function bytesOf({ name, options, rate, channels }: SoundStream): Uint8Array {
  const bytes = made.get(name) ?? encodeStream(options, [rate, channels]);
  made.set(name, bytes);
  return bytes;
}

/** Without bytes that any sync word begins with. */
const garbage = (size: number) => new Uint8Array(size).fill(0x21);

describe.for(STREAMS)('$name', (stream) => {
  const { codec, told, rate, channels } = stream;

  test('the frames are those of ffmpeg', (context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream);
    const { frames, skipped } = splitAll(codec, [bytes]);
    expect(frames.map(({ raw }) => raw.length)).toEqual(probedSizes(bytes, stream.reader));
    expect(concat(frames.map(({ raw }) => raw))).toEqual(bytes);
    expect(skipped).toBe(0);
    for (const { format, samples } of frames) {
      expect(format).toBe(frames[0]?.format);
      expect(format).toMatchObject({ config: { codec: told.codec }, sampleRate: rate, channels });
      expect([format.frameSize, samples]).toEqual([told.frameSize, told.frameSize]);
    }
  });

  test('are the same wherever payloads are cut', (context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream);
    const expected = identity(splitAll(codec, [bytes]));
    const places = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 60 });
    fc.assert(
      fc.property(places, (unsorted) => {
        const split = splitAll(
          codec,
          cutAt(
            bytes,
            unsorted.toSorted((a, b) => a - b),
          ),
        );
        expect(split.skipped).toBe(0);
        expect(identity(split)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
    expect(identity(splitAll(codec, piecesOf(bytes, 1)))).toEqual(expected);
  });

  test.for([184, 700, 2930])('the same from any payload of %d bytes on', (size, context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream);
    const payloads = piecesOf(bytes, size);
    const all = splitAll(codec, payloads);
    const rows = identity(all);
    const step = Math.ceil(payloads.length / 60);
    for (let first = 1; first < payloads.length; first += step) {
      const from = first * size;
      // an element of LATM without a configuration refers to one before
      const isOwn = (data: Uint8Array) => codec !== 'aac_latm' || (data[3] ?? 0) < 128;
      const start = all.frames.findIndex(({ at, raw }) => at >= from && isOwn(raw));
      const expected = start < 0 ? [] : rows.slice(start);
      expect(identity(splitAll(codec, payloads.slice(first)), from)).toEqual(expected);
    }
  });

  test('garbage before, between and behind frames', (context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream);
    const whole = splitAll(codec, [bytes]).frames;
    const middle = whole[3]?.at ?? 0;
    const parts = [bytes.subarray(0, middle), garbage(333), bytes.subarray(middle), garbage(50)];
    const plain = identity({ frames: whole, skipped: 0 }).map((row) => row.replace(/^\d+/, ''));
    for (const payloads of [parts, piecesOf(concat([garbage(100), ...parts]), 1000)]) {
      const dirty = splitAll(codec, payloads);
      expect(identity(dirty).map((row) => row.replace(/^\d+/, ''))).toEqual(plain);
      expect(dirty.skipped).toBe(383);
    }
  });

  test('behind a loss the frame that was begun is missing, no more', (context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream);
    const { frames } = splitAll(codec, [bytes]);
    const [at = 0, next = 0] = frames.slice(4, 6).map((frame) => frame.at);
    const splitter = createSplitter(codec, []);
    const before = splitter.push(bytes.subarray(0, at + 40)).length;
    splitter.lose();
    const lost = splitter.takeSkipped();
    const after = [...splitter.push(bytes.subarray(next - 30)), ...splitter.flush()];
    // LATM finds its configuration again later
    const expected = codec === 'aac_latm' ? [...after] : frames.slice(5);
    expect(before).toBe(4);
    expect(lost).toBe(40);
    expect(after.map(({ data }) => Buffer.from(data))).toEqual(expected.map(({ data }) => Buffer.from(data)));
    expect(after.length).toBeGreaterThan(0);
  });

  test('a damaged header costs at most two frames', (context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream);
    const rows = identity(splitAll(codec, [bytes]));
    const at = splitAll(codec, [bytes]).frames[5]?.at ?? 0;
    for (let bit = 0; bit < 8 * 8; bit++) {
      const damaged = bytes.slice();
      damaged[at + (bit >> 3)] = (damaged[at + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
      const split = splitAll(codec, piecesOf(damaged, 1500));
      const kept = new Set(identity(split));
      expect(rows.filter((row) => !kept.has(row)).length).toBeLessThanOrEqual(2);
    }
  });

  test('whatever is changed: nothing is thrown, no byte is used twice', (context) => {
    needsFfmpeg(context);
    const bytes = bytesOf(stream).subarray(0, 8000);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), fc.nat(2000), (changes, size) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        const { frames, skipped } = splitAll(codec, piecesOf(damaged, size + 1));
        const used = frames.reduce((sum, { raw }) => sum + raw.length, 0);
        expect(used + skipped).toBeLessThanOrEqual(bytes.length);
        let end = 0;
        for (const { at, raw } of frames.filter(({ raw }) => raw.length > 0)) {
          expect(at).toBeGreaterThanOrEqual(end);
          end = at + raw.length;
        }
      }),
      { numRuns: 60 },
    );
  });
});

test.each(STREAMS.map(({ codec }) => codec))('%s: noise', (codec) => {
  let state = 1;
  const noise = Uint8Array.from({ length: 300_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  const { frames, skipped } = splitAll(codec, piecesOf(noise, 1000));
  expect(frames.length).toBeLessThan(5);
  expect(skipped).toBeGreaterThan(100_000);
});

test('frames are views into the payload, those over two are joined', (context) => {
  needsFfmpeg(context);
  const [stream] = STREAMS;
  if (!stream) throw new Error('No streams');
  const bytes = bytesOf(stream);
  const splitter = createSplitter('aac', []);
  const [first, second] = piecesOf(bytes, 2000);
  const whole = splitter.push(first ?? bytes);
  const [carried, ...rest] = splitter.push((second ?? bytes).slice());
  expect(whole.every(({ data, isCarried }) => data.buffer === bytes.buffer && !isCarried)).toBe(true);
  expect(carried?.isCarried).toBe(true);
  expect(carried?.offset).toBeLessThan(0);
  expect(rest.every(({ data, isCarried }) => data.buffer.byteLength === 2000 && !isCarried)).toBe(true);
});
