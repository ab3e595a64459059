import type { AudioTrack, VideoTrack } from '../../src/core/media.ts';
import { box, fixed, fourcc, fullBox, type Part, str, u16, u32, u64, zeros } from './box.ts';
import type { Bitrate } from './entry-parts.ts';
import { iso639 } from './language.ts';
import { audioEntry, videoEntry } from './sample-entry.ts';

export interface InitOptions {
  /** track_ID in the output: fragments name it too. */
  readonly trackId: number;
  readonly timescale: number;
  /** Bits a second; null when unknown. */
  readonly bitrate: Bitrate | null;
}

type MediaTrack = VideoTrack | AudioTrack;

/** A track of a file, and how it is written. */
export interface MovieTrack {
  readonly track: MediaTrack;
  readonly options: InitOptions;
  /** Time zero of the file in the track's own ticks; 0 when absent. */
  readonly origin?: number;
  /** Ticks from there on that are not to be presented; none when absent. */
  readonly hidden?: number;
  /**
   * Ticks that pictures are composed later than they are shown, which an edit list takes back: so no composition
   * offset is negative, which FFmpeg does not read rightly in fragments. None when absent.
   */
  readonly delay?: number;
}

export interface TrackContents {
  /** Decode durations together: ticks of the track. */
  readonly duration: number;
  readonly edits: readonly Edit[];
  /** Children of stbl behind stsd. */
  readonly tables: readonly Part[];
}

/** One edit: ISO/IEC 14496-12, 8.6.6. */
export interface Edit {
  /** In the first track's ticks; zero: as long as the media are. */
  readonly duration: number;
  /** In the track's ticks; null for a pause. */
  readonly mediaTime: number | null;
}

export interface Role {
  readonly isPlayed: boolean;
  /** Of tracks of a kind one is played at a time; 0 where there is no other. */
  readonly alternates: number;
}

export const UNITY_MATRIX: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Version of headers with dates and a duration: 1 where that has 64 bits. */
export const widthOf = (duration: number): 0 | 1 => (duration >= 2 ** 32 ? 1 : 0);

/** Creation and modification time, which are unknown, then `between`, then the duration, in the width of the header. */
export const dated = (between: Part, duration: number): Part[] =>
  widthOf(duration) === 1 ? [zeros(16), between, u64(duration)] : [u32(0, 0), between, u32(duration)];

/** A track's samples, and how long the movie is. */
export interface Contents extends TrackContents {
  readonly movieDuration: number;
}

/** Tables without entries: samples stand in fragments. */
export const EMPTY: TrackContents = {
  duration: 0,
  edits: [],
  tables: [emptyTable('stts', 1), emptyTable('stsc', 1), emptyTable('stsz', 2), emptyTable('stco', 1)],
};

/** Track: ISO/IEC 14496-12, 8.3.1. */
export function trak(
  { track, options, hidden = 0, delay = 0 }: MovieTrack,
  role: Role,
  contents: Contents,
): Part {
  // The fragments are as long as they are.
  const moved = hidden + delay > 0 ? [{ duration: 0, mediaTime: hidden + delay }] : [];
  const edits = contents.edits.length > 0 ? contents.edits : moved;
  return box(
    'trak',
    tkhd(track, options, { ...role, duration: contents.movieDuration }),
    ...(edits.length > 0 ? [box('edts', elst(edits))] : []),
    mdia(track, options, contents),
  );
}

/** Edit List: ISO/IEC 14496-12, 8.6.6. */
const elst = (edits: readonly Edit[]): Part =>
  fullBox(
    { type: 'elst', version: 1, flags: 0 },
    u32(edits.length),
    ...edits.flatMap(({ duration, mediaTime }) => [
      u64(duration),
      mediaTime === null ? u32(0xffff_ffff, 0xffff_ffff) : u64(mediaTime),
      u16(1, 0),
    ]),
  );

/** Flags of tkhd. */
const TRACK = { enabled: 1, inMovie: 2 } as const;
const FULL_VOLUME = 0x0100;

/** Track Header: ISO/IEC 14496-12, 8.3.2. */
const tkhd = (
  track: MediaTrack,
  { trackId }: InitOptions,
  { isPlayed, alternates, duration }: Role & { readonly duration: number },
): Part => {
  const size = displaySize(track);
  return fullBox(
    {
      type: 'tkhd',
      version: widthOf(duration),
      flags: TRACK.inMovie | (isPlayed ? TRACK.enabled : 0),
    },
    ...dated(u32(trackId, 0), duration),
    zeros(8),
    u16(0, alternates, track.kind === 'audio' ? FULL_VOLUME : 0, 0),
    matrix(track.kind === 'video' ? rotation(track.rotation, size) : UNITY_MATRIX),
    fixed(size.width, size.height),
  );
};

interface Size {
  readonly width: number;
  readonly height: number;
}

const MAX_FIXED = 0xffff;

