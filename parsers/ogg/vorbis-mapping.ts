import { parseVorbisHeaders, vorbisSamples, vorbisStep } from '../../src/codecs/vorbis.ts';
import { concat } from '../../src/core/bytes.ts';
import { corrupt } from '../../src/core/errors.ts';
import { type SoundFormat, type SoundMapping, startsWith } from './sound-format.ts';

const NAMES = { identification: '\x01vorbis', comment: '\x03vorbis', setup: '\x05vorbis' } as const;
/** Set in the first byte of what is no sound: Vorbis I, 4.3.1. */
const HEADER_BIT = 1;
/** A comment header without vendor and comments: what is told of the file stands elsewhere. */
const NO_COMMENTS = Uint8Array.of(
  ...[...NAMES.comment].map((char) => char.charCodeAt(0)),
  ...new Uint8Array(8),
  1,
);
/** Of the identification header: version, channels, rate; what lies between are bit rates; block sizes. */
const DECIDING = [
  [7, 16],
  [28, 29],
] as const;

/** Vorbis I, Appendix A. */
export const VORBIS_MAPPING: SoundMapping = {
  name: 'vorbis',
  begins: (packet) => startsWith(packet, NAMES.identification),
  isHeader: ([first = HEADER_BIT]) => (first & HEADER_BIT) !== 0,
  isComplete: (headers) => headers.some((header) => startsWith(header, NAMES.setup)),
  parse,
};

/** @throws MediaError `corrupt`, `unsupported` */
function parse(headers: readonly Uint8Array[]): SoundFormat {
  const named = (name: string) => headers.find((header) => startsWith(header, name));
  const [identification, setup] = [named(NAMES.identification), named(NAMES.setup)];
  if (!identification || !setup) throw corrupt('Vorbis without its headers');
  const record = laced([identification, NO_COMMENTS, setup]);
  const info = parseVorbisHeaders(record);
  const { channels, sampleRate, modeBlocks } = info;
  return {
    config: { codec: 'vorbis', record, modeBlocks },
    sampleRate,
    channels,
    frameSize: null,
    frameStep: vorbisStep(info),
    delay: 0,
    seekPreRoll: 0,
    overlaps: true,
    identity: concat([...DECIDING.map(([from, to]) => identification.subarray(from, to)), setup]),
    comments: named(NAMES.comment)?.subarray(NAMES.comment.length) ?? null,
    pictures: [],
    samples: (packet, before) => {
      if (before) return vorbisSamples(info, packet, before);
      // The first packet lasts as if one of the first mode went before.
      const half = vorbisSamples(info, packet, packet);
      return half && ((modeBlocks[0] ?? 0) + 2 * half) / 4;
    },
  };
}

/** Xiph lacing as Matroska's CodecPrivate has it: their number less one, all sizes but the last. */
function laced(headers: readonly Uint8Array[]): Uint8Array {
  const sizes = headers
    .slice(0, -1)
    .flatMap(({ length }) => [...new Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  return concat([Uint8Array.of(headers.length - 1, ...sizes), ...headers]);
}
