import { parseAudioSpecificConfig } from '../../../src/codecs/aac.ts';
import { parseMuxElement, type StreamMux } from '../../../src/codecs/latm.ts';
import { type Framing, rememberFormat, type SoundFormat, syncAt } from './framing.ts';

/** syncword of 11 bits; 13 of length follow. */
const SYNC = { first: 0x56, second: 0xe0, mask: 0xe0 } as const;
const HEADER_BYTES = 3;

/**
 * AAC in LATM with the headers of LOAS, AudioSyncStream: ISO/IEC 14496-3, 1.7.2. Elements before the first
 * StreamMuxConfig make no frames.
 */
export function latmFraming(): Framing {
  const remember = rememberFormat();
  let mux: StreamMux | null = null;
  return {
    maxBytes: HEADER_BYTES + 8191,
    partAt(bytes, at) {
      if (!syncAt(bytes, at, SYNC)) return null;
      const [, high, low] = bytes.subarray(at, at + HEADER_BYTES);
      if (high === undefined || low === undefined) return 'more';
      const length = ((high & 31) << 8) | low;
      return length === 0 ? null : { bytes: HEADER_BYTES + length, key: 0, isHead: true, samples: 0 };
    },
    sounds(frame) {
      const element = parseMuxElement(frame.subarray(HEADER_BYTES), mux);
      if (!element) return [];
      const { record } = element.mux;
      const info = parseAudioSpecificConfig(record);
      mux = element.mux;
      const format = remember(record.join(), () => formatOf(record));
      return element.frames.map((data) => ({ data, samples: info.outputFrameSize, format }));
    },
    reset() {
      mux = null;
    },
  };
}

function formatOf(record: Uint8Array): SoundFormat {
  const { outputRate, channels, outputFrameSize } = parseAudioSpecificConfig(record);
  return {
    config: { codec: 'aac', record: record.slice() },
    sampleRate: outputRate,
    channels,
    frameSize: outputFrameSize,
  };
}
