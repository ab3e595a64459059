import { openContainer } from '../../../parsers/detect.ts';
import type { Sample, SampleBatch, Sequence } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { OneWaySource } from '../one-way-source.ts';
import { planRenditions, type Rendition } from '../renditions.ts';
import { refuseNothing, type SelectionOptions, selectTracks } from '../select-tracks.ts';
import { keptIds } from '../survey.ts';
import type { Title } from '../title.ts';
import { versionOf } from '../version.ts';
import { isStartComplete, planLive } from './live-plan.ts';
import { type LiveSegment, Segmenter } from './segmenter.ts';

/** One reading of a sequence from its first byte on. */
export interface Pass {
  readonly title: Title;
  readonly renditions: readonly Rendition[];
  /** Segments in order, as they are completed; reading goes on when the next one is asked for. */
  readonly segments: AsyncGenerator<LiveSegment>;
}

/**
 * Reads as much as it takes to know tracks and clocks.
 * @param signal ends the whole pass
 * @throws MediaError of the upstream and the parser; `unsupported` or `encrypted` when nothing can be offered
 */
export async function openPass(
  sequence: Sequence,
  options: SelectionOptions,
  signal: AbortSignal,
): Promise<Pass> {
  const source = new OneWaySource(sequence, signal);
  try {
    const demuxer = await openContainer(source, signal, { access: 'in order' });
    const selection = selectTracks(demuxer.tracks, options);
    refuseNothing(selection);
    const version = await versionOf(source, options, signal);
    source.forget();
    const { start, end } = demuxer.payload;
    const tracks = keptIds(selection.kept);
    const query = { start, soft: start, end, tracks };
    const batches = demuxer.samples(query, signal)[Symbol.asyncIterator]();
    const samples = await readStart(batches, tracks);
    const title = planLive({ source, demuxer, selection, version, samples, recovery: options.recovery });
    const renditions = planRenditions(title);
    const segments = produce({
      samples,
      batches,
      segmenter: new Segmenter(title, renditions),
      source,
      title,
    });
    return { title, renditions, segments };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readStart(
  batches: AsyncIterator<SampleBatch>,
  tracks: ReadonlySet<number>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!isStartComplete(samples, tracks)) {
    const next = await batches.next();
    if (next.done) break;
    samples.push(...next.value.samples);
  }
  if (samples.length === 0) throw new MediaError('truncated', 'The file ends before its first packet');
  return samples;
}

interface Production {
  readonly samples: readonly Sample[];
  readonly batches: AsyncIterator<SampleBatch>;
  readonly segmenter: Segmenter;
  readonly source: OneWaySource;
  readonly title: Title;
}

async function* produce(production: Production): AsyncGenerator<LiveSegment> {
  const { samples, batches, segmenter, source, title } = production;
  const counters = title.ledger.open('live input', 0);
  try {
    for (const sample of samples) yield* segmenter.push(sample);
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      counters.skippedBytes += next.value.skipped;
      for (const sample of next.value.samples) yield* segmenter.push(sample);
    }
    yield* segmenter.end();
  } catch (error) {
    // What came is worth showing to its end; then the reason is told.
    if (error instanceof MediaError) yield* segmenter.end();
    throw error;
  } finally {
    await source.close();
  }
}
