import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteCursor, ByteQueue, concat, equalBytes, memorySource, readRange } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';

const signal = new AbortController().signal;
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const count = (length: number) => Uint8Array.from({ length }, (_, i) => i);

describe('ByteCursor', () => {
  const source = bytesOf('ffff0102030405060708fffe40490fdbc0091eb851eb851f');
  /** A view into a larger buffer: offsets must count from the view. */
  const cursor = () => new ByteCursor(source.subarray(2), 1000);

  test('reads big-endian numbers one after another', () => {
    const at = cursor();
    expect([at.u8(), at.u16(), at.u32(), at.peek(), at.uint(1)]).toEqual([1, 0x0203, 0x04050607, 8, 8]);
    expect([at.i16(), at.position, at.remaining]).toEqual([-2, 1010, 12]);
    expect(at.f32()).toBeCloseTo(Math.PI, 6);
    expect(at.f64()).toBe(-3.14);
    expect([at.remaining, at.peek()]).toEqual([0, undefined]);
  });

  test.each([
    { size: 0, value: 0 },
    { size: 1, value: 0x01 },
    { size: 3, value: 0x010203 },
    { size: 6, value: 0x010203040506 },
    { size: 8, value: Number(0x0102030405060708n) },
  ])('uint of $size bytes', ({ size, value }) => {
    const at = cursor();
    expect([at.uint(size), at.position]).toEqual([value, 1000 + size]);
  });

  test('gives views, not copies', () => {
    const at = cursor();
    at.skip(1);
    const view = at.bytes(3);
    expect([...view]).toEqual([2, 3, 4]);
    expect(view.buffer).toBe(source.buffer);
  });

  test.each([
    { name: 'u8', read: (at: ByteCursor) => at.u8(), left: 0 },
    { name: 'u16', read: (at: ByteCursor) => at.u16(), left: 1 },
    { name: 'i16', read: (at: ByteCursor) => at.i16(), left: 1 },
    { name: 'u32', read: (at: ByteCursor) => at.u32(), left: 3 },
    { name: 'uint', read: (at: ByteCursor) => at.uint(5), left: 4 },
    { name: 'f32', read: (at: ByteCursor) => at.f32(), left: 3 },
    { name: 'f64', read: (at: ByteCursor) => at.f64(), left: 7 },
    { name: 'bytes', read: (at: ByteCursor) => at.bytes(2 ** 52), left: 9 },
    { name: 'skip', read: (at: ByteCursor) => at.skip(10), left: 9 },
  ])('$name beyond the end is truncated, and the cursor stays', ({ read, left }) => {
    const at = new ByteCursor(count(left), 70);
    const error = (() => {
      try {
        read(at);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(MediaError);
    expect(error).toMatchObject({ code: 'truncated', offset: 70 });
    expect(at.position).toBe(70);
  });
});

describe('ByteQueue', () => {
  test('joins chunks that follow each other in memory without a copy', () => {
    const whole = count(100);
    const queue = new ByteQueue(5000);
    for (const [from, to] of [
      [0, 10],
      [10, 11],
      [11, 60],
      [60, 100],
    ])
      queue.push(whole.subarray(from, to));
    expect(queue.peek(100).buffer).toBe(whole.buffer);
    queue.skip(7);
    const view = queue.peek(93);
    expect([view.buffer === whole.buffer, view.byteOffset, queue.position]).toEqual([true, 7, 5007]);
  });

  test('does not take neighbours in the wrong order for neighbours', () => {
    const whole = count(20);
    const queue = new ByteQueue(0);
    queue.push(whole.subarray(10, 20));
    queue.push(whole.subarray(0, 10));
    expect([...queue.peek(20)]).toEqual([...whole.subarray(10), ...whole.subarray(0, 10)]);
  });

  test('copies only where a view straddles two buffers', () => {
    const [a, b] = [count(10), count(10)];
    const queue = new ByteQueue(0);
    queue.push(a);
    queue.push(b);
    expect(queue.peek(10).buffer).toBe(a.buffer);
    expect([...queue.peek(12)]).toEqual([...a, 0, 1]);
    expect(queue.peek(12).buffer).not.toBe(a.buffer);
    queue.skip(10);
    expect(queue.peek(10).buffer).toBe(b.buffer);
  });

  test('ignores empty chunks', () => {
    const queue = new ByteQueue(3);
    queue.push(new Uint8Array(0));
    expect([queue.length, queue.position, queue.peek(4).length]).toEqual([0, 3, 0]);
  });

  test('does what an array of bytes does', () => {
    const push = fc.record({ push: fc.uint8Array({ maxLength: 20 }), isAdjacent: fc.boolean() });
    const command = fc.oneof(
      push,
      fc.record({ skip: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ peek: fc.integer({ min: 0, max: 40 }) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const arena = new Uint8Array(2000);
        let used = 0;
        let model: number[] = [];
        let position = 77;
        const queue = new ByteQueue(position);
        for (const step of commands) {
          if ('push' in step) {
            const view = arena.subarray(used, used + step.push.length);
            view.set(step.push);
            used += step.push.length;
            queue.push(step.isAdjacent ? view : step.push);
            model.push(...step.push);
          } else if ('skip' in step) {
            queue.skip(step.skip);
            position += Math.min(step.skip, model.length);
            model = model.slice(step.skip);
          } else expect([...queue.peek(step.peek)]).toEqual(model.slice(0, step.peek));
          expect([queue.length, queue.position]).toEqual([model.length, position]);
        }
        expect([...queue.peek(queue.length)]).toEqual(model);
      }),
    );
  });
});

/** A source that gives chunks of `step` bytes, as views of one buffer or each in a buffer of its own. */
const chunked = (bytes: Uint8Array, step: number, isOneBuffer: boolean): Source => ({
  size: bytes.length,
  async *read({ start, end }) {
    const last = Math.min(end, bytes.length);
    for (let at = start; at < last; at += step) {
      const part = bytes.subarray(at, Math.min(at + step, last));
      yield isOneBuffer ? part : part.slice();
    }
  },
});

describe('readRange', () => {
  const file = count(200);

  test.each([
    { name: 'inside', start: 10, end: 50, length: 40 },
    { name: 'beyond the end', start: 190, end: 250, length: 10 },
    { name: 'behind the end', start: 300, end: 400, length: 0 },
    { name: 'empty', start: 7, end: 7, length: 0 },
  ])('$name: the same whole or in pieces', async ({ start, end, length }) => {
    const expected = file.subarray(start, end);
    expect(expected).toHaveLength(length);
    for (const source of [memorySource(file), chunked(file, 7, true), chunked(file, 7, false)])
      expect(equalBytes(await readRange(source, { start, end }, signal), expected)).toBe(true);
  });

  test('does not copy what lies in one buffer', async () => {
    const bytes = await readRange(chunked(file, 7, true), { start: 3, end: 150 }, signal);
    expect([bytes.buffer === file.buffer, bytes.byteOffset]).toEqual([true, 3]);
  });
});

describe('concat and equalBytes', () => {
  test.each([
    { parts: [], joined: '' },
    { parts: ['', '01', ''], joined: '01' },
    { parts: ['0102', '03', '040506'], joined: '010203040506' },
  ])('$parts', ({ parts, joined }) => {
    expect(concat(parts.map(bytesOf))).toEqual(bytesOf(joined));
  });

  test.each([
    { a: '', b: '', equal: true },
    { a: '0102', b: '0102', equal: true },
    { a: '0102', b: '0103', equal: false },
    { a: '0102', b: '010200', equal: false },
    { a: '010200', b: '0102', equal: false },
  ])('$a and $b: $equal', ({ a, b, equal }) => {
    expect(equalBytes(bytesOf(a), bytesOf(b))).toBe(equal);
  });
});
