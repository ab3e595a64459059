import { buildAudioSpecificConfig, parseAudioSpecificConfig } from '../../../src/codecs/aac.ts';
import { type AacElement, channelCount, readProgramConfig } from '../../../src/codecs/aac-elements.ts';
import { ADTS_HEADER_BYTES, type AdtsHeader, parseAdtsHeader } from '../../../src/codecs/adts.ts';
import { BitReader } from '../../../src/core/bits.ts';
import { corrupt, unsupported } from '../../../src/core/errors.ts';
import { type Framing, rememberFormat, type Sound, type SoundFormat, syncAt } from './framing.ts';

const SYNC = { first: 0xff, second: 0xf0, mask: 0xf6 } as const;
/** Of the fourth byte: channels, original and home. With the two before it the fixed header. */
const FIXED = 0xf0;
const BLOCK_SAMPLES = 1024;
const CRC_BYTES = 2;
/** Element identifier: ISO/IEC 14496-3, Table 4.85. */
const PROGRAM_CONFIG = 5;

/**
 * AAC in ADTS: ISO/IEC 14496-3, 1.A.2. SBR that only the frames' content tells is not known: the format is that of the
 * core, as its header says.
 */
export function adtsFraming(): Framing {
  const remember = rememberFormat();
  let program: readonly AacElement[] | null = null;
  return {
    maxBytes: 8191,
    partAt(bytes, at) {
      if (!syncAt(bytes, at, SYNC)) return null;
      if (bytes.length - at < ADTS_HEADER_BYTES) return 'more';
      const header = parseAdtsHeader(bytes, at);
      if (!header) return null;
      const [, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
      const key = (b << 16) | (c << 8) | (d & FIXED);
      return { bytes: header.frameBytes, key, isHead: true, samples: header.blocks * BLOCK_SAMPLES };
    },
    sounds(frame) {
      const header = parseAdtsHeader(frame);
      if (!header) throw corrupt('No ADTS frame');
      const blocks = blocksOf(frame, header);
      const isInStream = header.channelConfiguration === 0;
      program = isInStream ? (programOf(blocks[0]) ?? program) : null;
      if (isInStream && !program) return [];
      const format = remember(keyOf(header, program), () => formatOf(header, program));
      return blocks.map((data): Sound => ({ data, samples: BLOCK_SAMPLES, format }));
    },
    reset() {
      program = null;
    },
  };
}

/**
 * The raw_data_blocks of a frame. Several of them can be told apart by the places that stand before the error check.
 * @throws MediaError `unsupported` for several without it, `corrupt` for places outside
 */
function blocksOf(frame: Uint8Array, { blocks, hasCrc, headerBytes }: AdtsHeader): Uint8Array[] {
  const content = frame.subarray(headerBytes);
  if (blocks === 1) return [content];
  if (!hasCrc) throw unsupported('ADTS with several raw data blocks in a frame and no error check');
  const view = new DataView(frame.buffer, frame.byteOffset + ADTS_HEADER_BYTES);
  const starts = Array.from({ length: blocks }, (_, i) => (i === 0 ? 0 : view.getUint16((i - 1) * 2)));
  return starts.map((start, i) => {
    const end = (starts[i + 1] ?? content.length) - CRC_BYTES;
    if (end <= start || end > content.length) throw corrupt('ADTS with raw data blocks outside of the frame');
    return content.subarray(start, end);
  });
}

/** The program config element that a block begins with; null where it begins with something else. */
function programOf(block: Uint8Array | undefined): readonly AacElement[] | null {
  const bits = new BitReader(block ?? new Uint8Array(0));
  if (bits.u(3) !== PROGRAM_CONFIG) return null;
  const elements = readProgramConfig(bits);
  if (bits.overrun || channelCount(elements) === 0) throw corrupt('Program config element ends early');
  return elements;
}

const keyOf = ({ objectType, samplingRate, channelConfiguration }: AdtsHeader, program: unknown): string =>
  JSON.stringify([objectType, samplingRate, channelConfiguration, program]);

function formatOf(header: AdtsHeader, elements: readonly AacElement[] | null): SoundFormat {
  const { objectType, samplingRate, channelConfiguration } = header;
  const record = buildAudioSpecificConfig({ objectType, samplingRate, channelConfiguration, elements });
  const { channels } = parseAudioSpecificConfig(record);
  return { config: { codec: 'aac', record }, sampleRate: samplingRate, channels, frameSize: BLOCK_SAMPLES };
}
