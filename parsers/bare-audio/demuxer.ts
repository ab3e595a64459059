import type { Demuxer, Source } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds, rescale } from '../../src/core/time.ts';
import { type Front, readFront } from '../audio-file/front-tags.ts';
import { id3Bytes } from '../audio-file/id3.ts';
import { sizeOf } from '../audio-file/sound-track.ts';
import { readTail, type Tail } from '../audio-file/tail-tags.ts';
import { isFlac, openFlacAt } from '../flac/demuxer.ts';
import { findFirstFrame } from './first-frame.ts';
import { FRAME_KINDS } from './kinds.ts';
import { openFrames } from './open-frames.ts';

export interface BareAudioOptions {
  /** Frames with their headers, as the file has them. For comparing with other readers. */
  readonly asStored?: boolean;
  readonly access?: 'anywhere' | 'in order';
}

/** Ticks a second of the stamp that stands before a piece of a stream: RFC 8216, 3.4. */
const STAMP_CLOCK = 90_000;

/**
 * Opens sound without a container: MPEG audio of layers I to III, AAC in ADTS, AC-3, E-AC-3, DTS, and FLAC behind a
 * tag. Tags before and behind it are passed over.
 * @throws MediaError `unsupported` (no size, no frames, free format, a large file of changing bit rate), `truncated`
 */
export async function openBareAudio(
  source: Source,
  signal: AbortSignal,
  options: BareAudioOptions = {},
): Promise<Demuxer> {
  const front = await readFront(source, signal);
  const size = sizeOf(source);
  if (isFlac(front.bytes)) return openFlacAt(source, front, { ...options, signal });
  const { position, bytes, timestamp } = front;
  const isInOrder = options.access === 'in order';
  const tail = isInOrder ? null : await readTail(source, { start: position, end: size }, signal);
  const end = tail?.end ?? size;
  return openFrames(
    source,
    {
      kinds: FRAME_KINDS,
      range: { start: position, end },
      front: bytes.subarray(0, end - position),
      back: tail?.bytes ?? null,
      told: toldBy(front, tail),
      base: nanoseconds(timestamp === null ? 0 : rescale(timestamp, STAMP_CLOCK, NANOSECONDS_PER_SECOND)),
      container: null,
      isAsStored: options.asStored ?? false,
    },
    signal,
  );
}

const toldBy = ({ told }: Front, tail: Tail | null) => (told.length === 0 && tail?.told ? [tail.told] : told);

/** Frames in a row; behind something else these are less sure than what other containers begin with. */
const SCORES = { atOnce: 0.8, behindTag: 0.9, tag: 0.75, behind: 0.2 } as const;

/** How sure the first bytes of a file make it that they are bare sound: 0 to 1. */
export function scoreBareAudio(head: Uint8Array): number {
  let at = 0;
  for (let size = id3Bytes(head); size !== null; size = id3Bytes(head, at)) {
    at += size;
    if (at + MIN_SEEN > head.length) return SCORES.tag;
  }
  const bytes = head.subarray(at);
  if (at > 0 && isFlac(bytes)) return SCORES.behindTag;
  const first = findFirstFrame(FRAME_KINDS, { bytes, isLast: head.length < LIMITS.head });
  if (!first) return at > 0 ? SCORES.tag : 0;
  if (at > 0) return SCORES.behindTag;
  return first.at === 0 ? SCORES.atOnce : SCORES.behind;
}

/** Bytes behind a tag that tell what follows. */
const MIN_SEEN = 4096;
