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
import { readSegment, type Segment } from './mp4-reader.ts';
import { NEVER, newCache, type Served, segmentBytes, serve } from './serve.ts';
import { decodeStereo } from './transcoded-signal.ts';

/** Films whose sound is encoded, and the parts of that by themselves. */

const LAMBDA = 120;
export const createTranscoder = (): AudioTranscoder => createInlineTranscoder(loadText, { lambda: LAMBDA });

/** A film with all its segments of sound. */
export interface Film {
  readonly file: Uint8Array;
  readonly served: Served;
  readonly rendition: EncodedRendition;
  readonly segments: readonly Segment[];
  /** The title as one segment. */
  readonly job: TranscodeJob;
  /** What the encoder is given of it: from sample 0 of the title on. */
  readonly sent: readonly Float32Array[];
  /** Where segments meet, in samples. */
  readonly borders: readonly number[];
  /** The segments one after the other, as ffmpeg decodes them: from sample 0 on. */
  readonly heard: readonly Float32Array[];
}

/** @param decodable the job as it can be decoded in process */
export async function openTranscoded(
  file: Uint8Array,
  transcoder: AudioTranscoder,
  decodable: (job: TranscodeJob) => Promise<TranscodeJob> = async (job) => job,
): Promise<Film> {
  const served = await serve(file, transcoder);
  const rendition = encodedOf(served);
  const parts: Uint8Array[] = [];
  for (let n = 0; n < served.count; n++) parts.push(await segmentBytes(served, rendition, n));
  const job = await asOneSegment(served, rendition);
  return {
    file,
    served,
    rendition,
    segments: parts.map(readSegment),
    job,
    sent: await samplesOf(await decodable(job)),
    borders: rendition.aac.boundaries.slice(1, -1).map((at) => Math.ceil(at / AAC_FRAME) * AAC_FRAME),
    heard: decodeStereo(concat([rendition.muxer.init(), ...parts]), 'mp4'),
  };
}

/** The stereo AAC that is made of a title's first track of sound. */
export function encodedOf({ renditions }: Served): EncodedRendition {
  const found = renditions.find((rendition) => rendition.kind === 'audio' && isEncoded(rendition));
  if (found?.kind !== 'audio' || !isEncoded(found)) throw new Error('No sound is encoded');
  return found;
}

const context = () => ({ spans: newCache(), signal: NEVER, counters: new Ledger().open('measured', 0) });

/** A rendition that has one segment, as long as the title. */
function asOneSegment({ title }: Served, rendition: EncodedRendition): Promise<TranscodeJob> {
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

/** Packets of a rendition by ffmpeg. */
export const decodePackets = (
  packets: readonly Uint8Array[],
  { track }: EncodedRendition,
): Float32Array[] => {
  const record = track.configs[0]?.record ?? new Uint8Array();
  return decodeStereo(concat(packets.map((packet) => toAdts(packet, record))), 'aac');
};
