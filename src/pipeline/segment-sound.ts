import { audioCodec, frameSamples } from '../codecs/codecs.ts';
import type { Sample, TimedPacket } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import { NANOSECONDS_PER_SECOND } from '../core/time.ts';
import { BorderBridge } from './audio-bridge.ts';
import { AudioFramer, type Frame } from './audio-framer.ts';
import type { Counters } from './ledger.ts';
import type { PlannedAudio, Title } from './title.ts';

/** Segment n of an audio track. */
export interface SoundSegment {
  readonly audio: PlannedAudio;
  readonly n: number;
}

/** Takes a track's frames in file order, and gives those of one segment, holes filled. */
export interface SegmentSound {
  /** True once a frame of the next segment was met: nothing more is needed. */
  readonly isDone: boolean;
  push(frame: Frame): void;
  /** Frames whose durations are final. */
  take(): TimedPacket[];
  /** No more frames come. Gives the rest. */
  finish(): TimedPacket[];
}

/** Holes are filled with silence; a bridge lies over borders where the codec has none. */
export function openSegmentSound(title: Title, segment: SoundSegment, counters: Counters): SegmentSound {
  const framer = framerOf(segment, counters);
  const bridge = bridgeOf(title, segment, framer);
  return {
    get isDone() {
      return framer.isDone;
    },
    push: (frame) => (bridge ?? framer).push(frame),
    take: () => framer.take(),
    finish() {
      bridge?.finish();
      return framer.finish();
    },
  };
}

function framerOf({ audio, n }: SoundSegment, counters: Counters): AudioFramer {
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

function bridgeOf(
  { standIns, window }: Title,
  { audio: { track, clock, boundaries }, n }: SoundSegment,
  framer: AudioFramer,
): BorderBridge | null {
  const standIn = standIns.get(track.id);
  if (!standIn) return null;
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

/** A packet in its place on the track's clock. */
export function frameOf({ track, clock }: PlannedAudio, { time, data }: Sample): Frame {
  const samples = frameSamples(track, data) ?? clock.frameSize;
  return { start: clock.ticksAt(time), samples, data };
}
