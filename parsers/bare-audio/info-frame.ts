import { parseMpegAudioHeader } from '../../src/codecs/mpeg-audio.ts';
import { ByteCursor } from '../../src/core/bytes.ts';
import { orNull } from '../../src/core/errors.ts';
import { shortText } from '../audio-file/told.ts';

/** A first frame that is no sound but tells about the others. */
export interface InfoFrame {
  /** Frames that follow; null where it does not say. */
  readonly frames: number | null;
  /** Samples that the encoder put before the sound and behind it; null where it does not say. */
  readonly delay: number | null;
  readonly padding: number | null;
  /** What encoded the sound. */
  readonly encoder: string | null;
}

const HEADER_BYTES = 4;
/** Side information of layer III by version and channels: ISO/IEC 11172-3, 2.4.1.7; 13818-3, 2.4.1.7. */
const SIDE_BYTES = { mpeg1: { 1: 17, 2: 32 }, later: { 1: 9, 2: 17 } } as const;
const VBRI_AT = 36;
/** VBRI: version, delay, quality, bytes. */
const BEFORE_FRAMES = 2 + 2 + 2 + 4;

/** What the first frame of a layer III stream says of the others; null for one that is sound like them. */
export function readInfoFrame(frame: Uint8Array): InfoFrame | null {
  const header = orNull(() => parseMpegAudioHeader(frame));
  if (header?.layer !== 3) return null;
  const { version, channels } = header;
  const xing = frame.subarray(HEADER_BYTES + SIDE_BYTES[version === 1 ? 'mpeg1' : 'later'][channels]);
  if (['Xing', 'Info'].includes(nameOf(xing))) return orNull(() => readXing(new ByteCursor(xing)));
  const vbri = frame.subarray(VBRI_AT);
  return nameOf(vbri) === 'VBRI' ? orNull(() => readVbri(new ByteCursor(vbri))) : null;
}

const nameOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 4));

const XING_FIELDS = [
  { flag: 1, bytes: 4 },
  { flag: 2, bytes: 4 },
  { flag: 4, bytes: 100 },
  { flag: 8, bytes: 4 },
] as const;
/** LAME's part: the encoder's name, then what is heard of it, up to where delay and padding share three bytes. */
const LAME = { name: 9, beforeDelay: 12 } as const;

function readXing(cursor: ByteCursor): InfoFrame {
  cursor.skip(4);
  const flags = cursor.u32();
  const fields = XING_FIELDS.map(({ flag, bytes }) => (flags & flag ? cursor.bytes(bytes) : null));
  const frames = fields[0] ? new ByteCursor(fields[0]).u32() : null;
  const hasEncoder = cursor.remaining >= LAME.name + LAME.beforeDelay + 3;
  const name = hasEncoder ? String.fromCharCode(...cursor.bytes(LAME.name)) : '';
  if (!/^[A-Za-z]{3}[\x20-\x7e\0]*$/.test(name)) return { frames, delay: null, padding: null, encoder: null };
  cursor.skip(LAME.beforeDelay);
  const delays = cursor.uint(3);
  const encoder = shortText(name.replace(/\0.*$/s, ''));
  return { frames, delay: delays >> 12, padding: delays & 0xfff, encoder };
}

function readVbri(cursor: ByteCursor): InfoFrame {
  cursor.skip(4 + BEFORE_FRAMES);
  return { frames: cursor.u32(), delay: null, padding: null, encoder: null };
}
