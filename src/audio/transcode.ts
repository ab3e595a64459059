import {
  AAC_FRAME,
  LOOK_AHEAD_FRAMES,
  type SourceFrame,
  type TranscodeJob,
  WARM_UP_FRAMES,
} from '../core/transcoding.ts';
import { downmix } from './downmix.ts';
import { HALVE_REACH, halve } from './halve.ts';
import type { PacketDecoder, Pcm, Speaker } from './pcm.ts';
import { resample } from './resample.ts';
import { SampleLine } from './sample-line.ts';

/** Encodes frame after frame; each call gives the packets that it completed. */
export interface FrameEncoder {
  /** @param at index of the frame's first sample in `planes` */
  send(planes: readonly Float32Array[], at: number): readonly Uint8Array[];
  finish(): readonly Uint8Array[];
}

export interface Tools {
  readonly decoder: PacketDecoder;
  readonly encoder: FrameEncoder;
}

/** Speakers of an output by its number of channels. */
const LAYOUTS: Readonly<Record<2 | 6, readonly Speaker[]>> = {
  2: ['FL', 'FR'],
  6: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
};
/** Packets that are given at a time: a quarter of a second, so that a first chunk is not waited for. */
const BATCH = 12;

/**
 * The packets of frames [first, end), some at a time. Packet p of an encoder that began with frame f is decoded to
 * frame p-1: the first kept is that of `first`. Decoding, mixing and encoding go hand in hand: little is held.
 */
export function* transcode(job: TranscodeJob, { decoder, encoder }: Tools): Generator<Uint8Array[]> {
  const begin = Math.max(0, job.first - WARM_UP_FRAMES);
  const stop = job.isLast ? job.end : job.end + LOOK_AHEAD_FRAMES;
  const sound = new Sound(job, begin);
  let frame = begin;
  /** Of the next packet that the encoder gives: the frame that it is decoded to. */
  let given = begin - 1;
  let kept: Uint8Array[] = [];
  const keep = (packets: readonly Uint8Array[]) => {
    for (const packet of packets) {
      if (given >= job.first && given < job.end) kept.push(packet);
      given++;
    }
  };
  for (const packet of [...job.packets, null]) {
    const certain = packet ? sound.framesBefore(packet.start) : stop;
    for (; frame < Math.min(certain, stop); frame++) {
      keep(encoder.send(sound.frame(frame), 0));
      if (kept.length < BATCH) continue;
      yield kept;
      kept = [];
    }
    if (frame >= stop) break;
    if (packet) sound.add(packet, decoder);
  }
  if (job.isLast) keep(encoder.finish());
  if (kept.length > 0) yield kept;
}

/**
 * Seconds by which stamps of packets at another rate than the source's may be wrong, since they are on no grid: what is
 * that near to the packet before follows it at once.
 */
const NEARBY = 0.002;

/** The decoded sound of a job in the output's channels, on the source's time line. */
class Sound {
  readonly #job: TranscodeJob;
  readonly #line: SampleLine;
  readonly #speakers: readonly Speaker[];
  /** Times that the rate is halved. */
  readonly #halvings: number;
  /** Samples of the source that a frame needs beyond its own, on each side. */
  readonly #reach: number;
  /** Position behind the last packet. */
  #end = Number.NEGATIVE_INFINITY;

  constructor(job: TranscodeJob, begin: number) {
    this.#job = job;
    this.#halvings = Math.round(Math.log2(job.source.rate / job.output.rate));
    this.#reach = HALVE_REACH * (2 ** this.#halvings - 1);
    this.#speakers = LAYOUTS[job.output.channels];
    this.#line = new SampleLine(this.#speakers.length, this.#start(begin) - this.#reach);
  }

  /** Frames that no sound stamped `position` or later changes. */
  framesBefore(position: number): number {
    const earliest = position - NEARBY * this.#job.source.rate - this.#reach;
    return Math.floor(earliest / (AAC_FRAME * 2 ** this.#halvings));
  }

  add({ start, samples, skipped, data }: SourceFrame, decoder: PacketDecoder): void {
    const { source } = this.#job;
    const pcm = decoder.decode(data, Math.round(start / source.frameSize));
    if (!pcm) return;
    const planes = this.#atSourceRate(pcm).map((plane) => plane.subarray(skipped, samples));
    const length = planes[0]?.length ?? 0;
    const position = start + skipped;
    const isBeside = pcm.rate !== source.rate && Math.abs(position - this.#end) < NEARBY * source.rate;
    const at = isBeside ? this.#end : position;
    this.#line.write(at, planes);
    this.#end = at + length;
  }

  /** One frame at the output's rate. */
  frame(index: number): readonly Float32Array[] {
    const length = AAC_FRAME * 2 ** this.#halvings;
    const from = this.#start(index) - this.#reach;
    this.#line.forget(from);
    let planes: readonly Float32Array[] = this.#line.read(from, length + 2 * this.#reach);
    for (let i = 0; i < this.#halvings; i++) planes = planes.map(halve);
    return planes;
  }

  #atSourceRate(pcm: Pcm): readonly Float32Array[] {
    const planes = downmix(pcm, this.#speakers);
    const { rate } = this.#job.source;
    return pcm.rate === rate ? planes : planes.map((plane) => resample(plane, pcm.rate, rate));
  }

  #start(frame: number): number {
    return frame * AAC_FRAME * 2 ** this.#halvings;
  }
}
