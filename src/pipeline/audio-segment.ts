import { audioCodec, frameSamples } from '../codecs/codecs.ts';
import type { Sample, TimedPacket } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import { NANOSECONDS_PER_SECOND } from '../core/time.ts';
import { BorderBridge } from './audio-bridge.ts';
import { AudioFramer, type Frame } from './audio-framer.ts';
import { type AudioContext, forwardSamples } from './audio-samples.ts';
import type { Counters } from './ledger.ts';
import type { CutLocator } from './locate-cut.ts';
import type { PlannedAudio, Title } from './title.ts';

/**
 * The frames of segment n of one audio track, in batches as their durations become final. Reads the span between
 * the two cuts, before it only when its first frame comes later than the segment, and behind it up to the first
 * frame of the next segment: at most the interleave window far.
 */
export async function* audioPackets(
  title: Title,
  { audio, n }: { readonly audio: PlannedAudio; readonly n: number },
  context: AudioContext,
): AsyncGenerator<TimedPacket[]> {
  if (title.locator) {
    yield* locatedPackets(title, { audio, n, locator: title.locator }, context);
    return;
  }
  const framer = framerOf(audio, n, context.counters);
  const sink = sinkOf(title, { audio, n }, framer);
  let isLedIn = false;
  for await (const samples of forwardSamples(title, { audio, n }, context)) {
    const first = samples[0];
    if (!isLedIn && first) {
      isLedIn = true;
      if (isLate(audio, n, first)) await leadIn(title, { audio, n, sink }, context);
    }
    for (const sample of samples) sink.push(frameOf(audio, sample));
    const ready = framer.take();
    if (ready.length > 0) yield ready;
    if (framer.isDone) break;
  }
  if (!isLedIn) await leadIn(title, { audio, n, sink }, context);
  sink.finish();
  const rest = framer.finish();
  if (rest.length > 0) yield rest;
}

interface LocatedSegment {
  readonly audio: PlannedAudio;
  readonly n: number;
  readonly locator: CutLocator;
}

/** Bytes asked for behind the estimated end of the segment: another request costs more. */
const ESTIMATE_MARGIN = 256 * 1024;

/** Without an index: from a place a window before the segment up to its last frame, or a window behind it. */
async function* locatedPackets(
  title: Title,
  { audio, n, locator }: LocatedSegment,
  { signal, counters }: AudioContext,
): AsyncGenerator<TimedPacket[]> {
  const { demuxer, timeline, window, video } = title;
  const framer = framerOf(audio, n, counters);
  const sink = sinkOf(title, { audio, n }, framer);
  const start = await locator.anchor(n, signal);
  const next = timeline.cuts[n + 1]?.point.time ?? null;
  const { end } = demuxer.payload;
  const soft = next === null ? end : Math.min(end, Math.max(start, locator.estimate(next)) + ESTIMATE_MARGIN);
  const others = [...(video ? [video.track.id] : []), ...title.audio.map(({ track }) => track.id)];
  const tracks = new Set(others);
  const timesOf = new Set(others.filter((id) => id !== audio.track.id));
  const query = { start, soft, end, tracks, timesOf };
  const isBehind = (sample: Sample) => next !== null && sample.time >= next + window;
  reading: for await (const batch of demuxer.samples(query, signal)) {
    for (const sample of batch.samples) {
      if (sample.trackId === audio.track.id) sink.push(frameOf(audio, sample));
      if (framer.isDone || isBehind(sample)) break reading;
    }
    const ready = framer.take();
    if (ready.length > 0) yield ready;
  }
  sink.finish();
  const rest = framer.finish();
  if (rest.length > 0) yield rest;
}

function framerOf(audio: PlannedAudio, n: number, counters: Counters): AudioFramer {
  const { track, clock, boundaries } = audio;
  const start = boundaries[n];
  const end = boundaries[n + 1];
  const config = track.configs[0];
  if (start === undefined || end === undefined || !config) throw corrupt(`No audio segment ${n}`);
  const plan = {
    trackId: track.id,
    gridOrigin: clock.gridOrigin,
    frameSize: clock.frameSize,
    start,
    end,
    isLast: n + 2 === boundaries.length,
    silence: audioCodec(config).silentFrame(config, clock.frameSize),
  };
  return new AudioFramer(plan, counters);
}

/** What takes the frames of a segment. */
interface Sink {
  push(frame: Frame): void;
  /** No more frames come. */
  finish(): void;
}

/** The framer itself, or a bridge before it where holes cannot be filled with silence. */
function sinkOf(
  { standIns, window }: Title,
  { audio: { track, clock, boundaries }, n }: { readonly audio: PlannedAudio; readonly n: number },
  framer: AudioFramer,
): Sink {
  const standIn = standIns.get(track.id);
  if (!standIn) return { push: (frame) => framer.push(frame), finish: () => {} };
  const { gridOrigin, frameSize, timescale } = clock;
  return new BorderBridge(framer, {
    start: boundaries[n] ?? 0,
    end: boundaries[n + 1] ?? 0,
    isLast: n + 2 === boundaries.length,
    // Packets that lie beside each other are at most half a window apart.
    longest: Math.max(frameSize, Math.round((window / NANOSECONDS_PER_SECOND / 2) * timescale)),
    gridOrigin,
    frameSize,
    standIn,
  });
}

function frameOf({ track, clock }: PlannedAudio, { time, data }: Sample): Frame {
  const samples = frameSamples(track, data) ?? clock.frameSize;
  return { start: clock.ticksAt(time), samples, data };
}

/** Whether a frame that begins in the segment may lie before the first one met. */
const isLate = ({ clock, boundaries }: PlannedAudio, n: number, first: Sample): boolean =>
  clock.ticksAt(first.time) >= (boundaries[n] ?? 0) + clock.frameSize;

interface LeadIn {
  readonly audio: PlannedAudio;
  readonly n: number;
  readonly sink: Sink;
}

/** Frames of the segment that lie before its cut in the file; the first one begins with the title, not with its cut. */
async function leadIn(title: Title, { audio, n, sink }: LeadIn, { signal }: AudioContext): Promise<void> {
  const cut = title.timeline.cuts[n];
  if (!cut) return;
  const { demuxer, seekIndex, window } = title;
  const end = cut.point.position;
  const before = seekIndex.filter((point) => point.position <= end && point.time <= cut.point.time - window);
  const start = (n > 0 && before.at(-1)?.position) || demuxer.payload.start;
  if (start >= end) return;
  for await (const batch of demuxer.samples(
    { start, soft: end, end, isCompleting: true, tracks: new Set([audio.track.id]) },
    signal,
  ))
    for (const sample of batch.samples) sink.push(frameOf(audio, sample));
}
