import { findFraming } from '../../../parsers/mpegts/framing.ts';
import { parseAc3Frame } from '../../codecs/ac3.ts';
import { parseAdtsHeader } from '../../codecs/adts.ts';
import { parseEac3Frame } from '../../codecs/eac3.ts';
import { parseMpegAudioHeader } from '../../codecs/mpeg-audio.ts';
import { orNull } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** What the bytes of a segment are, whatever its server says. */
export interface SegmentKind {
  /** MIME type; null where the bytes do not tell: encrypted, or nothing that players know. */
  readonly type: string | null;
  /** Bytes of a picture before a transport stream: a disguise that players do not see through. */
  readonly skip: number;
}

const NONE: SegmentKind = { type: null, skip: 0 };

/** What stands in front of a transport stream to pass for a picture on the hosts of pictures. */
const PICTURES: readonly (readonly [signature: string, type: string])[] = [
  ['\x89PNG', 'image/png'],
  ['GIF8', 'image/gif'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['BM', 'image/bmp'],
];
/** First boxes of segments and of what initializes them. */
const BOXES = ['ftyp', 'styp', 'moof', 'sidx', 'emsg', 'prft', 'moov'];

/** No signature is longer. */
const SIGNATURE = 12;
/** bsid of AC-3 goes so far. */
const LAST_AC3 = 10;
/** A key of AES-128 is all that its address leads to. */
const KEY = 16;
/** Bytes after which what has no signature is no transport stream: five packets of the longest form, wherever they begin. */
const UNSIGNED = 2048;
/** A picture is at most so long where it is a disguise, and so much of the stream must be seen behind it. */
const DISGUISED = LIMITS.leadingGarbage + UNSIGNED;

/** Null when more bytes are needed; at the end of the segment that is: the bytes do not tell. */
export function segmentKind(head: Uint8Array): SegmentKind | null {
  if (head.length < SIGNATURE) return null;
  if (BOXES.some((box) => has(head, 4, box))) return { type: 'video/mp4', skip: 0 };
  if (has(head, isMarked(head) ? 3 : 0, 'WEBVTT')) return { type: 'text/vtt', skip: 0 };
  if (has(head, 0, 'ID3')) return taggedSound(head);
  const picture = PICTURES.find(([signature]) => has(head, 0, signature));
  return picture ? disguised(head, picture[1]) : unsigned(head);
}

function disguised(head: Uint8Array, type: string): SegmentKind | null {
  const framing = findFraming(head);
  if (framing !== null && framing.start > 0) return { type: 'video/mp2t', skip: framing.start };
  return head.length < DISGUISED ? null : { type, skip: 0 };
}

/** Packed audio begins with a tag that holds its time: RFC 8216, 3.4. */
function taggedSound(head: Uint8Array): SegmentKind | null {
  const [size, flags] = [syncSafe(head, 6), head[5] ?? 0];
  const start = 10 + size + ((flags & 0x10) === 0 ? 0 : 10);
  if (start > LIMITS.leadingGarbage) return NONE;
  if (start + SIGNATURE > head.length) return null;
  return { type: frameAt(head, start)?.type ?? null, skip: 0 };
}

/** ID3v2.4, 6.2: seven bits a byte. */
const syncSafe = (head: Uint8Array, at: number): number =>
  head.subarray(at, at + 4).reduce((size, byte) => size * 128 + (byte & 127), 0);

function unsigned(head: Uint8Array): SegmentKind | null {
  if (findFraming(head)?.start === 0) return { type: 'video/mp2t', skip: 0 };
  if (head.length === KEY) return { type: 'application/octet-stream', skip: 0 };
  const sound = frameAt(head, 0);
  if (sound !== null) return followed(head, sound);
  if (head.length < UNSIGNED) return null;
  return findFraming(head.subarray(0, UNSIGNED)) === null ? NONE : { type: 'video/mp2t', skip: 0 };
}

/** One header is too little to be sure: encrypted bytes look like anything. */
function followed(head: Uint8Array, first: SoundFrame): SegmentKind | null {
  if (head.length < first.bytes + SIGNATURE) return null;
  return frameAt(head, first.bytes)?.type === first.type ? { type: first.type, skip: 0 } : NONE;
}

interface SoundFrame {
  readonly type: string;
  readonly bytes: number;
}

function frameAt(head: Uint8Array, at: number): SoundFrame | null {
  const frame = head.subarray(at);
  const adts = parseAdtsHeader(frame);
  if (adts) return { type: 'audio/aac', bytes: adts.frameBytes };
  if (has(frame, 0, '\x0bw')) return dolbyFrame(frame);
  const mpeg = orNull(() => parseMpegAudioHeader(frame));
  return mpeg && mpeg.frameBytes > 0 ? { type: 'audio/mpeg', bytes: mpeg.frameBytes } : null;
}

/** bsid stands at the same place in both: ETSI TS 102 366, E.1.3.1.6. */
function dolbyFrame(frame: Uint8Array): SoundFrame | null {
  if ((frame[5] ?? 0) >> 3 > LAST_AC3) {
    const eac3 = orNull(() => parseEac3Frame(frame));
    return eac3 && { type: 'audio/eac3', bytes: eac3.frameBytes };
  }
  const ac3 = orNull(() => parseAc3Frame(frame));
  return ac3 && { type: 'audio/ac3', bytes: ac3.frameBytes };
}

const isMarked = (head: Uint8Array): boolean => has(head, 0, '\xef\xbb\xbf');

const has = (bytes: Uint8Array, at: number, text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
};
