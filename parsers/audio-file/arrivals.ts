import type { SampleQuery, Source } from '../../src/core/contracts.ts';

/** Steps in which reading goes on behind `SampleQuery.soft`. */
const STEP = { first: 64 * 1024, last: 1024 * 1024 };

type Stretch = Pick<SampleQuery, 'start' | 'soft' | 'end'>;

/**
 * The bytes of a stretch as they arrive: up to `soft` in one request, from there on in steps. Ends early only where
 * the resource does.
 */
export async function* arrivals(
  source: Source,
  { start, soft, end }: Stretch,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let from = start;
  let to = Math.min(Math.max(soft, start), end);
  for (let step = STEP.first; from < end; step = Math.min(step * 2, STEP.last)) {
    let reached = from;
    for await (const chunk of source.read({ start: from, end: to }, signal)) {
      reached += chunk.length;
      yield chunk;
    }
    if (reached < to) return;
    from = to;
    to = Math.min(to + step, end);
  }
}
