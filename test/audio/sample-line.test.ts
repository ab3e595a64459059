import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SampleLine } from '../../src/audio/sample-line.ts';

const plane = (...samples: readonly number[]) => Float32Array.from(samples);
const read = (line: SampleLine, position: number, length: number) =>
  line.read(position, length).map((samples) => [...samples]);

test('silence is wherever nothing was written', () => {
  const line = new SampleLine(2, 10);
  line.write(12, [plane(1, 2), plane(3, 4)]);
  line.write(16, [plane(5), plane(6)]);
  expect(read(line, 10, 8)).toEqual([
    [0, 0, 1, 2, 0, 0, 5, 0],
    [0, 0, 3, 4, 0, 0, 6, 0],
  ]);
});

test('what is written later lies over what was there; what lies before the line is left out', () => {
  const line = new SampleLine(1, 0);
  line.write(-2, [plane(1, 2, 3, 4)]);
  line.write(1, [plane(9)]);
  line.write(-5, [plane(7, 7)]);
  expect(read(line, 0, 4)).toEqual([[3, 9, 0, 0]]);
});

test('what was forgotten is not there any more, and nothing else has changed', () => {
  const line = new SampleLine(1, 0);
  line.write(0, [plane(1, 2, 3, 4)]);
  line.forget(3);
  line.write(2, [plane(8, 9)]);
  expect(read(line, 3, 3)).toEqual([[9, 0, 0]]);
  line.forget(50);
  line.write(51, [plane(5)]);
  expect(read(line, 50, 3)).toEqual([[0, 5, 0]]);
});

test('a line that moves on does not grow', () => {
  const line = new SampleLine(1, 0);
  const block = new Float32Array(1000).fill(1);
  for (let i = 0; i < 2000; i++) {
    line.write(i * 1000, [block]);
    line.forget(i * 1000);
    const [samples] = line.read(i * 1000, 1000);
    expect(samples?.buffer.byteLength).toBeLessThan(64_000);
  }
});

/** The plainest that does the same. */
class Model {
  readonly #samples = new Map<number, number>();
  #base: number;

  constructor(start: number) {
    this.#base = start;
  }

  write(position: number, samples: readonly number[]): void {
    for (const [i, sample] of samples.entries())
      if (position + i >= this.#base) this.#samples.set(position + i, sample);
  }

  forget(position: number): void {
    this.#base = Math.max(this.#base, position);
  }

  read(position: number, length: number): number[] {
    return Array.from({ length }, (_, i) => this.#samples.get(position + i) ?? 0);
  }
}

test('as the plainest that does the same, in any order of writing, reading and moving on', () => {
  const act = fc.record({
    step: fc.nat(40),
    back: fc.nat(20),
    samples: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
    length: fc.nat(80),
    isForgotten: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 50 }), fc.array(act, { maxLength: 40 }), (start, acts) => {
      const line = new SampleLine(2, start);
      const model = new Model(start);
      let position = start;
      for (const { step, back, samples, length, isForgotten } of acts) {
        const at = position + step - back;
        line.write(at, [plane(...samples), plane(...samples.map((sample) => -sample))]);
        model.write(at, samples);
        if (isForgotten) {
          position += step;
          line.forget(position);
          model.forget(position);
        }
        const expected = model.read(position, length);
        expect(read(line, position, length)).toEqual([expected, expected.map((sample) => 0 - sample)]);
      }
    }),
  );
});
