import type { Attachment, Chapter } from '../../src/core/contracts.ts';
import { MediaError, orNull, unsupported } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Box } from './box.ts';
import { type MovieTrack, readMovieTrack } from './movie-track.ts';
import { firstBoxes, readableBoxes, readFullBox } from './readable-boxes.ts';
import { IDENTITY, type Matrix, readClock, readDuration, readMatrix } from './track-header.ts';
import { readUserData, type UserData } from './user-data.ts';

/** What fragments of a track take over where they say nothing: TrackExtendsBox, ISO/IEC 14496-12, 8.8.3. */
export interface TrackDefaults {
  /** default_sample_description_index: from 1 on. */
  readonly description: number;
  /** In the media's timescale. */
  readonly duration: number;
  readonly size: number;
  /** As in 8.8.3.1: bit 16 says that a sample is no sync sample. */
  readonly flags: number;
}

/** A MovieBox: 8.2.1. */
export interface Movie extends Pick<UserData, 'title' | 'tags'> {
  /** Of edits and of `duration`, units a second; 0 where the file does not say. */
  readonly timescale: number;
  /** In `timescale`; null when unknown. With fragments, what `mehd` says where it does. */
  readonly duration: number | null;
  /** In the order of the file. */
  readonly tracks: readonly MovieTrack[];
  /** There may be samples in fragments: `mvex` is present. */
  readonly isFragmented: boolean;
  /** By track ID. */
  readonly extends: ReadonlyMap<number, TrackDefaults>;
  /** Nero's; those of QuickTime are a track that others refer to as `chap`. */
  readonly chapters: readonly Chapter[];
  /** Pictures of the cover. */
  readonly attachments: readonly Attachment[];
}

const PARTS = ['mvhd', 'mvex', 'udta', 'meta', 'cmov'];

/**
 * The content of `moov`, as far as it is there. Tracks that are broken are told as unreadable; without a movie header
 * there is no timescale, and edits cannot be followed.
 * @param base file offset of the first byte of `moov`
 * @throws MediaError `unsupported` for a compressed movie, `limit` for more tracks than any file has
 */
export function parseMovie(moov: Uint8Array, base: number): Movie {
  const list = { bytes: moov, content: base };
  const parts = firstBoxes(list, PARTS);
  if (parts.has('cmov'))
    throw unsupported(
      'The movie box is compressed (cmov); rewriting the file without that makes it playable',
    );
  const mvhd = parts.get('mvhd');
  const { matrix, timescale, duration } = (mvhd && orNull(() => readMovieHeader(mvhd))) ?? NO_HEADER;
  const { tracks, ids } = readTraks(readableBoxes(list, ['trak']), { matrix, timescale });
  const mvex = parts.get('mvex');
  const { title, tags, chapters, attachments } = readUserData(parts.get('udta'), parts.get('meta'));
  return {
    timescale,
    duration: timescale > 0 ? ((mvex && fragmentDuration(mvex)) ?? duration) : null,
    tracks,
    isFragmented: mvex !== undefined,
    extends: mvex ? readExtends(mvex, ids) : new Map(),
    title,
    tags,
    chapters,
    attachments,
  };
}

interface MovieHeader {
  readonly timescale: number;
  readonly duration: number | null;
  readonly matrix: Matrix;
}

const NO_HEADER: MovieHeader = { timescale: 0, duration: null, matrix: IDENTITY };

/** MovieHeaderBox: 8.2.2. */
function readMovieHeader(mvhd: Box): MovieHeader {
  const { version, fields } = readFullBox(mvhd);
  const { timescale, duration } = readClock(fields, version);
  const matrix = orNull(() => {
    fields.skip(4 + 2 + 10);
    return readMatrix(fields);
  });
  return { timescale, duration, matrix: matrix ?? IDENTITY };
}

/** The TrackBoxes, each under a number of its own. */
function readTraks(list: Iterable<Box>, movie: Pick<MovieHeader, 'timescale' | 'matrix'>) {
  const tracks: MovieTrack[] = [];
  for (const box of list) {
    if (tracks.length >= LIMITS.tracks)
      throw new MediaError('limit', `More than ${LIMITS.tracks} tracks, no more are read`);
    tracks.push(readMovieTrack(box, movie));
  }
  const ids = new Set(tracks.map(({ id }) => id));
  const taken = new Set([0]);
  let next = 1;
  const withOwnId = (track: MovieTrack): MovieTrack => {
    if (!taken.has(track.id)) {
      taken.add(track.id);
      return track;
    }
    while (ids.has(next) || taken.has(next)) next++;
    taken.add(next);
    return { ...track, id: next };
  };
  return { tracks: tracks.map(withOwnId), ids };
}

/** MovieExtendsHeaderBox: 8.8.2. Null where it is absent or says 0. */
function fragmentDuration(mvex: Box): number | null {
  const mehd = firstBoxes(mvex, ['mehd']).get('mehd');
  if (!mehd) return null;
  return orNull(() => {
    const { version, fields } = readFullBox(mehd);
    return readDuration(fields, version === 1 ? 8 : 4);
  });
}

/** Those of tracks that exist; of several for one track the first. */
function readExtends(mvex: Box, ids: ReadonlySet<number>): ReadonlyMap<number, TrackDefaults> {
  const all = new Map<number, TrackDefaults>();
  for (const box of readableBoxes(mvex, ['trex'])) {
    const trex = orNull(() => readTrex(box));
    if (trex && ids.has(trex.id) && !all.has(trex.id)) all.set(trex.id, trex.defaults);
  }
  return all;
}

function readTrex(trex: Box): { readonly id: number; readonly defaults: TrackDefaults } {
  const { fields } = readFullBox(trex);
  const id = fields.u32();
  const [description, duration, size] = [fields.u32(), fields.u32(), fields.u32()];
  return { id, defaults: { description, duration, size, flags: fields.u32() } };
}
