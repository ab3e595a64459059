import { describe, expect, it } from 'vitest';
import type { RelayedAnswer } from '../../../src/core/relay.ts';
import { createGuideKeeper, type GuideKeeper } from '../../../src/http/proxy/guide-keeper.ts';

const LIMITS = { guide: 10, all: 15 };

/** An answer of so many bytes, a byte at a time. */
function answerOf(length: number): RelayedAnswer {
  let left = length;
  return {
    status: 200,
    access: 'public',
    url: 'http://a/',
    length,
    contentRange: null,
    header: () => null,
    next: async () => (left-- > 0 ? new Uint8Array([left]) : null),
    close: () => undefined,
  };
}

function keepingOf(keeper: GuideKeeper, key: string, length: number) {
  const kept: number[] = [];
  const answer = keeper.keeping(answerOf(length), key, (bytes) =>
    kept.push(bytes.length, bytes.chunks.length),
  );
  const read = async (count: number) => {
    for (let i = 0; i < count; i++) await answer.next();
  };
  return { kept, read, close: answer.close };
}

describe('the bytes of a guide', () => {
  it.each([
    [0, [0, 0]],
    [10, [10, 10]],
    [11, []],
  ])('%i of them', async (length, expected) => {
    const { kept, read } = keepingOf(createGuideKeeper(LIMITS), 'a', length);
    await read(length);
    expect(kept).toEqual([]);
    await read(1);
    expect(kept).toEqual(expected);
  });

  it('are not kept where those of others on their way are too many, and are again when these have left', async () => {
    const keeper = createGuideKeeper(LIMITS);
    const first = keepingOf(keeper, 'a', 10);
    await first.read(9);
    const second = keepingOf(keeper, 'b', 10);
    await second.read(11);
    expect(second.kept).toEqual([]);
    first.close();
    first.close();
    const third = keepingOf(keeper, 'b', 10);
    await third.read(11);
    expect(third.kept).toEqual([10, 10]);
    for (const key of ['c', 'd', 'e']) {
      const next = keepingOf(keeper, key, 10);
      await next.read(11);
      expect(next.kept).toEqual([10, 10]);
    }
  });

  it('are kept once, however many ask for it at a time', async () => {
    const keeper = createGuideKeeper(LIMITS);
    const [first, second] = [keepingOf(keeper, 'a', 5), keepingOf(keeper, 'a', 5)];
    await Promise.all([first.read(6), second.read(6)]);
    expect([first.kept, second.kept]).toEqual([[5, 5], []]);
  });
});
