import { openContainer } from '../../../parsers/detect.ts';
import type { Sample, SampleBatch, Sequence } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { programOf } from '../plan-title.ts';
import { planRenditions, type Rendition } from '../renditions.ts';
import { refuseNothing, type SelectionOptions, selectTracks } from '../select-tracks.ts';
import { type KeptTracks, keptIds } from '../survey.ts';
import type { Title } from '../title.ts';
import { versionOf } from '../version.ts';
import { LiveBeginning, planLive, withoutUnseenVideo } from './live-plan.ts';
import { OneWaySource } from './one-way-source.ts';
import { type CutSegment, Segmenter } from './segmenter.ts';
import { StampLine } from './stamp-line.ts';
import { type Cutting, LISTED } from './targets.ts';

/** One reading of a sequence from its first byte on. */
export interface Pass {
  readonly title: Title;
  readonly renditions: readonly Rendition[];
  /** Segments in order, as they are completed; reading goes on when the next one is asked for. */
  readonly segments: AsyncGenerator<CutSegment>;
}

/** What a pass is made for. */
export interface PassKind {
  readonly cutting: Cutting;
  /** A broadcast goes on with another transfer where its connection was cut. */
  readonly isBridged: boolean;
}

const LISTED_PASS: PassKind = { cutting: LISTED, isBridged: true };

/**
 * Reads as much as it takes to know tracks and clocks.
 * @param signal ends the whole pass
 * @throws MediaError of the upstream and the parser; `unsupported` or `encrypted` when nothing can be offered
 */
export async function openPass(
  sequence: Sequence,
  options: SelectionOptions,
  signal: AbortSignal,
  { cutting, isBridged }: PassKind = LISTED_PASS,
): Promise<Pass> {
  const source = new OneWaySource(sequence, signal);
  try {
    const version = await versionOf(source, options, signal);
    const demuxer = await openContainer(source, signal, {
      access: 'in order',
      ...programOf(options),
    });
    const declared = selectTracks(demuxer.tracks, options);
    refuseNothing(declared);
    source.forget();
    if (isBridged && demuxer.crossesSeams) source.bridge((head) => demuxer.resync(head, 0) !== null);
    const { start, end } = demuxer.payload;
    const query = { start, soft: start, end, tracks: keptIds(declared.kept) };
    const batches = demuxer.samples(query, signal)[Symbol.asyncIterator]();
    const beginning = await readBeginning(batches, declared.kept);
    const { samples } = beginning;
    const selection = withoutUnseenVideo(declared, samples);
    const title = planLive({ source, demuxer, selection, version, samples, recovery: options.recovery });
    const renditions = planRenditions(title);
    const segments = produce({ beginning, batches, source, title, renditions, cutting, signal });
    return { title, renditions, segments };
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface BeginningRead {
  /** What the plan was made from, and what came with it. */
  readonly samples: readonly Sample[];
  readonly rest: readonly Sample[];
  /** Goes on behind these. */
  readonly line: StampLine;
  readonly skipped: number;
  /** Why no more comes; null when more may. */
  readonly failure: MediaError | null;
}

/** @throws MediaError `truncated` when there is no packet; of the input when it fails before the first */
async function readBeginning(batches: AsyncIterator<SampleBatch>, kept: KeptTracks): Promise<BeginningRead> {
  const line = new StampLine();
  const beginning = new LiveBeginning(kept);
  const rest: Sample[] = [];
  let skipped = 0;
  let failure: MediaError | null = null;
  try {
    while (!beginning.isEnough) {
      const next = await batches.next();
      if (next.done) break;
      skipped += next.value.skipped;
      for (const sample of next.value.samples.flatMap((each) => line.place(each)))
        if (beginning.isEnough) rest.push(sample);
        else beginning.add(sample);
    }
  } catch (error) {
    if (!(error instanceof MediaError) || beginning.samples.length === 0) throw error;
    failure = error;
  }
  const { samples } = beginning;
  if (samples.length === 0) throw new MediaError('truncated', 'The file ends before its first packet');
  return { samples, rest, line, skipped, failure };
}

interface Production {
  readonly beginning: BeginningRead;
  readonly batches: AsyncIterator<SampleBatch>;
  readonly source: OneWaySource;
  readonly title: Title;
  readonly renditions: readonly Rendition[];
  readonly cutting: Cutting;
  readonly signal: AbortSignal;
}

async function* produce(production: Production): AsyncGenerator<CutSegment> {
  const { beginning, batches, source, title, renditions, cutting, signal } = production;
  const segmenter = new Segmenter(title, renditions, cutting);
  const counters = title.ledger.open('live input', 0);
  const { samples, rest, line, failure } = beginning;
  let { skipped } = beginning;
  const take = function* (placed: readonly Sample[]): Generator<CutSegment> {
    counters.skippedBytes = skipped + line.leftOut;
    for (const sample of placed) yield* segmenter.push(sample);
  };
  try {
    yield* take(samples);
    yield* take(rest);
    if (failure) throw failure;
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      skipped += next.value.skipped;
      yield* take(next.value.samples.flatMap((sample) => line.place(sample)));
    }
    line.leaveOut();
    yield* take([]);
    yield* segmenter.end();
  } catch (error) {
    // What came is worth showing to its end, unless the pass was let go: then there is more; then the reason is told.
    if (error instanceof MediaError && !signal.aborted) yield* segmenter.end();
    throw error;
  } finally {
    await source.close();
  }
}
