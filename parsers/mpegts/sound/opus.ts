import { dOpsRecord, type OpusMapping, opusPacketSamples } from '../../../src/codecs/opus.ts';
import { corrupt, unsupported } from '../../../src/core/errors.ts';
import { type Framing, type SoundFormat, syncAt } from '../../elementary/sound/framing.ts';
import type { Descriptor } from '../psi.ts';

/** control_header_prefix 0x3ff, 11 bits. */
const SYNC = { first: 0x7f, second: 0xe0, mask: 0xe0 } as const;
const FLAGS = { startTrim: 0x10, endTrim: 0x08, extension: 0x04 } as const;
const TRIM_BYTES = 2;
const ESCAPE = 255;
/** Five surround streams of 60 ms at the highest rate have 25 KB. */
const MAX_BYTES = 64 * 1024;
const RATE = 48_000;

/**
 * Opus with its control headers: "Opus Interactive Audio Codec, Transport Multiplexing Standard" (ETSI draft
 * TS 1xx xxx, V0.1.1). Trimming is not applied: what a decoder gives of a frame is its whole length.
 * @throws MediaError `unsupported` for other channel configurations than those of RFC 7845, 5.1.1
 */
export function opusFraming(descriptors: readonly Descriptor[]): Framing {
  const format = formatOf(descriptors);
  return {
    maxBytes: MAX_BYTES,
    partAt(bytes, at) {
      const header = headerAt(bytes, at);
      if (header === null || header === 'more') return header;
      return { bytes: header.bytes + header.unitBytes, key: 0, isHead: true, samples: 0 };
    },
    sounds(frame) {
      const header = headerAt(frame, 0);
      const data = header && header !== 'more' ? frame.subarray(header.bytes) : frame.subarray(0, 0);
      const samples = opusPacketSamples(data);
      if (samples === null) throw corrupt('No Opus packet behind a control header');
      return [{ data, samples, format }];
    },
  };
}

interface ControlHeader {
  readonly bytes: number;
  /** Of the packet behind it. */
  readonly unitBytes: number;
}

/** opus_control_header: 5.2. */
function headerAt(bytes: Uint8Array, at: number): ControlHeader | 'more' | null {
  if (!syncAt(bytes, at, SYNC)) return null;
  const flags = bytes[at + 1] ?? 0;
  let end = at + 2;
  let unitBytes = 0;
  let byte: number | undefined = ESCAPE;
  while (byte === ESCAPE && unitBytes <= MAX_BYTES) {
    byte = bytes[end++];
    unitBytes += byte ?? 0;
  }
  if (byte === undefined) return 'more';
  if (flags & FLAGS.startTrim) end += TRIM_BYTES;
  if (flags & FLAGS.endTrim) end += TRIM_BYTES;
  if (flags & FLAGS.extension) {
    const size = bytes[end];
    if (size === undefined) return 'more';
    end += 1 + size;
  }
  return unitBytes === 0 ? null : { bytes: end - at, unitBytes };
}

const DESCRIPTOR = { extension: 0x7f, opus: 0x80 } as const;
const STEREO = 2;

/** Streams, coupled ones, and the stream of each channel in Vorbis order, by channels: RFC 7845, 5.1.1.2. */
const SURROUND: Readonly<Record<number, readonly [number, number, readonly number[]]>> = {
  3: [2, 1, [0, 2, 1]],
  4: [2, 2, [0, 1, 2, 3]],
  5: [3, 2, [0, 4, 1, 2, 3]],
  6: [4, 2, [0, 4, 1, 2, 3, 5]],
  7: [4, 3, [0, 4, 1, 2, 3, 5, 6]],
  8: [5, 3, [0, 6, 1, 2, 3, 4, 5, 7]],
};

/** channel_config_code of the descriptor is the number of channels; stereo without one, which decodes mono as well. */
function formatOf(descriptors: readonly Descriptor[]): SoundFormat {
  const found = descriptors.find(
    ({ tag, data }) => tag === DESCRIPTOR.extension && data[0] === DESCRIPTOR.opus,
  );
  const channels = found?.data[1] ?? STEREO;
  const surround = SURROUND[channels];
  if (channels === 0 || (channels > STEREO && !surround))
    throw unsupported(`Opus with channel_config_code ${channels}`);
  const [streams = 1, coupled = 0, map = []] = surround ?? [];
  const mapping: OpusMapping | null = surround ? { streams, coupled, channels: Uint8Array.from(map) } : null;
  const head = {
    channels,
    preSkip: 0,
    inputSampleRate: RATE,
    gain: 0,
    mappingFamily: mapping ? 1 : 0,
    mapping,
  };
  const config = { codec: 'opus', record: dOpsRecord(head) } as const;
  return { config, sampleRate: RATE, channels, frameSize: null };
}
