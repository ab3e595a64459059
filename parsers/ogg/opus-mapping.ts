import { dOpsRecord, opusPacketSamples, parseOpusHead } from '../../src/codecs/opus.ts';
import { corrupt } from '../../src/core/errors.ts';
import { type SoundFormat, type SoundMapping, startsWith } from './sound-format.ts';

const HEAD = 'OpusHead';
const TAGS = 'OpusTags';
const RATE = 48_000;
/** 80 ms: RFC 7845, 4.6. */
const PRE_ROLL = 80_000_000;

/** RFC 7845. */
export const OPUS_MAPPING: SoundMapping = {
  name: 'opus',
  begins: (packet) => startsWith(packet, HEAD),
  isHeader: (packet) => startsWith(packet, TAGS) || startsWith(packet, HEAD),
  isComplete: (headers) => headers.length > 1,
  parse,
};

/** @throws MediaError `corrupt`, `truncated`, `unsupported` */
function parse([head, tags]: readonly Uint8Array[]): SoundFormat {
  if (!head) throw corrupt('Opus without OpusHead');
  const facts = parseOpusHead(head);
  const { channels, preSkip, mapping } = facts;
  return {
    config: { codec: 'opus', record: dOpsRecord(facts) },
    sampleRate: RATE,
    channels,
    frameSize: null,
    frameStep: null,
    delay: preSkip,
    seekPreRoll: PRE_ROLL,
    overlaps: false,
    // Pre-skip and gain may be other ones: where the sound begins is told by times, and how loud it is disturbs less than its end.
    identity: Uint8Array.of(
      channels,
      ...(mapping ? [mapping.streams, mapping.coupled, ...mapping.channels] : [1, channels - 1, 0, 1]),
    ),
    comments: tags?.subarray(TAGS.length) ?? null,
    pictures: [],
    samples: opusPacketSamples,
  };
}
