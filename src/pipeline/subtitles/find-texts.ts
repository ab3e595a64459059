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
 * 2. The container has an index of them: exactly those that are shown, near ones in one request. Where it leads to less
 *    than it tells, what is met in one of the next ways is added.
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
  if (texts.kind === 'index') return indexed(title, texts.index, { segment, context });
  return amongPackets(title, segment, context);
}

function amongPackets(title: Title, segment: TextSegment, context: TextContext): Promise<readonly Sample[]> {
  if (title.locator) return located(title, { ...segment, locator: title.locator }, context.signal);
  return spanned(title, segment, context);
}

interface Asked {
  readonly segment: TextSegment;
  readonly context: TextContext;
}

/** Texts of one segment that are fetched: letters that move by themselves are 50 in each of 100 pictures. */
const MOST_SHOWN = 5000;

async function indexed(
  title: Title,
  index: TextIndex,
  { segment, context }: Asked,
): Promise<readonly Sample[]> {
  const { timeline, zero } = title;
  const { start, end } = intervalOf(timeline, segment.n);
  const isShown = shownIn(index, {
    start: zero + (start - 1) * MILLISECOND,
    end: zero + (end + 1) * MILLISECOND,
  });
  const wanted = Array.from(index.times.keys()).filter(isShown);
  if (wanted.length > MOST_SHOWN)
    throw new MediaError('limit', `${wanted.length} texts in one segment, at most ${MOST_SHOWN} are read`);
  const found = wanted.length > 0 ? await index.read(wanted, context.signal) : [];
  if (found.length === wanted.length) return found;
  return unique([...(await amongPackets(title, segment, context)), ...found]);
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
  const mayReach = (k: number) => gathering.isOpenAt(cuts[k]?.point.time ?? Number.POSITIVE_INFINITY);
  for (let k = n; k === n || mayReach(k); k++)
    for await (const batch of forwardSamples(title, { track, n: k }, context))
      for (const sample of batch) gathering.add(detached(sample));
  return unique(gathering.samples);
}

/** Texts that were met. */
export class Gathering {
  readonly samples: Sample[] = [];
  #room: number = LIMITS.texts;
  #latest = Number.NEGATIVE_INFINITY;
  /** Whether one of the latest texts does not say how long it is shown. */
  #isOpen = false;

  /** @throws MediaError `limit` */
  add(sample: Sample): void {
    this.#room -= costOf(sample);
    if (this.#room < 0)
      throw new MediaError('limit', `The texts of one segment have more than ${LIMITS.texts} bytes`);
    this.samples.push(sample);
    const { time, duration } = sample;
    if (time > this.#latest) this.#isOpen = false;
    this.#latest = Math.max(this.#latest, time);
    if (time === this.#latest && duration === null) this.#isOpen = true;
  }

  /** Whether a text may be shown at that time that does not say it: until the next one, which was not met. */
  isOpenAt(time: number): boolean {
    return this.#isOpen && this.#latest + LONGEST_UNTOLD > time;
  }
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
      if (isBehind && !gathering.isOpenAt(sample.time)) return samples;
    }
  return samples;
}
