import { describe, expect, it } from 'vitest';
import { SharedWork } from '../../src/pipeline/shared-work.ts';

/** Work that lasts until it is ended, or aborted. */
function scene() {
  let end: (value: string) => void = () => undefined;
  let signal: AbortSignal | undefined;
  const work = new SharedWork<string>((given) => {
    signal = given;
    return new Promise((resolve, reject) => {
      end = resolve;
      given.addEventListener('abort', () => reject(given.reason));
    });
  });
  let abandoned = 0;
  const join = (waiting: AbortSignal) =>
    work.join(waiting, () => void abandoned++).catch((error: unknown) => error);
  return { work, join, end: () => end('made'), isAborted: () => signal?.aborted, abandoned: () => abandoned };
}

describe('shared work', () => {
  it('goes on for who stays, and ends with the last who leaves', async () => {
    const { work, join, isAborted, abandoned } = scene();
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [join(first.signal), join(second.signal)];
    first.abort('first');
    expect(await waiting[0]).toBe('first');
    expect([isAborted(), abandoned()]).toEqual([false, 0]);
    second.abort('second');
    expect(await waiting[1]).toBe('second');
    expect([isAborted(), abandoned(), await work.settled]).toEqual([true, 1, null]);
  });

  it('that was begun for one who had left already ends at once', async () => {
    const { work, join, isAborted, abandoned } = scene();
    expect(await join(AbortSignal.abort('left'))).toBe('left');
    expect([isAborted(), abandoned(), await work.settled]).toEqual([true, 1, null]);
  });

  it('is not ended by one who had left before others came', async () => {
    const { join, end, isAborted, abandoned } = scene();
    const staying = join(new AbortController().signal);
    expect(await join(AbortSignal.abort('left'))).toBe('left');
    expect([isAborted(), abandoned()]).toEqual([false, 0]);
    end();
    expect(await staying).toBe('made');
  });
});