/** In square pixels, before rotation; 0 for audio. */
function displaySize(track: MediaTrack): Size {
  if (track.kind === 'audio') return { width: 0, height: 0 };
  const { width, height, pixelAspect } = track;
  return { width: Math.min(MAX_FIXED, (width * pixelAspect.h) / pixelAspect.v), height };
}

/** A matrix as boxes hold it: the third column has 30 fractional bits, the others 16. ISO/IEC 14496-12, 6.2.2. */
export const matrix = (values: readonly number[]): Part =>
  u32(...values.map((value, i) => Math.round(value * (i % 3 === 2 ? 0x40000000 : 0x10000))));

/** Turns a picture by clockwise degrees and shifts it back to the origin. */
function rotation(degrees: number, { width, height }: Size): readonly number[] {
  const turned: Readonly<Record<number, readonly number[]>> = {
    90: [0, 1, 0, -1, 0, 0, height, 0, 1],
    180: [-1, 0, 0, 0, -1, 0, width, height, 1],
    270: [0, -1, 0, 1, 0, 0, 0, width, 1],
  };
  return turned[degrees] ?? UNITY_MATRIX;
}

/** Media: ISO/IEC 14496-12, 8.4.1. */
const mdia = (track: MediaTrack, options: InitOptions, { duration, tables }: TrackContents): Part =>
  box('mdia', mdhd(track, options, duration), hdlr(track), ...elng(track), minf(track, options, tables));

/** Media Header: ISO/IEC 14496-12, 8.4.2. */
const mdhd = ({ language }: MediaTrack, { timescale }: InitOptions, duration: number): Part =>
  fullBox(
    { type: 'mdhd', version: widthOf(duration), flags: 0 },
    ...dated(u32(timescale), duration),
    u16(packedLanguage(language), 0),
  );

/** Three letters of five bits each. */
const packedLanguage = (language: string): number =>
  [...iso639(language)].reduce((packed, letter) => packed * 32 + letter.charCodeAt(0) - 0x60, 0);

/** Extended Language Tag: ISO/IEC 14496-12, 8.4.6. */
const elng = ({ language }: MediaTrack): Part[] =>
  language === 'und' ? [] : [fullBox({ type: 'elng', version: 0, flags: 0 }, str(language))];

/** Handler type and name by kind of track. */
const HANDLERS = {
  video: { type: 'vide', name: 'Video' },
  audio: { type: 'soun', name: 'Audio' },
} as const;

/** Handler Reference: ISO/IEC 14496-12, 8.4.3. */
const hdlr = ({ kind, name }: MediaTrack): Part =>
  fullBox(
    { type: 'hdlr', version: 0, flags: 0 },
    zeros(4),
    fourcc(HANDLERS[kind].type),
    zeros(12),
    str(name ?? HANDLERS[kind].name),
  );

/** Media Information: ISO/IEC 14496-12, 8.4.4. */
const minf = (track: MediaTrack, options: InitOptions, tables: readonly Part[]): Part =>
  box('minf', MEDIA_HEADERS[track.kind], dinf, box('stbl', stsd(track, options), ...tables));

const MEDIA_HEADERS = {
  /** Video Media Header: ISO/IEC 14496-12, 12.1.2. */
  video: fullBox({ type: 'vmhd', version: 0, flags: 1 }, zeros(8)),
  /** Sound Media Header: ISO/IEC 14496-12, 12.2.2. */
  audio: fullBox({ type: 'smhd', version: 0, flags: 0 }, zeros(4)),
} as const;

const IN_SAME_FILE = 1;

/** Data Information, Data Reference: ISO/IEC 14496-12, 8.7.1 and 8.7.2. */
const dinf = box(
  'dinf',
  fullBox(
    { type: 'dref', version: 0, flags: 0 },
    u32(1),
    fullBox({ type: 'url ', version: 0, flags: IN_SAME_FILE }),
  ),
);

/** Time to Sample, Sample to Chunk, Sample Size, Chunk Offset: ISO/IEC 14496-12, 8.6.1.2, 8.7.4, 8.7.3, 8.7.5. */
function emptyTable(type: string, words: number): Part {
  return fullBox({ type, version: 0, flags: 0 }, zeros(4 * words));
}

/** Sample Description: ISO/IEC 14496-12, 8.5.2. */
const stsd = (track: MediaTrack, { bitrate }: InitOptions): Part => {
  const entries = sampleEntries(track, bitrate);
  return fullBox({ type: 'stsd', version: 0, flags: 0 }, u32(entries.length), ...entries);
};

function sampleEntries(track: MediaTrack, bitrate: Bitrate | null): Part[] {
  return track.kind === 'video'
    ? track.configs.slice(0, 1).map((config) => videoEntry({ track, config, bitrate }))
    : track.configs.slice(0, 1).map((config) => audioEntry({ track, config, bitrate }));
}
