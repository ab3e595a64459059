import { expect, test } from 'vitest';
import type { Sequence } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { Transfers } from '../../src/pipeline/live/transfers.ts';
import { NEVER } from './serve.ts';

/** What one opening gives: chunks of one byte, then its end or what it fails with. */
interface Opening {
  readonly bytes: readonly number[];
  readonly fails?: MediaError;
}

const reset = new MediaError('upstream', 'reset');
const gone = new MediaError('forbidden-address', 'gone');

function sequenceOf(openings: readonly Opening[], size: number | null): Sequence & { opened: number } {
  return {
    opened: 0,
    size,
    async *open() {
      const { bytes, fails } = openings[this.opened++] ?? { bytes: [], fails: reset };
      for (const byte of bytes) yield Uint8Array.of(byte);
      if (fails) throw fails;
    },
  };
}

interface Told {
  readonly size?: number | null;
  readonly bridges?: boolean;
}

/** What comes out, a seam as `|`, the end as `.`, a failure by its code. */
async function told(
  openings: readonly Opening[],
  { size = null, bridges = true }: Told = {},
): Promise<string> {
  const sequence = sequenceOf(openings, size);
  const transfers = new Transfers(sequence, NEVER, [0, 0, 1]);
  if (bridges) transfers.bridge((head) => head[0] !== 0);
  let text = '';
  try {
    for (;;) {
      const next = await transfers.next();
      if (!next) return `${text}.`;
      text += `${next.isSeam ? '|' : ''}${next.bytes.join('')}`;
    }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    return `${text} ${error.code}`;
  }
}

test.each<[string, readonly Opening[], string]>([
  ['a cut is a seam', [{ bytes: [1, 2], fails: reset }, { bytes: [5, 6] }, { bytes: [5, 6] }], '12|56|56.'],
  ['an end may be a cut', [{ bytes: [1, 2] }, { bytes: [3, 4] }, { bytes: [1, 2] }], '12|34.'],
  ['a file that begins again is over', [{ bytes: [1, 2] }, { bytes: [1, 2, 3] }], '12.'],
  [
    'a file that broke and begins again is broken',
    [{ bytes: [1, 2], fails: reset }, { bytes: [1, 2] }],
    '12 upstream',
  ],
  [
    'what is none of it is passed over',
    [{ bytes: [1], fails: reset }, { bytes: [0, 7] }, { bytes: [8] }, { bytes: [1] }],
    '1|8.',
  ],
  [
    'what cannot be mended is told',
    [
      { bytes: [1], fails: reset },
      { bytes: [], fails: gone },
    ],
    '1 forbidden-address',
  ],
])('%s', async (_, openings, expected) => {
  expect(await told(openings)).toBe(expected);
});

test('what has a length is over with it, and a cut in it was mended below or not at all', async () => {
  expect(await told([{ bytes: [1, 2] }, { bytes: [3] }], { size: 2 })).toBe('12.');
  expect(await told([{ bytes: [1], fails: reset }, { bytes: [3] }], { size: 2 })).toBe('1 upstream');
});

test('nothing is bridged unless somebody says how', async () => {
  expect(await told([{ bytes: [1], fails: reset }, { bytes: [3] }], { bridges: false })).toBe('1 upstream');
  expect(await told([{ bytes: [1] }, { bytes: [3] }], { bridges: false })).toBe('1.');
});

test('it gives up when no attempt brings anything, and begins to count anew when one has brought much', async () => {
  const much = Array.from({ length: 3 }, () => ({ bytes: [1], fails: reset }));
  const sequence = sequenceOf([{ bytes: [9], fails: reset }, ...much], null);
  const transfers = new Transfers(sequence, NEVER, [0, 0]);
  transfers.bridge(() => true);
  const seen: number[] = [];
  const all = async () => {
    for (let next = await transfers.next(); next; next = await transfers.next()) seen.push(...next.bytes);
  };
  await expect(all()).rejects.toBe(reset);
  expect(seen).toEqual([9, 1, 1]);

  const large = new Uint8Array(400 * 1024).fill(7);
  let opened = 0;
  const lively = new Transfers(
    {
      size: null,
      async *open() {
        if (opened++ === 5) return;
        yield Uint8Array.of(opened);
        yield large;
        throw reset;
      },
    },
    NEVER,
    [0, 0],
  );
  lively.bridge((head) => head.length > 0);
  let seams = 0;
  const rest = async () => {
    for (let next = await lively.next(); next; next = await lively.next()) seams += next.isSeam ? 1 : 0;
  };
  await expect(rest()).rejects.toBe(reset);
  expect(seams).toBeGreaterThanOrEqual(4);
});

test('who leaves while it waits is not kept', async () => {
  const leaver = new AbortController();
  const transfers = new Transfers(sequenceOf([{ bytes: [1], fails: reset }], null), leaver.signal, [60_000]);
  transfers.bridge(() => true);
  await transfers.next();
  const waiting = transfers.next();
  leaver.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
});
