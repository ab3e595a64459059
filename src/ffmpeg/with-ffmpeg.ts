import { toAdts } from '../codecs/adts.ts';
import { parseMajorSync } from '../codecs/truehd.ts';
import { orNull } from '../core/errors.ts';
import type { SoundConfig } from '../core/media.ts';
import type { AudioTranscoder, SourceFrame, TranscodeJob, TranscodeOptions } from '../core/transcoding.ts';
import { decodeSound, type RawStream } from './decode-sound.ts';
import { createTurns, type Turns } from './turns.ts';

/** How packets become a raw stream that FFmpeg reads. */
interface Wrapping {
  readonly stream: RawStream;
  /** The packet as the stream has it; null for one that cannot begin or be part of it. */
  wrap(packet: Uint8Array, record: Uint8Array): Uint8Array | null;
  /** Whether decoding can begin at the packet. */
  canBegin(packet: Uint8Array): boolean;
}

/** What is decoded by FFmpeg, since nothing here can: one row a codec. */
const WRAPPINGS: { readonly [C in SoundConfig['codec']]?: Wrapping } = {
  truehd: {
    stream: 'truehd',
    wrap: (packet) => packet,
    canBegin: (packet) => orNull(() => parseMajorSync(packet)) !== null,
  },
  aac: {
    stream: 'aac',
    wrap: (packet, record) => orNull(() => toAdts(packet, record)),
    canBegin: () => true,
  },
};

const FLOAT = { encoding: 'float', bits: 32, isBigEndian: false } as const;
const BYTES = FLOAT.bits / 8;
/** Sound beyond that of the packets: a decoder may have some of its own left at the end. */
const SLACK = 1 << 20;
/** Children at a time: each keeps a core busy for a tenth of a second, and a server has few. */
const AT_ONCE = 4;

/**
 * Decodes by a local FFmpeg what `transcoder` has no decoder for, and lets it encode the samples: the same cuts, warm-up
 * and exactness.
 * @param program path of the executable
 */
export function withFfmpeg(transcoder: AudioTranscoder, program: string): AudioTranscoder {
  const turns = createTurns(AT_ONCE);
  return {
    ...transcoder,
    reasonAgainst: (config) => {
      const reason = transcoder.reasonAgainst(config);
      return reason !== null && canWrap(config) ? null : reason;
    },
    async *transcode(job, options) {
      const wrapping = WRAPPINGS[job.source.config.codec];
      const isDecoded = transcoder.reasonAgainst(job.source.config) === null || !wrapping;
      const { signal } = options;
      const samples = isDecoded ? job : await asSamples(job, { program, wrapping, turns, signal });
      yield* transcoder.transcode(samples, options);
    },
  };
}

/** AAC whose channels are in the stream itself has no form in ADTS. */
const canWrap = ({ codec, record }: SoundConfig): boolean => {
  const wrapping = WRAPPINGS[codec];
  return wrapping !== undefined && wrapping.wrap(new Uint8Array(8), record) !== null;
};

const NOTHING = new Uint8Array(0);

async function inTurn<T>(turns: Turns, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = await turns.take(signal);
  try {
    return await work();
  } finally {
    end();
  }
}

interface Program extends Pick<TranscodeOptions, 'signal'> {
  readonly program: string;
  readonly wrapping: Wrapping;
  readonly turns: Turns;
}

/** The job with samples in place of its packets. Those before the first one where decoding can begin are silent. */
async function asSamples(
  job: TranscodeJob,
  { program, wrapping, turns, signal }: Program,
): Promise<TranscodeJob> {
  const { source } = job;
  const { frameSize, channels } = source;
  const first = job.packets.findIndex(({ data }) => wrapping.canBegin(data));
  const packets = first < 0 ? [] : job.packets.slice(first);
  const wrapped = packets.map(({ data }) => wrapping.wrap(data, source.config.record));
  const input = wrapped.filter((data) => data !== null);
  const frameBytes = frameSize * channels * BYTES;
  const maxBytes = packets.length * frameBytes + SLACK;
  const stream = { program, stream: wrapping.stream, channels, signal, maxBytes };
  const pcm = input.length > 0 ? await inTurn(turns, () => decodeSound(input, stream), signal) : NOTHING;
  let given = 0;
  const cut = (packet: SourceFrame, i: number): SourceFrame[] => {
    if (wrapped[i] === null) return [];
    const start = given++ * frameBytes;
    return [{ ...packet, data: pcm.subarray(start, start + frameBytes) }];
  };
  const config = { codec: 'pcm', record: new Uint8Array(0), format: FLOAT, channels } as const;
  return { ...job, source: { ...source, config }, packets: packets.flatMap(cut) };
}
