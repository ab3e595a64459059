import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { Inlet } from '../../src/uploads/inlet.ts';

function watched() {
  const state = { isPaused: false };
  const inlet = new Inlet({
    pause: () => {
      state.isPaused = true;
    },
    resume: () => {
      state.isPaused = false;
    },
  });
  return { inlet, state };
}

const chunk = (size: number, fill = 0) => new Uint8Array(size).fill(fill);

describe('an inlet', () => {
  it('gives what was pushed in its order, and the same buffers', async () => {
    const { inlet } = watched();
    const pushed = [chunk(1, 1), chunk(2, 2), chunk(3, 3)];
    const early = inlet.next();
    for (const each of pushed) inlet.push(each);
    inlet.end();
    const got = [(await early).value];
    for await (const each of inlet) got.push(each);
    expect(got.every((each, i) => each === pushed[i])).toBe(true);
    expect(got).toHaveLength(3);
    expect(await inlet.next()).toEqual({ done: true, value: undefined });
  });

  it('holds the flow while as much waits as the limit says, until half of it is taken', async () => {
    const { inlet, state } = watched();
    const quarter = LIMITS.uploadAhead / 4;
    const paused: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      inlet.push(chunk(quarter));
      paused.push(state.isPaused);
    }
    expect(paused).toEqual([false, false, false, true]);
    await inlet.next();
    expect(state.isPaused).toBe(true);
    await inlet.next();
    expect(state.isPaused).toBe(false);
  });

  it('a chunk that was asked for never waits', async () => {
    const { inlet, state } = watched();
    const asked = inlet.next();
    inlet.push(chunk(2 * LIMITS.uploadAhead));
    expect(state.isPaused).toBe(false);
    expect((await asked).value).toHaveLength(2 * LIMITS.uploadAhead);
  });

  it('that failed gives the reason from then on, and nothing that waited', async () => {
    const { inlet } = watched();
    inlet.push(chunk(1));
    inlet.fail(new Error('first'));
    inlet.fail(new Error('second'));
    inlet.push(chunk(1));
    inlet.end();
    await expect(inlet.next()).rejects.toThrow('first');
    await expect(inlet.next()).rejects.toThrow('first');
  });

  it('tells the reason to who waits', async () => {
    const { inlet } = watched();
    const asked = inlet.next();
    inlet.fail(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
  });

  it('can be read on by another reader', async () => {
    const { inlet } = watched();
    for (let i = 0; i < 3; i++) inlet.push(chunk(1, i));
    inlet.end();
    for await (const _ of inlet) break;
    const rest: number[] = [];
    for await (const each of inlet) rest.push(each[0] ?? -1);
    expect(rest).toEqual([1, 2]);
  });
});
