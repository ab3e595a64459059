import { box, fixed, fourcc, fullBox, type Part, serialize, u16, u32, u64, zeros } from './box.ts';
import {
  dated,
  EMPTY,
  type InitOptions,
  type MovieTrack,
  matrix,
  type Role,
  type TrackContents,
  trak,
  UNITY_MATRIX,
  widthOf,
} from './track-box.ts';

/** The initialization segment of a track: its first configuration, no samples, no edit list. */
export const initSegment = (track: MovieTrack['track'], options: InitOptions): Uint8Array =>
  serialize(ftyp('iso6', 'cmfc', 'mp41'), moov([{ track, options }]));

/**
 * The beginning of a file with several tracks, of which the first of each kind is played.
 * @param duration of the fragments to come, in the first track's ticks; null when unknown
 */
export const movieBeginning = (tracks: readonly MovieTrack[], duration: number | null): Uint8Array =>
  serialize(ftyp('iso6', 'mp41'), moov(tracks, duration));

/** What stands in the movie box of a file whose samples it tells itself. */
export interface MovieContents {
  /** In the first track's ticks. */
  readonly duration: number;
  readonly tracks: readonly TrackContents[];
}

/** The movie box of a file without fragments; contents in the order of the tracks. */
export const movieBox = (tracks: readonly MovieTrack[], contents: MovieContents): Uint8Array =>
  serialize(moov(tracks, contents));

export const fileType: Uint8Array = serialize(
  box('ftyp', fourcc('isom'), u32(512), fourcc('isom'), fourcc('iso6'), fourcc('mp41')),
);

/** File Type: ISO/IEC 14496-12, 4.3. CMAF header brand: ISO/IEC 23000-19, 7.2. */
const ftyp = (...brands: readonly string[]): Part =>
  box('ftyp', fourcc('iso6'), u32(0), ...brands.map((brand) => fourcc(brand)));

/** Movie: ISO/IEC 14496-12, 8.2.1. */
function moov(tracks: readonly MovieTrack[], told: MovieContents | number | null = null): Part {
  const contents = typeof told === 'object' ? told : null;
  const traks = tracks.map((own, i) => {
    const each = contents?.tracks[i] ?? EMPTY;
    return trak(own, roleOf(tracks, i), { ...each, movieDuration: contents?.duration ?? 0 });
  });
  const extends_ = contents ? [] : [mvex(tracks, typeof told === 'number' ? told : null)];
  return box('moov', mvhd(tracks, contents?.duration ?? 0), ...traks, ...extends_);
}

/** alternate_group of each kind. */
const ALTERNATES = { video: 1, audio: 2 } as const;

function roleOf(tracks: readonly MovieTrack[], i: number): Role {
  const kind = tracks[i]?.track.kind ?? 'video';
  const same = tracks.filter(({ track }) => track.kind === kind);
  return { isPlayed: same[0] === tracks[i], alternates: same.length > 1 ? ALTERNATES[kind] : 0 };
}

/** Movie Header: ISO/IEC 14496-12, 8.2.2. */
const mvhd = (tracks: readonly MovieTrack[], duration: number): Part =>
  fullBox(
    { type: 'mvhd', version: widthOf(duration), flags: 0 },
    ...dated(u32(tracks[0]?.options.timescale ?? 1), duration),
    fixed(1),
    u16(0x0100, 0),
    zeros(8),
    matrix(UNITY_MATRIX),
    zeros(24),
    u32(1 + Math.max(...tracks.map(({ options }) => options.trackId))),
  );

/** Movie Extends: ISO/IEC 14496-12, 8.8.1. */
const mvex = (tracks: readonly MovieTrack[], duration: number | null): Part =>
  box('mvex', ...(duration === null ? [] : [mehd(duration)]), ...tracks.map(({ options }) => trex(options)));

/** Movie Extends Header: ISO/IEC 14496-12, 8.8.2. */
const mehd = (duration: number): Part => fullBox({ type: 'mehd', version: 1, flags: 0 }, u64(duration));

/** Track Extends: ISO/IEC 14496-12, 8.8.3. Defaults stand in every fragment instead. */
const trex = ({ trackId }: InitOptions): Part =>
  fullBox({ type: 'trex', version: 0, flags: 0 }, u32(trackId, 1, 0, 0, 0));
