import type { Master } from './ebml.ts';

/** A codec by its modern CodecID, with the private data that this ID has. */
export interface ResolvedCodec {
  /** What the tables of codecs know; the file's own ID where there is nothing to resolve. */
  readonly id: string;
  readonly privateData: Uint8Array | null;
  /** For people: the file's ID, with what it stands for where that says little. */
  readonly sourceCodec: string;
  /** Its stamps may be those of decoding: AVI has no others. */
  readonly isOfAvi: boolean;
}

/** Tracks taken over from AVI (RFC 9559 codec specification, V_MS/VFW/FOURCC and A_MS/ACM). */
const RESOLVERS: ReadonlyMap<string, (id: string, data: Uint8Array, entry: Master) => ResolvedCodec> =
  new Map([
    ['V_MS/VFW/FOURCC', resolveVfw],
    ['A_MS/ACM', resolveAcm],
  ]);

/**
 * Maps the IDs that only wrap one of AVI to those of Matroska. Stamps of VfW video are decode times where pictures
 * are reordered, since AVI has no others: of what is copied such a track plays right only without reordering, hence the
 * wrapper stays in `sourceCodec`. Sound that no ID of Matroska tells in full (A-law; PCM of a size that only its WAVEFORMATEX has) is
 * `A_MS/ACM 0x0006` and the like, with the WAVEFORMATEX as its private data.
 */
export function resolveCodec(entry: Master): ResolvedCodec {
  const id = entry.string('CodecID') ?? '';
  const privateData = entry.binary('CodecPrivate');
  const resolve = RESOLVERS.get(id);
  return resolve && privateData ? resolve(id, privateData, entry) : unresolved(id, privateData, id);
}

const unresolved = (id: string, privateData: Uint8Array | null, sourceCodec: string): ResolvedCodec => ({
  ...{ id, privateData, sourceCodec },
  isOfAvi: false,
});

/** BITMAPINFOHEADER: size of the fixed part, and where its biCompression lies. */
const BITMAP = { size: 40, compression: 16 } as const;

const FOURCCS: ReadonlyMap<string, string> = new Map([
  ...['H264', 'X264', 'AVC1', 'DAVC', 'VSSH'].map((name) => [name, 'V_MPEG4/ISO/AVC'] as const),
  ...['HEVC', 'H265', 'X265', 'HVC1', 'HEV1'].map((name) => [name, 'V_MPEGH/ISO/HEVC'] as const),
  ['VP80', 'V_VP8'],
  ['VP90', 'V_VP9'],
  ['AV01', 'V_AV1'],
  ['MPG1', 'V_MPEG1'],
  ['MPG2', 'V_MPEG2'],
  ['MJPG', 'V_MJPEG'],
  ...['XVID', 'XVIX', 'DIVX', 'DX50', 'FMP4', 'MP4V', 'M4S2', 'MP4S', '3IV2', 'RMP4', 'SEDG', 'UMP4'].map(
    (name) => [name, 'V_MPEG4/ISO/ASP'] as const,
  ),
]);

function resolveVfw(id: string, data: Uint8Array): ResolvedCodec {
  if (data.length < BITMAP.size) return { ...unresolved(id, data, id), isOfAvi: true };
  const fourcc = printable(data.subarray(BITMAP.compression, BITMAP.compression + 4));
  const sourceCodec = `${id} ${fourcc}`;
  const modern = FOURCCS.get(fourcc.toUpperCase());
  if (!modern) return { ...unresolved(sourceCodec, data, sourceCodec), isOfAvi: true };
  return { id: modern, privateData: extraData(data, BITMAP.size), sourceCodec, isOfAvi: true };
}

/** WAVEFORMATEX: size with and without cbSize, and that of the fields before the GUID of WAVEFORMATEXTENSIBLE. */
const WAVE = { size: 18, least: 16, subFormat: 24 } as const;
const TAG_EXTENSIBLE = 0xfffe;
/** HEAACWAVEINFO without its WAVEFORMATEX. */
const HEAAC_INFO = 12;

interface WaveCodec {
  readonly id: string;
  /** Bytes of the extra data before what is the codec's own. */
  readonly skip?: number;
  /** Whether the ID leaves the size of samples to BitDepth. */
  readonly hasBitDepth?: true;
}

const WAVE_TAGS: ReadonlyMap<number, WaveCodec> = new Map<number, WaveCodec>([
  [0x0001, { id: 'A_PCM/INT/LIT', hasBitDepth: true }],
  [0x0003, { id: 'A_PCM/FLOAT/IEEE', hasBitDepth: true }],
  [0x0008, { id: 'A_DTS' }],
  [0x0050, { id: 'A_MPEG/L2' }],
  [0x0055, { id: 'A_MPEG/L3' }],
  [0x0092, { id: 'A_AC3' }],
  [0x00ff, { id: 'A_AAC' }],
  [0x1600, { id: 'A_AAC' }],
  [0x1601, { id: 'A_AAC' }],
  [0x1602, { id: 'A_AAC' }],
  [0x1610, { id: 'A_AAC', skip: HEAAC_INFO }],
  [0x2000, { id: 'A_AC3' }],
  [0x2001, { id: 'A_DTS' }],
  [0x704f, { id: 'A_OPUS' }],
  [0xf1ac, { id: 'A_FLAC' }],
]);

function resolveAcm(id: string, data: Uint8Array, entry: Master): ResolvedCodec {
  if (data.length < WAVE.least) return unresolved(id, data, id);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const declared = view.getUint16(0, true);
  const isExtensible = declared === TAG_EXTENSIBLE && data.length >= WAVE.subFormat + 16;
  const tag = isExtensible ? view.getUint16(WAVE.subFormat, true) : declared;
  const sourceCodec = `${id} 0x${tag.toString(16).padStart(4, '0')}`;
  const codec = WAVE_TAGS.get(tag);
  const isDepthAbsent = codec?.hasBitDepth && entry.master('Audio')?.has('BitDepth') === false;
  if (!codec || isDepthAbsent) return unresolved(sourceCodec, data, sourceCodec);
  const start = isExtensible ? WAVE.subFormat + 16 : WAVE.size;
  return unresolved(codec.id, extraData(data, start + (codec.skip ?? 0)), sourceCodec);
}

/** What follows the fixed header; null when nothing does. */
const extraData = (data: Uint8Array, start: number): Uint8Array | null =>
  data.length > start ? data.subarray(start) : null;

/** Four characters as text; what is no letter or sign as a dot. */
const printable = (data: Uint8Array): string =>
  [...data].map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
