import { createHash } from 'node:crypto';
import type { AudioTranscoder, TranscodeJob, TranscodeOptions } from '../../src/core/transcoding.ts';
import { run } from '../helpers/ffmpeg.ts';

const RATE = 48_000;
const FRAME = 1024;

/** What nobody aborts and somebody waits for. */
export const wanted = (more: Partial<TranscodeOptions> = {}): TranscodeOptions => ({
  signal: new AbortController().signal,
  isUrgent: () => true,
  ...more,
});

/** All packets of a job. */
export async function transcodeWhole(
  transcoder: AudioTranscoder,
  job: TranscodeJob,
  options: TranscodeOptions = wanted(),
): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  for await (const batch of transcoder.transcode(job, options)) packets.push(...batch);
  return packets;
}

/** Of the packets' bytes and their borders. */
export function digestOf(packets: readonly Uint8Array[]): string {
  const hash = createHash('md5');
  for (const packet of packets) hash.update(`${packet.length} `).update(packet);
  return `${packets.length} packets, ${hash.digest('hex')}`;
}

const SAMPLES = 1000;
const PCM = { encoding: 'signed', bits: 16, isBigEndian: false } as const;

/** A sawtooth in stereo that begins anew with each seed, as PCM in packets that are no frames. */
export function pcmJob(frames: number, seed = 1): TranscodeJob {
  const length = Math.ceil((frames * FRAME) / SAMPLES);
  const packets = Array.from({ length }, (_, n) => {
    const data = new Uint8Array(4 * SAMPLES);
    const view = new DataView(data.buffer);
    for (let i = 0; i < 2 * SAMPLES; i++)
      view.setInt16(2 * i, (((n * SAMPLES + i) * (40 + seed + (i % 2))) % 16_000) - 8000, true);
    return { start: n * SAMPLES, samples: Number.POSITIVE_INFINITY, skipped: 0, data };
  });
  const config = { codec: 'pcm', record: new Uint8Array(), format: PCM, channels: 2 } as const;
  return {
    source: { config, rate: RATE, channels: 2, frameSize: SAMPLES },
    output: { rate: RATE, channels: 2 },
    first: 0,
    end: frames,
    isLast: true,
    packets,
  };
}

const EAC3_FRAME = 1536;
/** The packet before, whose overlap a packet needs. */
const PRE_ROLL = 1;
const WARM_UP = 16;
const LOOK_AHEAD = 2;

/** An E-AC-3 stream in 5.1 of six voices that slide, beat and breathe, as ffmpeg encodes it. */
export function encodeEac3(seconds: number): Uint8Array {
  const voices = [220, 330, 277, 55, 440, 392].map(
    (hertz, i) =>
      `0.3*sin(2*PI*${hertz}*t+3*sin(${0.7 + i / 5}*t))*(0.6+0.4*sin(${2 + i}*t))` +
      `+0.15*sin(2*PI*${3 * hertz}*t+5*sin(${0.3 + i / 7}*t))+0.02*(random(${i})-0.5)`,
  );
  const source = `aevalsrc=${voices.join('|')}:s=${RATE}:d=${seconds}:c=5.1`;
  const options = ['-f', 'lavfi', '-i', source, '-c:a', 'eac3', '-b:a', '448k', '-f', 'eac3', '-'];
  const { stdout, stderr } = run('ffmpeg', options, new Uint8Array());
  if (stdout.length === 0) throw new Error(`ffmpeg made nothing: ${stderr}`);
  return new Uint8Array(stdout);
}

/** Syncframes by their `frmsiz`: ETSI TS 102 366, E.1.3.1.3. */
export function splitEac3(stream: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at + 4 <= stream.length; ) {
    const words = (((stream[at + 2] ?? 0) & 7) << 8) | (stream[at + 3] ?? 0);
    packets.push(stream.subarray(at, at + 2 * (words + 1)));
    at += 2 * (words + 1);
  }
  return packets;
}

/** Frames [first, end) out of the middle of a stream. */
export function eac3Job(stream: readonly Uint8Array[], first: number, end: number): TranscodeJob {
  const from = Math.max(0, Math.floor(((first - WARM_UP) * FRAME) / EAC3_FRAME) - PRE_ROLL);
  const to = Math.ceil(((end + LOOK_AHEAD) * FRAME) / EAC3_FRAME) + 1;
  const packets = stream.slice(from, to).map((data, i) => ({
    start: (from + i) * EAC3_FRAME,
    samples: Number.POSITIVE_INFINITY,
    skipped: 0,
    data,
  }));
  return {
    source: {
      config: { codec: 'eac3', record: new Uint8Array() },
      rate: RATE,
      channels: 6,
      frameSize: EAC3_FRAME,
    },
    output: { rate: RATE, channels: 2 },
    first,
    end,
    isLast: false,
    packets,
  };
}
