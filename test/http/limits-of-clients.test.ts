import { describe, expect, it } from 'vitest';
import { createClientLimits } from '../../src/http/limits-of-clients.ts';

function limits(rate: number, upstreams: number) {
  let at = 0;
  const made = createClientLimits({ rate, upstreams, now: () => at });
  const pass = (seconds: number) => {
    at += seconds * 1000;
  };
  /** How many of so many requests are let through. */
  const let_ = (client: string, count: number) =>
    Array.from({ length: count }, () => made.ask(client)).filter((wait) => wait === 0).length;
  return { ...made, pass, allowed: let_ };
}

describe('requests a second', () => {
  it('come in bursts of ten seconds’ worth, then at the rate', () => {
    const { ask, allowed, pass } = limits(5, 0);
    expect(allowed('a', 60)).toBe(50);
    expect(ask('a')).toBeCloseTo(0.2);
    pass(1);
    expect(allowed('a', 60)).toBe(5);
    pass(3600);
    expect(allowed('a', 60)).toBe(50);
  });

  it('are let in after the time that was told', () => {
    const { ask, allowed, pass } = limits(2, 0);
    allowed('a', 100);
    const wait = ask('a');
    pass(wait - 0.01);
    expect(ask('a')).toBeGreaterThan(0);
    pass(0.011);
    expect(ask('a')).toBe(0);
  });

  it('are counted for each client by itself', () => {
    const { allowed } = limits(1, 0);
    expect([allowed('a', 20), allowed('b', 20)]).toEqual([10, 10]);
  });

  it('have no limit at 0', () => {
    expect(limits(0, 0).allowed('a', 5000)).toBe(5000);
  });

  it('are remembered of so many clients only: the one who was away longest begins anew', () => {
    const { allowed } = limits(1, 0);
    expect(allowed('first', 20)).toBe(10);
    for (let i = 0; i < 9_999; i++) allowed(`c${i}`, 1);
    expect(allowed('first', 1)).toBe(0);
    for (let i = 0; i < 10_000; i++) allowed(`d${i}`, 1);
    expect(allowed('first', 20)).toBe(10);
  });
});

describe('requests at a time', () => {
  it('are as many as allowed, and each makes room once', () => {
    const { enter } = limits(0, 2);
    const [one, two] = [enter('a'), enter('a')];
    expect([one, two, enter('a')]).toEqual([expect.any(Function), expect.any(Function), null]);
    expect(enter('b')).not.toBeNull();
    one?.();
    one?.();
    expect(enter('a')).not.toBeNull();
    expect(enter('a')).toBeNull();
    two?.();
    expect(enter('a')).not.toBeNull();
  });

  it('have no limit at 0', () => {
    const { enter } = limits(0, 0);
    expect(Array.from({ length: 500 }, () => enter('a'))).not.toContain(null);
  });
});
