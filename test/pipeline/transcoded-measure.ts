import { openDecoder } from '../../src/audio/decoders.ts';
import { createInlineTranscoder } from '../../src/audio/inline-transcoder.ts';
import { createModules } from '../../src/audio/modules.ts';
import { type FrameEncoder, transcode } from '../../src/audio/transcode.ts';
import { toAdts } from '../../src/codecs/adts.ts';
import { concat } from '../../src/core/bytes.ts';
import { AAC_FRAME, type AudioTranscoder, type TranscodeJob } from '../../src/core/transcoding.ts';
import { Ledger } from '../../src/pipeline/ledger.ts';
import { type EncodedRendition, isEncoded, jobOf } from '../../src/pipeline/transcoded/job.ts';
import { loadText } from '../audio/wasm/node-loader.ts';
import { NEVER, newCache, type Served } from './serve.ts';
import { decodeStereo } from './transcoded-signal.ts';

/** Encoded renditions against what they were made of. */

export const LAMBDA = 120;
export const createTranscoder = (): AudioTranscoder => createInlineTranscoder(loadText, { lambda: LAMBDA });

/** The stereo AAC that is made of a title's first track of sound. */
export function encodedOf({ renditions }: Served): EncodedRendition {
  const found = renditions.find((rendition) => rendition.kind === 'audio' && isEncoded(rendition));
  if (found?.kind !== 'audio' || !isEncoded(found)) throw new Error('No sound is encoded');
  return found;
}

const context = () => ({ spans: newCache(), signal: NEVER, counters: new Ledger().open('measured', 0) });

/** A rendition that has one segment, as long as the title. */
export function asOneSegment({ title }: Served, rendition: EncodedRendition): Promise<TranscodeJob> {
  const { boundaries, output } = rendition.aac;
  const aac = { output, boundaries: [0, boundaries.at(-1) ?? 0] };
  const timeline = { ...title.timeline, cuts: title.timeline.cuts.slice(0, 1) };
  return jobOf({ ...title, timeline }, { rendition: { ...rendition, aac }, n: 0 }, context());
}

export const jobOfSegment = ({ title }: Served, rendition: EncodedRendition, n: number) =>
  jobOf(title, { rendition, n }, context());

/** Everything that a transcoder makes of a job. */
export async function packetsOf(transcoder: AudioTranscoder, job: TranscodeJob): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  for await (const batch of transcoder.transcode(job, { signal: NEVER, isUrgent: () => true }))
    packets.push(...batch);
  return packets;
}

const modules = createModules(loadText);

/** The samples that the encoder is sent for a job, from the first frame of its warm-up on. */
export async function samplesOf(job: TranscodeJob): Promise<Float32Array[]> {
  const frames: Float32Array[][] = [];
  const recording: FrameEncoder = {
    send(planes, at) {
      frames.push(planes.map((plane) => plane.slice(at, at + AAC_FRAME)));
      return [];
    },
    finish: () => [],
  };
  const decoder = await openDecoder(job.source, modules);
  for (const _ of transcode(job, { decoder, encoder: recording })) throw new Error('Nothing is encoded');
  decoder.close();
  return Array.from({ length: job.output.channels }, (_, channel) => {
    const plane = new Float32Array(frames.length * AAC_FRAME);
    frames.forEach((frame, i) => {
      plane.set(frame[channel] ?? [], i * AAC_FRAME);
    });
    return plane;
  });
}

/** By ffmpeg: sample k of it is sample k of the title. */
export const decodePackets = (packets: readonly Uint8Array[], { track }: EncodedRendition): Float32Array[] => {
  const record = track.configs[0]?.record ?? new Uint8Array();
  return decodeStereo(concat(packets.map((packet) => toAdts(packet, record))), 'aac');
};

export interface Placed {
  readonly planes: readonly Float32Array[];
  /** Where the first of them is heard, in samples of the title. */
  readonly position: number;
}

export interface Lag {
  /** Samples by which `heard` comes later than `source`. */
  readonly samples: number;
  /** 1 when they are the same but for loudness. */
  readonly likeness: number;
}

const WINDOW = 4096;
/** More than a frame of AAC and a half, and more than what encoders delay. */
const FARTHEST = 1700;

/** By cross-correlation of all channels, to the sample, over the window around `at`. */
export function lagAt(source: Placed, heard: Placed, at: number): Lag {
  let best: Lag = { samples: Number.NaN, likeness: Number.NEGATIVE_INFINITY };
  for (let samples = -FARTHEST; samples <= FARTHEST; samples++) {
    const likeness = likenessAt(source, heard, { at: at - WINDOW / 2, samples });
    if (likeness > best.likeness) best = { samples, likeness };
  }
  return best;
}

function likenessAt(
  source: Placed,
  heard: Placed,
  { at, samples }: { readonly at: number; readonly samples: number },
): number {
  let [product, ours, theirs] = [0, 0, 0];
  source.planes.forEach((plane, channel) => {
    const other = heard.planes[channel] ?? new Float32Array();
    const from = at - source.position;
    const start = at + samples - heard.position;
    for (let i = 0; i < WINDOW; i++) {
      const x = plane[from + i] ?? 0;
      const y = other[start + i] ?? 0;
      product += x * y;
      ours += x * x;
      theirs += y * y;
    }
  });
  return ours * theirs === 0 ? 0 : product / Math.sqrt(ours * theirs);
}

/** Energy of what was decoded and not sent, over all channels in [from, to). */
export function noiseOf(
  sent: readonly Float32Array[],
  decoded: readonly Float32Array[],
  [from, to]: readonly [number, number],
): number {
  let noise = 0;
  sent.forEach((plane, channel) => {
    const other = decoded[channel] ?? new Float32Array();
    for (let i = Math.max(0, from); i < to; i++) noise += ((plane[i] ?? 0) - (other[i] ?? 0)) ** 2;
  });
  return noise;
}

export const decibels = (ratio: number): number => 10 * Math.log10(ratio);
