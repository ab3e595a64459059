import { corrupt, unsupported } from '../core/errors.ts';

/** Identification header: Vorbis I, 4.2.2. */
export interface VorbisInfo {
  readonly channels: number;
  readonly sampleRate: number;
  /** Samples of a short and of a long block: powers of two, the first not above the second. */
  readonly blockSizes: readonly [number, number];
  /** Samples of a block by the mode that its packet begins with. */
  readonly modeBlocks: readonly number[];
}

const HEADERS = 3;
const IDENTIFICATION = 1;
const SETUP = 5;
const NAME = 'vorbis';
/** Bytes of an identification header. */
const IDENTIFICATION_SIZE = 30;
/** Where its fields stand, behind the type and the name. */
const AT = { version: 7, channels: 11, rate: 12, blockSizes: 28, framing: 29 } as const;
const EXPONENT = { least: 6, most: 13 } as const;
/** Eight times the rate of a CD: a wild value would become a clock. */
const MAX_RATE = 352_800;

/**
 * Reads the three headers in Xiph lacing as Matroska's CodecPrivate has them: the number of headers less one, the
 * lengths of all but the last, the headers. What the comment header says does not matter.
 * @throws MediaError `corrupt`, `unsupported` for a Vorbis of another version or rate
 */
export function parseVorbisHeaders(privateData: Uint8Array): VorbisInfo {
  const [identification, , setup] = splitHeaders(privateData);
  if (!isHeader(setup, SETUP)) throw corrupt('No setup header of Vorbis');
  const info = parseIdentification(identification);
  return { ...info, modeBlocks: readModes(setup).map((isLong) => info.blockSizes[isLong ? 1 : 0]) };
}

/** The most that a setup header can have: six bits tell one less. */
const MAX_MODES = 64;
const MODE_COUNT_BITS = 6;
/** Of a mode: block flag, window type, transform type, mapping. */
const MODE = { flag: 1, types: 32, mapping: 8 } as const;
const MODE_BITS = MODE.flag + MODE.types + MODE.mapping;
const MAX_MAPPING = 63;

/**
 * Whether each mode has long blocks: the last fields of the setup header (Vorbis I, 4.2.4), read from its end back, for
 * that needs none of the codebooks before. The types of windows and transforms can only be 0; of all counts that fit,
 * the largest.
 */
function readModes(setup: Uint8Array): boolean[] {
  // Bits are packed from the least significant one on (2.1.4).
  const bit = (at: number): number => ((setup[at >> 3] ?? 0) >> (at & 7)) & 1;
  const bits = (at: number, count: number): number =>
    Array.from({ length: count }, (_, i) => bit(at + i) * 2 ** i).reduce((a, b) => a + b, 0);
  let framing = setup.length * 8 - 1;
  while (framing > 0 && bit(framing) === 0) framing--;
  let modes: boolean[] = [];
  for (let count = 1; count <= MAX_MODES; count++) {
    const at = framing - count * MODE_BITS;
    const types = bits(at + MODE.flag, MODE.types);
    const mapping = bits(at + MODE.flag + MODE.types, MODE.mapping);
    if (at < MODE_COUNT_BITS || types !== 0 || mapping > MAX_MAPPING) break;
    if (bits(at - MODE_COUNT_BITS, MODE_COUNT_BITS) === count - 1)
      modes = Array.from({ length: count }, (_, i) => bit(at + i * MODE_BITS) === 1);
  }
  if (modes.length === 0) throw corrupt('Setup header of Vorbis without modes');
  return modes;
}

/**
 * Samples that a packet lasts behind another: a quarter of each one's block (Vorbis I, 4.3.8). Null where one of them
 * is no sound.
 */
export function vorbisSamples(
  { modeBlocks }: Pick<VorbisInfo, 'modeBlocks'>,
  packet: Uint8Array,
  before: Uint8Array,
): number | null {
  const [own, last] = [packet, before].map(([first = 1]) => {
    const mode = (first >> 1) & (2 ** Math.ceil(Math.log2(modeBlocks.length)) - 1);
    return (first & 1) === 0 ? (modeBlocks[mode] ?? null) : null;
  });
  return own && last ? (own + last) / 4 : null;
}

/** What every packet's length is a multiple of: quarters of two neighbouring blocks make one packet (4.3.8). */
export const vorbisStep = ({ blockSizes: [short, long] }: Pick<VorbisInfo, 'blockSizes'>): number =>
  short === long ? short / 2 : short / 4;

function splitHeaders(data: Uint8Array): (Uint8Array | undefined)[] {
  if (data[0] !== HEADERS - 1) throw corrupt('Private data of Vorbis without three headers');
  const sizes: number[] = [];
  let at = 1;
  for (let i = 1; i < HEADERS; i++) {
    let size = 0;
    while (data[at] === 255) size += data[at++] ?? 0;
    sizes.push(size + (data[at++] ?? 0));
  }
  return [...sizes, data.length].map((size) => {
    const header = data.subarray(at, at + size);
    at += size;
    return header;
  });
}

function isHeader(header: Uint8Array | undefined, type: number): header is Uint8Array {
  return header?.[0] === type && [...NAME].every((letter, i) => header[i + 1] === letter.charCodeAt(0));
}

function parseIdentification(header: Uint8Array | undefined): Omit<VorbisInfo, 'modeBlocks'> {
  if (!isHeader(header, IDENTIFICATION) || header.length < IDENTIFICATION_SIZE)
    throw corrupt('No identification header of Vorbis');
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const version = view.getUint32(AT.version, true);
  if (version !== 0) throw unsupported(`Vorbis of version ${version}`);
  const channels = view.getUint8(AT.channels);
  const sampleRate = view.getUint32(AT.rate, true);
  if (sampleRate > MAX_RATE) throw unsupported(`Vorbis at ${sampleRate} Hz, at most ${MAX_RATE}`);
  const exponents = view.getUint8(AT.blockSizes);
  const [short, long] = [exponents & 15, exponents >> 4];
  const isSane = short >= EXPONENT.least && short <= long && long <= EXPONENT.most;
  if (!isSane || channels === 0 || sampleRate === 0 || (view.getUint8(AT.framing) & 1) === 0)
    throw corrupt('Broken identification header of Vorbis');
  return { channels, sampleRate, blockSizes: [2 ** short, 2 ** long] };
}
