import { readRange } from '../src/core/bytes.ts';
import type { Demuxer, Source } from '../src/core/contracts.ts';
import { MediaError } from '../src/core/errors.ts';
import { LIMITS } from '../src/core/limits.ts';
import { openBareAudio, scoreBareAudio } from './bare-audio/demuxer.ts';
import { openFlac, scoreFlac } from './flac/demuxer.ts';
import { openChunkedSound, scoreChunkedSound } from './iff/demuxer.ts';
import { openMatroska } from './matroska/demuxer.ts';
import { openMp4 } from './mp4/demuxer.ts';
import { openTransportStream } from './mpegts/demuxer.ts';
import { findFraming } from './mpegts/framing.ts';
import { openOgg, scoreOgg } from './ogg/demuxer.ts';

export interface OpenOptions {
  /** `in order`: the source gives its bytes from the first one on, each once, but for those at its beginning. */
  readonly access?: 'anywhere' | 'in order';
  /** Number of the program, where a container has several. */
  readonly program?: number;
}

interface Container {
  readonly name: string;
  /** How sure the first bytes make it: 0 (no) to 1. */
  score(head: Uint8Array): number;
  /** Has no signature and is looked for in all of the head: not where another one is sure. */
  readonly isSearched?: true;
  /** Null for what is only recognised. */
  readonly open: ((source: Source, signal: AbortSignal, options: OpenOptions) => Promise<Demuxer>) | null;
}

/** True when `text` (Latin-1) stands at `at`. */
const has = (head: Uint8Array, at: number, text: string): boolean =>
  [...text].every((char, i) => head[at + i] === char.charCodeAt(0));

const startsWith =
  (...texts: readonly string[]) =>
  (head: Uint8Array): number =>
    texts.some((text) => has(head, 0, text)) ? 0.9 : 0;

/** Five sync bytes in a row are no accident, whatever stands before them: a picture hides a stream from its host. */
const transportStream = (head: Uint8Array): number => {
  const framing = findFraming(head);
  return framing === null ? 0 : framing.start === 0 ? 0.8 : 0.95;
};

const markup = (head: Uint8Array): number =>
  /^\s*<(!doctype|html|head|body|\?xml)/i.test(new TextDecoder('latin1').decode(head.subarray(0, 256)))
    ? 0.7
    : 0;

/** ISO 9660, 8.4.1, and ECMA-167, 2/9.1: behind sixteen sectors of 2048 bytes. */
const discImage = (head: Uint8Array): number =>
  ['CD001', 'BEA01'].some((text) => has(head, 16 * 2048 + 1, text)) ? 0.9 : 0;

/** A byte stream (Annex B) that begins with a delimiter or a parameter set. */
const byteStream =
  (isFirst: (a: number, b: number) => boolean) =>
  (head: Uint8Array): number => {
    const at = has(head, 0, '\0\0\x01') ? 3 : has(head, 0, '\0\0\0\x01') ? 4 : 0;
    return at > 0 && isFirst(head[at] ?? 0, head[at + 1] ?? 0) ? 0.85 : 0;
  };

/** ITU-T H.264, Table 7-1: 6, 7 and 9; nal_ref_idc of a parameter set is not 0. */
const bareH264 = byteStream((a) => a === 0x06 || a === 0x09 || (a < 0x80 && a >= 0x20 && (a & 31) === 7));
/** ITU-T H.265, Table 7-1: 32 and 35, of the base layer. */
const bareHevc = byteStream((a, b) => (a === 32 << 1 || a === 35 << 1) && b === 1);

/** SubRip, WebVTT, SubStation Alpha. */
const subtitles = (head: Uint8Array): number =>
  /^(\xef\xbb\xbf)?\s*(WEBVTT\s|\[Script Info\]|\d+\s*\n\d+:\d\d:\d\d[,.]\d)/.test(
    new TextDecoder('latin1').decode(head.subarray(0, 256)),
  )
    ? 0.8
    : 0;

const EBML = '\x1aE\xdf\xa3';

/** What something else was put in front of is still Matroska, when nothing else claims it. */
function matroska(head: Uint8Array): number {
  if (has(head, 0, EBML)) return 0.9;
  const end = Math.min(head.length, LIMITS.leadingGarbage);
  for (let at = head.indexOf(0x1a); at >= 0 && at < end; at = head.indexOf(0x1a, at + 1))
    if (has(head, at, EBML)) return 0.3;
  return 0;
}

