import { bcp47 } from '../../src/core/language.ts';
import type { Descriptor, PmtStream } from './psi.ts';

/** What an elementary stream is. */
export interface StreamKind {
  readonly kind: 'video' | 'audio' | 'subtitle' | 'other';
  /** Short and stable. */
  readonly name: string;
  /** Why it cannot be read at all; null when it can. */
  readonly unreadable: string | null;
  /** The tables leave open what it is, and its frames may tell that it is sound. */
  readonly mayBeSound: boolean;
}

type Row = readonly [kind: StreamKind['kind'], name: string];

/** SCTE 35 where the program is registered as CUEI; else there may be lossless DTS instead, as on Blu-ray. */
const SPLICE_ROW: Row = ['other', 'scte35'];
const SPLICE = 'CUEI';

/** By stream_type: ISO/IEC 13818-1, Table 2-34; from 0x80 on what ATSC, SCTE and muxers have agreed upon. */
const TYPES: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x01, ['video', 'mpeg1video']],
  [0x02, ['video', 'mpeg2video']],
  [0x03, ['audio', 'mpeg-audio']],
  [0x04, ['audio', 'mpeg-audio']],
  [0x05, ['other', 'sections']],
  [0x07, ['other', 'mheg']],
  [0x08, ['other', 'dsmcc']],
  [0x0a, ['other', 'dsmcc']],
  [0x0b, ['other', 'dsmcc']],
  [0x0c, ['other', 'dsmcc']],
  [0x0d, ['other', 'dsmcc']],
  [0x0f, ['audio', 'aac']],
  [0x10, ['video', 'mpeg4']],
  [0x11, ['audio', 'aac_latm']],
  [0x14, ['other', 'dsmcc']],
  [0x15, ['other', 'id3']],
  [0x16, ['other', 'metadata']],
  [0x17, ['other', 'metadata']],
  [0x18, ['other', 'metadata']],
  [0x19, ['other', 'metadata']],
  [0x1b, ['video', 'h264']],
  [0x1c, ['audio', 'aac_raw']],
  [0x1d, ['subtitle', 'timed_text']],
  [0x1f, ['video', 'h264_svc']],
  [0x20, ['video', 'h264_mvc']],
  [0x21, ['video', 'jpeg2000']],
  [0x24, ['video', 'hevc']],
  [0x2d, ['audio', 'mpegh']],
  [0x2e, ['audio', 'mpegh']],
  [0x32, ['video', 'jpegxs']],
  [0x33, ['video', 'vvc']],
  [0x42, ['video', 'cavs']],
  [0xd1, ['video', 'dirac']],
  [0xd2, ['video', 'avs2']],
  [0xd4, ['video', 'avs3']],
  [0x81, ['audio', 'ac3']],
  [0x82, ['audio', 'dts']],
  [0x83, ['audio', 'truehd']],
  [0x84, ['audio', 'eac3']],
  [0x85, ['audio', 'dts']],
  [0x86, SPLICE_ROW],
  [0x87, ['audio', 'eac3']],
  [0x8a, ['audio', 'dts']],
  [0xea, ['video', 'vc1']],
]);

/** By stream_type of a program that is registered as HDMV: Blu-ray. */
const BLU_RAY: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x80, ['audio', 'pcm_bluray']],
  [0x81, ['audio', 'ac3']],
  [0x82, ['audio', 'dts']],
  [0x83, ['audio', 'truehd']],
  [0x84, ['audio', 'eac3']],
  [0x85, ['audio', 'dts']],
  [0x86, ['audio', 'dts']],
  [0x90, ['subtitle', 'hdmv_pgs']],
  [0x91, ['other', 'hdmv_igs']],
  [0x92, ['subtitle', 'hdmv_text']],
  [0xa1, ['audio', 'eac3']],
  [0xa2, ['audio', 'dts']],
]);
/** Of Blu-ray and of what recorders write. */
const BLU_RAY_NAMES: ReadonlySet<string | null> = new Set(['HDMV', 'HDPR']);

/** SAMPLE-AES by stream_type: HTTP Live Streaming, MPEG-2 stream encryption format. */
const SAMPLE_AES: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0xdb, ['video', 'h264']],
  [0xcf, ['audio', 'aac']],
  [0xc1, ['audio', 'ac3']],
  [0xc2, ['audio', 'eac3']],
  [0xd9, ['audio', 'xhe_aac']],
]);

/** By the format_identifier of a registration descriptor: 2.6.8. */
const REGISTRATIONS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['AC-3', ['audio', 'ac3']],
  ['EAC3', ['audio', 'eac3']],
  ['AC-4', ['audio', 'ac4']],
  ['DTS1', ['audio', 'dts']],
  ['DTS2', ['audio', 'dts']],
  ['DTS3', ['audio', 'dts']],
  ['Opus', ['audio', 'opus']],
  ['BSSD', ['audio', 's302m']],
  ['HEVC', ['video', 'hevc']],
  ['AV01', ['video', 'av1']],
  ['VC-1', ['video', 'vc1']],
  ['drac', ['video', 'dirac']],
  ['KLVA', ['other', 'klv']],
  ['ID3 ', ['other', 'id3']],
  ['CUEI', ['other', 'scte35']],
]);

