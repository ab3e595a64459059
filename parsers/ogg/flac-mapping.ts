import { dfLaRecord, flacFrameSamples, parseStreamInfo } from '../../src/codecs/flac.ts';
import { corrupt } from '../../src/core/errors.ts';
import { type SoundFormat, type SoundMapping, startsWith } from './sound-format.ts';

/** The mapping of libogg's time, and the one before it: a native file whose metadata blocks are packets. */
const MARKS = { mapped: '\x7fFLAC', native: 'fLaC' } as const;
/** Before `fLaC` of the first packet: mark, version, number of headers. */
const MAPPED_BYTES = 9;
const BLOCK = { comment: 4, picture: 6, header: 4, last: 0x80 } as const;
const STREAM_INFO_BYTES = 34;
/** A frame's first byte; a metadata block cannot have it: its type is forbidden. */
const SYNC = 0xff;

/** Ogg Encapsulation for FLAC: RFC 9639, 10.1. */
export const FLAC_MAPPING: SoundMapping = {
  name: 'flac',
  begins: (packet) => startsWith(packet, MARKS.mapped) || startsWith(packet, MARKS.native),
  isHeader: ([first]) => first !== SYNC,
  isComplete: (headers) => headers.some((header, i) => isLastBlock(i === 0 ? firstBlock(header) : header)),
  parse,
};

/** @throws MediaError `corrupt`, `truncated` */
function parse(headers: readonly Uint8Array[]): SoundFormat {
  const [first = new Uint8Array(0), ...rest] = headers;
  const blocks = [firstBlock(first), ...rest].filter(({ length }) => length > 0);
  const streamInfoBlock = blocks[0]?.slice(BLOCK.header, BLOCK.header + STREAM_INFO_BYTES);
  if (!streamInfoBlock || typeOf(blocks[0]) !== 0 || streamInfoBlock.length < STREAM_INFO_BYTES)
    throw corrupt('FLAC metadata do not begin with STREAMINFO');
  const streamInfo = parseStreamInfo(streamInfoBlock);
  const { sampleRate, channels, minBlockSize, maxBlockSize } = streamInfo;
  const contents = (type: number) =>
    blocks.filter((block) => typeOf(block) === type).map((block) => block.subarray(BLOCK.header));
  return {
    config: { codec: 'flac', record: dfLaRecord({ streamInfo, streamInfoBlock }) },
    sampleRate,
    channels,
    frameSize: minBlockSize === maxBlockSize ? maxBlockSize : null,
    frameStep: null,
    delay: 0,
    seekPreRoll: 0,
    overlaps: false,
    identity: identityOf(streamInfoBlock),
    comments: contents(BLOCK.comment)[0] ?? null,
    pictures: contents(BLOCK.picture),
    samples: (packet) => flacFrameSamples(packet),
  };
}

/** The metadata block of a stream's first packet; none where that is nothing but the mark. */
const firstBlock = (packet: Uint8Array): Uint8Array =>
  packet.subarray((startsWith(packet, MARKS.mapped) ? MAPPED_BYTES : 0) + MARKS.native.length);

const typeOf = (block: Uint8Array | undefined): number | null =>
  block?.[0] === undefined ? null : block[0] & ~BLOCK.last;

const isLastBlock = ([first = 0]: Uint8Array): boolean => (first & BLOCK.last) !== 0;

/** Block sizes, sample rate, channels and bits of a sample: not the sizes of frames, the length and the MD5. */
function identityOf(streamInfo: Uint8Array): Uint8Array {
  const identity = Uint8Array.of(...streamInfo.subarray(0, 4), ...streamInfo.subarray(10, 14));
  identity[7] = (identity[7] ?? 0) & 0xf0;
  return identity;
}
