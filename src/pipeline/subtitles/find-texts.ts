import type { Sample, TextIndex } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../core/time.ts';
import { type AudioContext, backwardSamples, forwardSamples } from '../audio-samples.ts';
import { costOf, detached } from '../held-samples.ts';
import type { CutLocator } from '../locate-cut.ts';
import type { PlannedSubtitle, Title } from '../title.ts';
import { type Interval, intervalOf, LONGEST_UNTOLD } from './cues-of.ts';

export type TextContext = Pick<AudioContext, 'spans' | 'signal'>;

/** Segment n of a subtitle track. */
export interface TextSegment {
  readonly subtitle: PlannedSubtitle;
  readonly n: number;
}

const MILLISECOND = NANOSECONDS_PER_SECOND / 1_000;

/**
 * How far before a segment texts are looked for that are still shown in it, where no index tells them. What is shown
 * longer is in those of its segments that lie within this reach.
 */
const REACH = 10 * NANOSECONDS_PER_SECOND;

/**
 * The texts of a track that may be shown in segment n, and others. Which way is taken is a fact of the title: every
 * segment is a function of the file's bytes alone.
 *
 * 1. The file was read whole: its texts are held.
 * 2. The container has an index of them: exactly those that are shown, near ones in one request.
 * 3. Else the span of the segment is read as for sound: after a request for pictures or sound it costs no byte. What
 *    began earlier is looked for 10 s before it, in the spans that are held or from the last seek point.
 * 4. In a file without an index of pictures, from a place that lies so far before the segment.
 */
export function findTexts(
  title: Title,
  segment: TextSegment,
  context: TextContext,
): Promise<readonly Sample[]> {
  const { texts } = segment.subtitle;
  if (texts.kind === 'seen') return Promise.resolve(texts.samples);
  if (texts.kind === 'index') return indexed(title, texts.index, { n: segment.n, signal: context.signal });
  if (title.locator) return located(title, { ...segment, locator: title.locator }, context.signal);
  return spanned(title, segment, context);
}

interface Asked {
  readonly n: number;
  readonly signal: AbortSignal;
}

function indexed(
  { timeline, zero }: Title,
  index: TextIndex,
  { n, signal }: Asked,
): Promise<readonly Sample[]> {
  const { start, end } = intervalOf(timeline, n);
  const isShown = shownIn(index, {
    start: zero + (start - 1) * MILLISECOND,
    end: zero + (end + 1) * MILLISECOND,
  });
  const wanted = Array.from(index.times.keys()).filter(isShown);
  return wanted.length > 0 ? index.read(wanted, signal) : Promise.resolve([]);
}

/** A text ends before it begins where a container says nonsense: it is shown nowhere. */
const shownIn =
  ({ times, ends }: TextIndex, { start, end }: Interval) =>
  (i: number): boolean =>
    (times[i] ?? end) < end && (ends[i] ?? start) > start;

async function spanned(
  title: Title,
  { subtitle: { track }, n }: TextSegment,
  context: TextContext,
): Promise<readonly Sample[]> {
  const { cuts } = title.timeline;
  const from = nanoseconds((cuts[n]?.point.time ?? title.zero) - REACH);
  const gathering = new Gathering();
  for (const sample of await backwardSamples(title, { track, n, from }, context)) gathering.add(sample);
  // The last text may be shown until one of the next segments: that is where it ends for all of them.
  const mayReach = (k: number) => isOpen(gathering.samples, cuts[k]?.point.time ?? Number.POSITIVE_INFINITY);
  for (let k = n; k === n || mayReach(k); k++)
    for await (const batch of forwardSamples(title, { track, n: k }, context))
      for (const sample of batch) gathering.add(detached(sample));
  return unique(gathering.samples);
}

/** Texts that were met. */
class Gathering {
  readonly samples: Sample[] = [];
  #room: number = LIMITS.texts;

  /** @throws MediaError `limit` */
  add(sample: Sample): void {
    this.#room -= costOf(sample);
    if (this.#room < 0)
      throw new MediaError('limit', `The texts of one segment have more than ${LIMITS.texts} bytes`);
    this.samples.push(sample);
  }
}

/** Whether the last text does not say how long it is shown, and may be shown at that time. */
function isOpen(samples: readonly Sample[], time: number): boolean {
  const last = samples.reduce<Sample | null>((a, b) => (a && a.time >= b.time ? a : b), null);
  return last !== null && last.duration === null && last.time + LONGEST_UNTOLD > time;
}

/** What lies behind a cut is read with the segments on both sides of it. */
const unique = (samples: readonly Sample[]): Sample[] => [
  ...new Map(samples.map((sample) => [`${sample.position}/${sample.time}`, sample])).values(),
];

interface LocatedText extends TextSegment {
  readonly locator: CutLocator;
}

/** Bytes asked for behind the estimated end of the segment: another request costs more. */
const ESTIMATE_MARGIN = 256 * 1024;

async function located(
  { demuxer, timeline: { cuts }, window, video, audio, zero }: Title,
  { subtitle: { track }, n, locator }: LocatedText,
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const time = cuts[n]?.point.time ?? zero;
  const first = Math.max(
    0,
    cuts.findLastIndex(({ point }) => point.time <= time - REACH),
  );
  const start = await locator.anchor(first, signal);
  const next = cuts[n + 1]?.point.time ?? null;
  const { end } = demuxer.payload;
  const soft = next === null ? end : Math.min(end, Math.max(start, locator.estimate(next)) + ESTIMATE_MARGIN);
  const timesOf = new Set([...(video ? [video.track.id] : []), ...audio.map((one) => one.track.id)]);
  const query = { start, soft, end, tracks: new Set([...timesOf, track.id]), timesOf };
  const gathering = new Gathering();
  const { samples } = gathering;
  for await (const batch of demuxer.samples(query, signal))
    for (const sample of batch.samples) {
      if (sample.trackId === track.id) gathering.add(detached(sample));
      const isBehind = next !== null && sample.time >= next + window;
      if (isBehind && !isOpen(samples, sample.time)) return samples;
    }
  return samples;
}
