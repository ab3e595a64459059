import { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt, unsupported } from '../../src/core/errors.ts';
import type { PcmFormat } from '../../src/core/media.ts';
import type { PcmSound } from './wave-format.ts';

type Encoding = PcmFormat['encoding'];

interface Compression {
  readonly encoding: Encoding;
  readonly isLittleEndian?: true;
  /** Where it has but one width. */
  readonly bits?: number;
}

/** By compression type of AIFF-C; `NONE` is all that AIFF has. */
const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  NONE: { encoding: 'signed' },
  twos: { encoding: 'signed' },
  sowt: { encoding: 'signed', isLittleEndian: true },
  'raw ': { encoding: 'unsigned', bits: 8 },
  in24: { encoding: 'signed', bits: 24 },
  in32: { encoding: 'signed', bits: 32 },
  fl32: { encoding: 'float', bits: 32 },
  FL32: { encoding: 'float', bits: 32 },
  fl64: { encoding: 'float', bits: 64 },
  FL64: { encoding: 'float', bits: 64 },
  alaw: { encoding: 'alaw', bits: 8 },
  ALAW: { encoding: 'alaw', bits: 8 },
  ulaw: { encoding: 'mulaw', bits: 8 },
  ULAW: { encoding: 'mulaw', bits: 8 },
};

const WIDTHS: ReadonlySet<number> = new Set([8, 16, 24, 32, 64]);
const MAX_RATE = 1_536_000;

/**
 * Content of a COMM chunk. Samples fill the highest bits of whole bytes.
 * @throws MediaError `unsupported` for other codecs and widths, `corrupt`, `truncated`
 */
export function parseAiffFormat(content: Uint8Array): PcmSound {
  const cursor = new ByteCursor(content);
  const channels = cursor.u16();
  cursor.skip(4);
  const declared = cursor.u16();
  const sampleRate = Math.round(extended(cursor));
  const type = cursor.remaining >= 4 ? String.fromCharCode(...cursor.bytes(4)) : 'NONE';
  if (channels === 0 || !(sampleRate > 0 && sampleRate <= MAX_RATE))
    throw corrupt(`AIFF with ${channels} channels at ${sampleRate} Hz`);
  const compression = COMPRESSIONS[type];
  if (!compression) throw unsupported(`AIFF-C with ${JSON.stringify(type)}`);
  const { encoding, isLittleEndian } = compression;
  const bits = compression.bits ?? Math.ceil(declared / 8) * 8;
  if (!WIDTHS.has(bits) || (bits === 64 && encoding !== 'float'))
    throw unsupported(`AIFF with ${declared} bits in a sample`);
  return {
    kind: 'pcm',
    format: { encoding, bits, isBigEndian: !isLittleEndian },
    channels,
    sampleRate,
    sampleBytes: (bits / 8) * channels,
  };
}

const BIAS = 16_383;
const FRACTION_BITS = 63;

/** 80 bits: sign and exponent, then a mantissa with its first bit. */
function extended(cursor: ByteCursor): number {
  const [exponent, mantissa] = [cursor.u16(), cursor.uint(8)];
  return mantissa * 2 ** (exponent - BIAS - FRACTION_BITS);
}
