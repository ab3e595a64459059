import type { Source } from '../../src/core/contracts.ts';
import type { Box } from './box.ts';
import { type EditPlan, planEdits } from './edit-list.ts';
import type { Movie } from './movie.ts';
import type { Mp4Track } from './tracks.ts';
import type { TableTrack } from './virtual-layout.ts';

/** What is known of a fragmented file when its movie box was read. */
export interface FragmentedFile {
  readonly source: Source;
  readonly signal: AbortSignal;
  /** Bytes of the file. */
  readonly end: number;
  readonly movie: Movie;
  readonly moov: Box;
  readonly declared: readonly Mp4Track[];
  /** Samples that the movie box tells all the same. */
  readonly tables: readonly TableTrack[];
  readonly asStored?: boolean;
  readonly access?: 'anywhere' | 'in order';
}

export const isPlayed = ({ track }: Mp4Track): boolean => track.kind === 'video' || track.kind === 'audio';

/** What the edit list makes of a track's fragments. */
export function planOf({ movie }: Pick<FragmentedFile, 'movie'>, { track, source }: Mp4Track): EditPlan {
  const presents = track.kind === 'video' ? 'pictures' : 'frames';
  return planEdits(source.edits, movie.timescale, source.timescale, { presents, table: null });
}