const TAG = {
  registration: 0x05,
  language: 0x0a,
  metadata: 0x26,
  teletext: 0x56,
  subtitling: 0x59,
  extension: 0x7f,
} as const;

/** By descriptor: ETSI EN 300 468, Table 12; TS 102 809, 5.3.5; ARIB STD-B10, 6.2.20. */
const DESCRIPTORS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x45, ['other', 'vbi']],
  [0x46, ['subtitle', 'teletext']],
  [TAG.teletext, ['subtitle', 'teletext']],
  [TAG.subtitling, ['subtitle', 'dvb_subtitle']],
  [0x6a, ['audio', 'ac3']],
  [0x6f, ['other', 'ait']],
  [0x7a, ['audio', 'eac3']],
  [0x7b, ['audio', 'dts']],
  [0x7c, ['audio', 'aac']],
  [0xfd, ['subtitle', 'arib_caption']],
]);
/** By the tag within an extension descriptor: Table 109. */
const EXTENSIONS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x0e, ['audio', 'dts']],
  [0x15, ['audio', 'ac4']],
  [0x20, ['subtitle', 'ttml']],
  [0x21, ['audio', 'dts_uhd']],
  [0x80, ['audio', 'opus']],
]);

/** stream_type of private data in PES packets, in sections, of metadata in PES packets, and the first of everybody's own. */
const PRIVATE = 0x06;
const SECTIONS = 0x05;
const METADATA = 0x15;
const USER_PRIVATE = 0x80;

/** @param program descriptors of the program the stream is in */
export function streamKind({ type, descriptors }: PmtStream, program: readonly Descriptor[]): StreamKind {
  const protectedRow = SAMPLE_AES.get(type);
  if (protectedRow) return kindOf(protectedRow, 'encrypted (SAMPLE-AES)');
  const names = [...program, ...descriptors].map(registration);
  const isBluRay = names.some((name) => BLU_RAY_NAMES.has(name));
  const own = isPrivate(type) || type === SECTIONS || type === METADATA ? descriptors : [];
  const row =
    (isBluRay ? BLU_RAY.get(type) : undefined) ?? registered(own) ?? described(own) ?? TYPES.get(type);
  if (row) return { ...kindOf(row), mayBeSound: row === SPLICE_ROW && !names.includes(SPLICE) };
  const name = type === PRIVATE ? 'private' : nameOf(type);
  return { kind: 'other', name, unreadable: null, mayBeSound: isPrivate(type) };
}

const isPrivate = (type: number): boolean => type === PRIVATE || type >= USER_PRIVATE;

const kindOf = ([kind, name]: Row, unreadable: string | null = null): StreamKind => ({
  kind,
  name,
  unreadable,
  mayBeSound: false,
});

const nameOf = (type: number): string => `stream_type 0x${type.toString(16).padStart(2, '0')}`;

const registered = (descriptors: readonly Descriptor[]): Row | undefined =>
  firstOf(descriptors, (one) => REGISTRATIONS.get(registration(one) ?? metadataFormat(one) ?? ''));

const described = (descriptors: readonly Descriptor[]): Row | undefined =>
  firstOf(descriptors, ({ tag, data: [extension = -1] }) =>
    tag === TAG.extension ? EXTENSIONS.get(extension) : DESCRIPTORS.get(tag),
  );

function firstOf(descriptors: readonly Descriptor[], rowOf: (one: Descriptor) => Row | undefined) {
  for (const descriptor of descriptors) {
    const row = rowOf(descriptor);
    if (row) return row;
  }
  return undefined;
}

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const registration = ({ tag, data }: Descriptor): string | null =>
  tag === TAG.registration ? latin(data.subarray(0, 4)) : null;

/** metadata_format_identifier of a metadata descriptor, or its metadata_application_format_identifier: 2.6.60. */
function metadataFormat({ tag, data }: Descriptor): string | null {
  if (tag !== TAG.metadata) return null;
  const hasApplication = data[0] === 0xff && data[1] === 0xff;
  const at = hasApplication ? 6 : 2;
  const hasFormat = data[at] === 0xff;
  return latin(hasFormat ? data.subarray(at + 1, at + 5) : data.subarray(2, at));
}

/** ISO_639_language_code of the language, teletext or subtitling descriptor, as BCP 47; `und` without one. */
export function streamLanguage({ descriptors }: PmtStream): string {
  const found = descriptors.find(
    ({ tag, data }) =>
      (tag === TAG.language || tag === TAG.teletext || tag === TAG.subtitling) && data.length >= 3,
  );
  return found ? bcp47(latin(found.data.subarray(0, 3)).toLowerCase()) : 'und';
}
