import type { SampleBatch, SampleQuery, Source } from '../../src/core/contracts.ts';
import type { BlockContext } from './block.ts';
import { ClusterReader } from './cluster.ts';
import { SampleJoining } from './joining.ts';
import { LaceSpreading } from './lace-spreading.ts';

/** Steps in which reading goes on behind `SampleQuery.soft`. */
const STEP = { first: 64 * 1024, last: 1024 * 1024 };
/** A payload longer than this is jumped over where hops are wanted: about what one round trip could have brought. */
const HOP = 64 * 1024;

export interface ReadContext {
  readonly signal: AbortSignal;
  readonly context: BlockContext;
  /** End of all packets of the file: what waits there for more has all there is. */
  readonly end: number;
}

/**
 * Samples from `query.start` on, each track's blocks joined where several make one sample. What waits for a later block
 * when the query ends before the file does is not given, like a block that is cut off there.
 */
export async function* readSamples(
  source: Source,
  query: SampleQuery,
  { signal, context, end }: ReadContext,
): AsyncGenerator<SampleBatch> {
  const joining = new SampleJoining(context.tracks.values());
  const spreading = new LaceSpreading();
  for await (const batch of readBlocks(source, query, { signal, context }))
    yield joining.add(spreading.add(batch));
  if (query.end < end) return;
  const rest = [joining.add(spreading.flush()), joining.flush()];
  for (const batch of rest) if (batch.samples.length > 0) yield batch;
}

async function* readBlocks(
  source: Source,
  query: SampleQuery,
  { signal, context }: Pick<ReadContext, 'signal' | 'context'>,
): AsyncGenerator<SampleBatch> {
  const reader = new ClusterReader(query.start, context);
  let from = query.start;
  let to = Math.min(Math.max(query.soft, query.start), query.end);
  const isHop = (reached: number) =>
    reached >= (query.hopsFrom ?? Number.POSITIVE_INFINITY) && reader.wanted > reached + HOP;
  for (let step = STEP.first; from < query.end; step = Math.min(step * 2, STEP.last)) {
    let reached = from;
    for await (const chunk of source.read({ start: from, end: to }, signal)) {
      reached += chunk.length;
      yield reader.push(chunk);
      if (reader.isEnded) return;
      if (isHop(reached)) break;
    }
    if (isHop(reached)) {
      from = reader.wanted;
      reader.jump();
      step = STEP.first / 2;
    } else if (reached < to) return;
    else from = to;
    to = Math.min(Math.max(to, from) + step, query.end);
  }
}
