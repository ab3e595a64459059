import { bcp47 } from '../../src/core/language.ts';
import type { Descriptor, PmtStream } from './psi.ts';

/** What an elementary stream is. */
export interface StreamKind {
  readonly kind: 'video' | 'audio' | 'subtitle' | 'other';
  /** Short and stable. */
  readonly name: string;
  /** Why it cannot be read at all; null when it can. */
  readonly unreadable: string | null;
}

type Row = readonly [kind: StreamKind['kind'], name: string];

/** By stream_type: ISO/IEC 13818-1, Table 2-34; from 0x80 on what ATSC and SCTE have agreed upon. */
const TYPES: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x01, ['video', 'mpeg1video']],
  [0x02, ['video', 'mpeg2video']],
  [0x03, ['audio', 'mpeg-audio']],
  [0x04, ['audio', 'mpeg-audio']],
  [0x0f, ['audio', 'aac']],
  [0x10, ['video', 'mpeg4']],
  [0x11, ['audio', 'aac_latm']],
  [0x15, ['other', 'id3']],
  [0x1b, ['video', 'h264']],
  [0x1c, ['audio', 'aac_raw']],
  [0x20, ['video', 'h264_mvc']],
  [0x21, ['video', 'jpeg2000']],
  [0x24, ['video', 'hevc']],
  [0x2d, ['audio', 'mpegh']],
  [0x2e, ['audio', 'mpegh']],
  [0x33, ['video', 'vvc']],
  [0x42, ['video', 'cavs']],
  [0xd2, ['video', 'avs2']],
  [0xd4, ['video', 'avs3']],
  [0x81, ['audio', 'ac3']],
  [0x82, ['audio', 'dts']],
  [0x86, ['other', 'scte35']],
  [0x8a, ['audio', 'dts']],
  [0x87, ['audio', 'eac3']],
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
  teletext: 0x56,
  subtitling: 0x59,
  extension: 0x7f,
} as const;

/** By descriptor: ETSI EN 300 468, Table 12. */
const DESCRIPTORS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [TAG.teletext, ['subtitle', 'teletext']],
  [TAG.subtitling, ['subtitle', 'dvb_subtitle']],
  [0x6a, ['audio', 'ac3']],
  [0x7a, ['audio', 'eac3']],
  [0x7b, ['audio', 'dts']],
  [0x7c, ['audio', 'aac']],
]);
/** By the tag within an extension descriptor: Table 109. */
const EXTENSIONS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x0e, ['audio', 'dts']],
  [0x15, ['audio', 'ac4']],
  [0x21, ['audio', 'dts_uhd']],
  [0x80, ['audio', 'opus']],
]);

/** stream_type of private data in PES packets, and in sections. */
const PRIVATE = 0x06;
const SECTIONS = 0x05;

/** @param program descriptors of the program the stream is in */
export function streamKind({ type, descriptors }: PmtStream, program: readonly Descriptor[]): StreamKind {
  const protectedRow = SAMPLE_AES.get(type);
  if (protectedRow) return kindOf(protectedRow, 'encrypted (SAMPLE-AES)');
  const isBluRay = [...program, ...descriptors].some((one) => registration(one) === 'HDMV');
  const row = (isBluRay ? BLU_RAY.get(type) : undefined) ?? TYPES.get(type) ?? described(type, descriptors);
  return row
    ? kindOf(row, null)
    : { kind: 'other', name: type === PRIVATE ? 'private' : nameOf(type), unreadable: null };
}

const kindOf = ([kind, name]: Row, unreadable: string | null): StreamKind => ({ kind, name, unreadable });

const nameOf = (type: number): string => `stream_type 0x${type.toString(16).padStart(2, '0')}`;

function described(type: number, descriptors: readonly Descriptor[]): Row | undefined {
  if (type !== PRIVATE && type !== SECTIONS && type < 0x80) return undefined;
  for (const descriptor of descriptors) {
    const [extension = -1] = descriptor.data;
    const row =
      descriptor.tag === TAG.extension ? EXTENSIONS.get(extension) : DESCRIPTORS.get(descriptor.tag);
    const found = row ?? REGISTRATIONS.get(registration(descriptor) ?? '');
    if (found) return found;
  }
  return undefined;
}

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const registration = ({ tag, data }: Descriptor): string | null =>
  tag === TAG.registration ? latin(data.subarray(0, 4)) : null;

/** ISO_639_language_code of the language, teletext or subtitling descriptor, as BCP 47; `und` without one. */
export function streamLanguage({ descriptors }: PmtStream): string {
  const found = descriptors.find(
    ({ tag, data }) =>
      (tag === TAG.language || tag === TAG.teletext || tag === TAG.subtitling) && data.length >= 3,
  );
  return found ? bcp47(latin(found.data.subarray(0, 3)).toLowerCase()) : 'und';
}
