import { corrupt, unsupported } from '../core/errors.ts';

/** Identification header: Vorbis I, 4.2.2. */
export interface VorbisInfo {
  readonly channels: number;
  readonly sampleRate: number;
  /** Samples of a short and of a long block: powers of two, the first not above the second. */
  readonly blockSizes: readonly [number, number];
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
  return parseIdentification(identification);
}

/** What every packet's length is a multiple of: quarters of two neighbouring blocks make one packet (4.3.8). */
export const vorbisStep = ({ blockSizes: [short, long] }: VorbisInfo): number =>
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

function parseIdentification(header: Uint8Array | undefined): VorbisInfo {
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
