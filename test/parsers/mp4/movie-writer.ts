import {
  box,
  fixed,
  fourcc,
  fullBox,
  type Part,
  serialize,
  u8,
  u16,
  u32,
  u64,
  zeros,
} from '../../../muxers/fmp4/box.ts';
import { parseMovie } from '../../../parsers/mp4/movie.ts';

const full = (type: string, version: number, ...content: readonly Part[]): Part =>
  fullBox({ type, version, flags: 0 }, ...content);

/** Where the content of the movie box lies in the file that the tests speak of. */
export const BASE = 1000;

export const parse = (...content: readonly Part[]) => parseMovie(serialize(...content), BASE);

const IDENTITY = [1, 0, 0, 1] as const;
export type Turn = readonly [a: number, b: number, c: number, d: number];

const matrix = ([a, b, c, d]: Turn): Part[] => [fixed(a, b), u32(0), fixed(c, d), u32(0, 0, 0, 0x40000000)];

export interface MovieHeaderFields {
  readonly timescale?: number;
  readonly duration?: number;
  readonly turn?: Turn;
}

export const mvhd = ({ timescale = 600, duration = 1200, turn = IDENTITY }: MovieHeaderFields = {}): Part =>
  full(
    'mvhd',
    0,
    u32(0, 0, timescale, duration),
    fixed(1),
    u16(0x100),
    zeros(10),
    ...matrix(turn),
    zeros(24),
    u32(9),
  );

export interface TrackFields {
  readonly id?: number;
  readonly flags?: number;
  readonly turn?: Turn;
  readonly size?: readonly [number, number];
  readonly alternateGroup?: number;
  readonly handler?: string;
  readonly name?: Uint8Array;
  readonly timescale?: number;
  /** Packed, or of the Macintosh. */
  readonly language?: number;
  readonly elng?: string;
  readonly entries?: readonly Part[];
  readonly stsdVersion?: number;
  /** Beside the sample descriptions. */
  readonly tables?: readonly Part[];
  readonly dref?: readonly Part[];
  /** Beside the media. */
  readonly extra?: readonly Part[];
}

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

const tkhd = ({ id = 1, flags = 7, turn = IDENTITY, size = [0, 0], alternateGroup = 0 }: TrackFields): Part =>
  fullBox(
    { type: 'tkhd', version: 0, flags },
    u32(0, 0, id, 0, 1200),
    zeros(8),
    u16(0, alternateGroup, 0x100, 0),
    ...matrix(turn),
    fixed(...size),
  );

export const trak = (fields: TrackFields = {}): Part => {
  const { handler = 'vide', name = ascii('VideoHandler\0'), timescale = 1000, language = 0x55c4 } = fields;
  const { elng, entries = [], tables = [], extra = [], stsdVersion = 0 } = fields;
  return box(
    'trak',
    tkhd(fields),
    ...extra,
    box(
      'mdia',
      full('mdhd', 0, u32(0, 0, timescale, 4000), u16(language, 0)),
      ...(elng === undefined ? [] : [full('elng', 0, ascii(`${elng}\0`))]),
      full('hdlr', 0, u32(0), fourcc(handler), zeros(12), name),
      box(
        'minf',
        ...(fields.dref ? [box('dinf', full('dref', 0, u32(fields.dref.length), ...fields.dref))] : []),
        box('stbl', full('stsd', stsdVersion, u32(entries.length), ...entries), ...tables),
      ),
    ),
  );
};

/** VisualSampleEntry. */
export const visual = (
  type: string,
  [width, height]: readonly [number, number],
  ...children: readonly Part[]
) =>
  box(
    type,
    zeros(6),
    u16(1),
    zeros(16),
    u16(width, height),
    fixed(72, 72),
    u32(0),
    u16(1),
    zeros(32),
    u16(24, 0xffff),
    ...children,
  );

export interface SoundFields {
  readonly channels?: number;
  readonly bits?: number;
  readonly rate?: number;
  /** Of the entry. */
  readonly version?: number;
  /** QuickTime's own fields behind the rate. */
  readonly more?: Part;
}

/** AudioSampleEntry. */
export const sound = (
  type: string,
  { channels = 2, bits = 16, rate = 48_000, version = 0, more = zeros(0) }: SoundFields = {},
  ...children: readonly Part[]
): Part =>
  box(
    type,
    zeros(6),
    u16(1),
    u16(version),
    zeros(6),
    u16(channels, bits),
    zeros(4),
    fixed(rate),
    more,
    ...children,
  );

const descriptor = (tag: number, ...content: readonly Part[]): Uint8Array => {
  const body = serialize(...content);
  const size = [21, 14, 7].map((shift) => 0x80 | ((body.length >> shift) & 127));
  return serialize(u8(tag, ...size, body.length & 127), body);
};

/** With the lengths of four bytes that many muxers write. */
export const esds = (objectType: number, specific: Part | null): Part =>
  full(
    'esds',
    0,
    descriptor(
      3,
      u16(1),
      u8(0),
      descriptor(
        4,
        u8(objectType, 0x15),
        u8(0, 0, 0),
        u32(200_000, 128_000),
        ...(specific ? [descriptor(5, specific)] : []),
      ),
      descriptor(6, u8(2)),
    ),
  );

/** A track of one video or audio entry, and its only description or track. */
export const movieOf = (handler: string, entry: Part, fields: TrackFields = {}) =>
  parse(mvhd(), trak({ handler, entries: [entry], ...fields }));

export { box, fixed, fourcc, full, fullBox, type Part, serialize, u8, u16, u32, u64, zeros };
