import { describe, expect, it } from 'vitest';
import { downmix, mixMatrix } from '../../src/audio/downmix.ts';
import type { MixLevels, Speaker } from '../../src/audio/pcm.ts';

const STEREO = ['FL', 'FR'] as const;
const MONO = ['FC'] as const;
const SURROUND = ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'] as const;
const SIDES = ['FL', 'FR', 'FC', 'LFE', 'SL', 'SR'] as const;
const SEVEN = ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR'] as const;
const SIX = ['FL', 'FR', 'FC', 'LFE', 'BC', 'SL', 'SR'] as const;
const EVERY: readonly Speaker[] = [...SEVEN, 'BC', 'FLC', 'FRC'];
const h = Math.SQRT1_2;

interface Row {
  readonly from: readonly Speaker[];
  readonly to: readonly Speaker[];
  readonly mix?: MixLevels;
  /** Before the whole is made quieter. */
  readonly gains: readonly (readonly number[])[];
  /** What it is made quieter by. */
  readonly peak: number;
}

const ROWS: readonly Row[] = [
  {
    from: STEREO,
    to: STEREO,
    gains: [
      [1, 0],
      [0, 1],
    ],
    peak: 1,
  },
  { from: MONO, to: MONO, gains: [[1]], peak: 1 },
  { from: MONO, to: STEREO, gains: [[1], [1]], peak: 1 },
  {
    from: ['FC', 'LFE'],
    to: STEREO,
    gains: [
      [1, 0],
      [1, 0],
    ],
    peak: 1,
  },
  { from: STEREO, to: MONO, gains: [[h, h]], peak: 2 * h },
  {
    from: ['FL', 'FR', 'FC'],
    to: STEREO,
    gains: [
      [1, 0, h],
      [0, 1, h],
    ],
    peak: 1 + h,
  },
  {
    from: ['FC', 'FL', 'FR'],
    to: STEREO,
    gains: [
      [h, 1, 0],
      [h, 0, 1],
    ],
    peak: 1 + h,
  },
  {
    from: ['FL', 'FR', 'BC'],
    to: STEREO,
    gains: [
      [1, 0, 0.5],
      [0, 1, 0.5],
    ],
    peak: 1.5,
  },
  {
    from: SURROUND,
    to: STEREO,
    gains: [
      [1, 0, h, 0, h, 0],
      [0, 1, h, 0, 0, h],
    ],
    peak: 1 + 2 * h,
  },
  {
    from: SIDES,
    to: STEREO,
    gains: [
      [1, 0, h, 0, h, 0],
      [0, 1, h, 0, 0, h],
    ],
    peak: 1 + 2 * h,
  },
  {
    from: SIDES,
    to: STEREO,
    mix: { center: 0.5, surround: 0.25 },
    gains: [
      [1, 0, 0.5, 0, 0.25, 0],
      [0, 1, 0.5, 0, 0, 0.25],
    ],
    peak: 1.75,
  },
  {
    from: SIDES,
    to: STEREO,
    mix: { center: h, surround: 0 },
    gains: [
      [1, 0, h, 0, 0, 0],
      [0, 1, h, 0, 0, 0],
    ],
    peak: 1 + h,
  },
  { from: SIDES, to: MONO, gains: [[h, h, 1, 0, 0.5, 0.5]], peak: 2 + 2 * h },
  {
    from: SEVEN,
    to: STEREO,
    gains: [
      [1, 0, h, 0, 0.5, 0, 0.5, 0],
      [0, 1, h, 0, 0, 0.5, 0, 0.5],
    ],
    peak: 2 + h,
  },
  {
    from: SEVEN,
    to: SURROUND,
    gains: [
      [1, 0, 0, 0, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0, 0, 0, 0],
      [0, 0, 0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, h, 0, h, 0],
      [0, 0, 0, 0, 0, h, 0, h],
    ],
    peak: 2 * h,
  },
  {
    from: SIX,
    to: SURROUND,
    gains: [
      [1, 0, 0, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0, 0, 0],
      [0, 0, 0, 1, 0, 0, 0],
      [0, 0, 0, 0, h, 1, 0],
      [0, 0, 0, 0, h, 0, 1],
    ],
    peak: 1 + h,
  },
  { from: MONO, to: SURROUND, gains: [[0], [0], [1], [0], [0], [0]], peak: 1 },
  {
    from: ['FL', 'FR', 'FLC', 'FRC'],
    to: STEREO,
    gains: [
      [1, 0, h, 0],
      [0, 1, 0, h],
    ],
    peak: 1 + h,
  },
];

const label = (row: Row): string =>
  `${row.from.join(' ')} → ${row.to.join(' ')}${row.mix ? ` with ${row.mix.center} ${row.mix.surround}` : ''}`;

describe('mix matrix', () => {
  it.each(ROWS.map((row) => [label(row), row] as const))('%s', (_, { from, to, mix, gains, peak }) => {
    const matrix = mixMatrix(from, to, mix);
    expect(matrix).toHaveLength(gains.length);
    for (const [i, row] of gains.entries()) {
      expect(matrix[i]).toHaveLength(row.length);
      for (const [j, gain] of row.entries()) expect(matrix[i]?.[j]).toBeCloseTo(gain / peak, 12);
    }
  });

  it.each([
    ['stereo', STEREO],
    ['mono', MONO],
    ['5.1', SURROUND],
  ] as const)('never adds up to more than full scale: %s', (_, to) => {
    for (const from of [...ROWS.map((row) => row.from), EVERY]) {
      for (const mix of [undefined, { center: 2, surround: 2 }]) {
        for (const row of mixMatrix(from, to, mix)) {
          expect(row.reduce((sum, gain) => sum + Math.abs(gain), 0)).toBeLessThanOrEqual(1 + 1e-12);
        }
      }
    }
  });

  it('says which outputs there are', () => {
    expect(() => mixMatrix(STEREO, ['FR', 'FL'])).toThrow(RangeError);
  });
});

const pcmOf = (speakers: readonly Speaker[]) => ({
  rate: 48_000,
  speakers,
  channels: speakers.map((_, i) => Float32Array.of(0.1 * (i + 1), -0.05 * (i + 1), 0)),
});

describe('downmix', () => {
  it('hands on what is not changed', () => {
    const pcm = pcmOf(SIDES);
    const mixed = downmix(pcm, SURROUND);
    for (const [i, plane] of pcm.channels.entries()) expect(mixed[i]).toBe(plane);
  });

  it('puts mono on both sides', () => {
    const pcm = pcmOf(MONO);
    expect(downmix(pcm, STEREO)).toEqual([pcm.channels[0], pcm.channels[0]]);
  });

  it('adds up the channels by their gains', () => {
    const pcm = pcmOf(SURROUND);
    const matrix = mixMatrix(SURROUND, STEREO);
    for (const [row, plane] of downmix(pcm, STEREO).entries()) {
      const expected = [0, 1, 2].map((i) =>
        pcm.channels.reduce((sum, channel, j) => sum + (matrix[row]?.[j] ?? 0) * (channel[i] ?? 0), 0),
      );
      expect(plane).toHaveLength(3);
      expected.forEach((sample, i) => {
        expect(plane[i]).toBeCloseTo(sample, 6);
      });
    }
  });

  it('is silent where nothing is heard', () => {
    expect(downmix(pcmOf(['LFE']), STEREO)).toEqual([new Float32Array(3), new Float32Array(3)]);
  });
});
