import { ByteCursor } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';

/** ALACSpecificConfig: Apple Lossless Format, magic cookie. */
export interface AlacCookie {
  /** Samples in a frame. */
  readonly frameLength: number;
  readonly bitDepth: number;
  readonly channels: number;
  readonly sampleRate: number;
  /** The 24 bytes themselves. */
  readonly record: Uint8Array;
}

const COOKIE_BYTES = 24;
const FORMAT_ATOM_BYTES = 12;
const CONFIG_ATOM_HEAD_BYTES = 12;
const MAX_FRAME = 65_536;
const MAX_CHANNELS = 8;

/**
 * The cookie bare, or in the `frma` and `alac` atoms that old files wrap it in; a channel layout may follow.
 * @throws MediaError `corrupt`, `truncated`
 */
export function readAlacCookie(bytes: Uint8Array): AlacCookie {
  let rest = bytes;
  if (isAtom(rest, 'frma')) rest = rest.subarray(FORMAT_ATOM_BYTES);
  if (isAtom(rest, 'alac')) rest = rest.subarray(CONFIG_ATOM_HEAD_BYTES);
  const cursor = new ByteCursor(rest);
  const record = cursor.bytes(COOKIE_BYTES).slice();
  const fields = new ByteCursor(record);
  const frameLength = fields.u32();
  fields.skip(1);
  const bitDepth = fields.u8();
  fields.skip(3);
  const channels = fields.u8();
  fields.skip(10);
  const sampleRate = fields.u32();
  const isSane =
    frameLength > 0 && frameLength <= MAX_FRAME && channels > 0 && channels <= MAX_CHANNELS && sampleRate > 0;
  if (!isSane || ![16, 20, 24, 32].includes(bitDepth)) throw corrupt('ALAC cookie with impossible values');
  return { frameLength, bitDepth, channels, sampleRate, record };
}

const isAtom = (bytes: Uint8Array, type: string): boolean =>
  [...type].every((char, i) => bytes[4 + i] === char.charCodeAt(0));

/** Content of the `alac` box behind version and flags. */
export const alacRecord = ({ record }: AlacCookie): Uint8Array => record;
