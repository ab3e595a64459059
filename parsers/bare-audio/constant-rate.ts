import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../src/core/contracts.ts';
import type { FirstFrame } from './first-frame.ts';
import { type ConstantFrames, fits, frameNumber } from './frame-clock.ts';
import { FrameWalker, type WalkedFrame } from './frame-walker.ts';

/** The frames of a file, as far as its two ends show them. */
export interface Ends {
  readonly first: FirstFrame;
  /** Of all frames. */
  readonly payload: ByteRange;
  /** From the first frame on. */
  readonly front: Uint8Array;
  /** Up to the end of the payload. */
  readonly back: Uint8Array;
}

/** What was found to lie as a constant rate wants it. */
export interface Proven {
  readonly clock: ConstantFrames;
  /** Frames up to the end of the file. */
  readonly frames: number;
}

/** Places that are looked at between beginning and end. */
const PROBES = 8;
/** Frames that a look reads at least, and bytes. */
const PROBE = { frames: 6, bytes: 16 * 1024 } as const;

/**
 * Whether frames lie at equal distances: at the beginning and the end of the file, and wherever it was looked between
 * them. Null where one does not.
 */
export async function proveConstant(source: Source, ends: Ends, signal: AbortSignal): Promise<Proven | null> {
  const { payload, front, back, first } = ends;
  const head = framesIn(first, front, {
    position: payload.start,
    isLast: payload.end - payload.start <= front.length,
  });
  const tail = framesIn(first, back, { position: payload.end - back.length, isLast: true });
  const clock = candidates(first, payload.start).find((each) => fits(each, head) && fits(each, tail));
  const last = tail.at(-1);
  if (!clock || !last || head.length < 2) return null;
  const looks = await Promise.all(places(payload, clock).map((range) => readRange(source, range, signal)));
  const isProven = places(payload, clock).every(({ start }, i) => {
    const frames = framesIn(first, looks[i] ?? new Uint8Array(0), { position: start, isLast: false });
    return frames.length > 1 && fits(clock, frames);
  });
  return isProven ? { clock, frames: frameNumber(clock, last.position) + 1 } : null;
}

/** The mean that the bit rate of the first frame tells, and the length that it has itself. */
function candidates({ frame, kind, format }: FirstFrame, first: number): ConstantFrames[] {
  const samples = format.frameSize;
  if (samples === null) return [];
  const means = [{ bytes: frame.length, slack: 0 }, kind.meanFrame(frame)];
  return means.flatMap((mean) => (mean ? [{ kind: 'constant', first, samples, ...mean }] : []));
}

function places({ start, end }: ByteRange, { bytes }: ConstantFrames): ByteRange[] {
  const length = Math.ceil(Math.max(PROBE.bytes, PROBE.frames * bytes));
  return Array.from({ length: PROBES }, (_, i) => {
    const at = Math.round(start + ((end - start) * (i + 1)) / (PROBES + 1));
    return { start: at, end: Math.min(end, at + length) };
  });
}

interface Place {
  readonly position: number;
  /** The stream ends behind it. */
  readonly isLast: boolean;
}

function framesIn(first: FirstFrame, bytes: Uint8Array, { position, isLast }: Place): WalkedFrame[] {
  const walker = new FrameWalker(first, { position, mode: 'anywhere' });
  const frames = walker.push(bytes);
  return isLast ? [...frames, ...walker.flush()] : frames;
}