/** Every container, those that are read first. Content decides, never a name or a type. */
const CONTAINERS: readonly Container[] = [
  { name: 'Matroska', score: matroska, open: openMatroska },
  {
    name: 'MP4',
    score: (head) =>
      ['ftyp', 'moov', 'mdat', 'styp', 'moof', 'sidx', 'wide', 'free'].some((t) => has(head, 4, t)) ? 0.9 : 0,
    open: openMp4,
  },
  { name: 'MPEG-TS', score: transportStream, open: openTransportStream },
  { name: 'MPEG program stream', score: startsWith('\0\0\x01\xba'), open: null },
  { name: 'AVI', score: (head) => (has(head, 0, 'RIFF') && has(head, 8, 'AVI') ? 0.9 : 0), open: null },
  { name: 'WAV or AIFF', score: scoreChunkedSound, open: openChunkedSound },
  { name: 'FLV', score: startsWith('FLV\x01'), open: null },
  { name: 'ASF/WMV', score: startsWith('\x30\x26\xb2\x75\x8e\x66\xcf\x11'), open: null },
  { name: 'RealMedia', score: startsWith('.RMF'), open: null },
  { name: 'Ogg', score: scoreOgg, open: openOgg },
  { name: 'FLAC', score: scoreFlac, open: openFlac },
  { name: 'bare MP3, AAC, AC-3 or DTS', score: scoreBareAudio, isSearched: true, open: openBareAudio },
  { name: 'an ISO disc image', score: discImage, open: null },
  { name: 'a bare H.264 stream', score: bareH264, open: null },
  { name: 'a bare HEVC stream', score: bareHevc, open: null },
  { name: 'subtitles', score: subtitles, open: null },
  { name: 'subtitles of a Blu-ray (PGS)', score: startsWith('PG'), open: null },
  { name: 'an HLS playlist', score: startsWith('#EXTM3U', '\xef\xbb\xbf#EXTM3U'), open: null },
  { name: 'a PNG picture', score: startsWith('\x89PNG'), open: null },
  { name: 'a JPEG picture', score: startsWith('\xff\xd8\xff'), open: null },
  { name: 'a GIF picture', score: startsWith('GIF8'), open: null },
  { name: 'a PDF document', score: startsWith('%PDF'), open: null },
  { name: 'a RAR archive', score: startsWith('Rar!'), open: null },
  { name: 'a ZIP archive', score: startsWith('PK\x03\x04'), open: null },
  { name: 'a 7z archive', score: startsWith('7z\xbc\xaf'), open: null },
  { name: 'gzip-compressed data', score: startsWith('\x1f\x8b'), open: null },
  { name: 'a web page or XML, not a media file', score: markup, open: null },
];

/** No other container claims more for bytes that carry a signature. */
const SURE = 0.9;

const rank = (containers: readonly Container[], head: Uint8Array) =>
  containers
    .map((container) => ({ container, score: container.score(head) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);

/**
 * Opens the container whose signature the first bytes carry.
 * @throws MediaError `unsupported` naming what it is instead, `truncated` for an empty resource
 */
export async function openContainer(
  source: Source,
  signal: AbortSignal,
  options: OpenOptions = {},
): Promise<Demuxer> {
  const head = await readRange(source, { start: 0, end: LIMITS.head }, signal);
  if (head.length === 0) throw new MediaError('truncated', 'The file is empty', { offset: 0 });
  const signed = rank(
    CONTAINERS.filter((container) => !container.isSearched),
    head,
  );
  const searched = (signed[0]?.score ?? 0) >= SURE ? [] : CONTAINERS.filter(({ isSearched }) => isSearched);
  const [best] = [...signed, ...rank(searched, head)].sort((a, b) => b.score - a.score);
  if (best?.container.open) return best.container.open(source, signal, options);
  const readable = CONTAINERS.filter((container) => container.open).map((container) => container.name);
  throw new MediaError(
    'unsupported',
    best
      ? `This is ${best.container.name}; only ${readable.join(', ')} can be read so far`
      : `The content is no media container that is known here (${readable.join(', ')} can be read)`,
    { isOtherContainer: true },
  );
}
