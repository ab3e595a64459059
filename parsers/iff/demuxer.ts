import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Demuxer, Source } from '../../src/core/contracts.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { bytesAt } from '../audio-file/held-bytes.ts';
import { sizeOf } from '../audio-file/sound-track.ts';
import { findFirstFrame } from '../bare-audio/first-frame.ts';
import { DTS_WORDS, type FrameKind } from '../bare-audio/kinds.ts';
import { openFrames } from '../bare-audio/open-frames.ts';
import { familyOf } from './families.ts';
import { type ChunkedLayout, readLayout } from './layout.ts';
import { pcmDemuxer } from './pcm-samples.ts';
import type { PcmSound } from './wave-format.ts';

export interface ChunkedSoundOptions {
  /** Frames with their headers, as the file has them. For comparing with other readers. */
  readonly asStored?: boolean;
  readonly access?: 'anywhere' | 'in order';
}

const SCORE = 0.95;

/** How sure the first bytes of a file make it that it is sound in chunks (WAV, RF64, BW64, Wave64, AIFF): 0 to 1. */
export const scoreChunkedSound = (head: Uint8Array): number => (familyOf(head) ? SCORE : 0);

/**
 * Opens WAV, RF64, BW64, Sony Wave64, AIFF and AIFF-C: samples of integers, floats, A-law and µ-law as they are, and
 * frames of MPEG audio, AAC, AC-3 and DTS, the last of them also where it passes for samples.
 * @throws MediaError `corrupt`, `truncated`, `unsupported` (no size, other codecs and widths)
 */
export async function openChunkedSound(
  source: Source,
  signal: AbortSignal,
  options: ChunkedSoundOptions = {},
): Promise<Demuxer> {
  const bytes = await readRange(source, { start: 0, end: LIMITS.head }, signal);
  const end = sizeOf(source);
  const family = familyOf(bytes);
  if (!family) throw corrupt('No chunks of sound', 0);
  const isInOrder = options.access === 'in order';
  const held = { position: 0, bytes };
  const layout = await readLayout(source, { family, held, end, isInOrder, signal });
  const { data } = layout;
  if (data.start >= data.end)
    throw new MediaError('truncated', 'The file ends before its sound', { offset: data.start });
  const size = Math.min(FRONT, data.end - data.start);
  const front = await bytesAt(source, held, { at: data.start, size, signal });
  const sound = family.parse(layout.format);
  const kinds = sound.kind === 'frames' ? sound.kinds : hidden(sound, front);
  const place = { source, layout, front, container: family.name };
  if (kinds.length > 0) return openFramed(place, { kinds, isInOrder, ...options }, signal);
  if (sound.kind === 'frames') throw corrupt('No frames of sound');
  return pcmDemuxer(
    { source, sound, payload: wholeSamples(data, sound) },
    { container: family.name, told: layout.told, hasEnd: layout.hasEnd },
  );
}

/** Of the sound's first bytes: enough for frames behind silence. */
const FRONT = 128 * 1024;

/** Two channels of 16 bits may be a bit stream for a decoder behind the player's line. */
function hidden({ format, channels }: PcmSound, front: Uint8Array): readonly FrameKind[] {
  if (channels !== 2 || format.bits !== 16 || format.isBigEndian) return [];
  return findFirstFrame([DTS_WORDS], { bytes: front, isLast: false }) ? [DTS_WORDS] : [];
}

function wholeSamples({ start, end }: ByteRange, { sampleBytes }: PcmSound): ByteRange {
  return { start, end: end - ((end - start) % sampleBytes) };
}

interface Place {
  readonly source: Source;
  readonly layout: ChunkedLayout;
  readonly front: Uint8Array;
  readonly container: string;
}

interface Framed extends ChunkedSoundOptions {
  readonly kinds: readonly FrameKind[];
  readonly isInOrder: boolean;
}

async function openFramed(
  { source, layout, front, container }: Place,
  { kinds, isInOrder, asStored }: Framed,
  signal: AbortSignal,
): Promise<Demuxer> {
  const { data, told } = layout;
  const tail = { start: Math.max(data.start, data.end - BACK), end: data.end };
  const back = isInOrder ? null : await readRange(source, tail, signal);
  const region = { kinds, range: data, front, back, told, container, base: nanoseconds(0) };
  return openFrames(source, { ...region, isAsStored: asStored ?? false }, signal);
}

/** Of the sound's last bytes: a few frames. */
const BACK = 64 * 1024;
