import type { Source } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { readPieces } from './byte-plan.ts';
import type { Mp4Track } from './tracks.ts';
import type { VirtualLayout } from './virtual-layout.ts';

/** Samples of a track that are tried at most: pictures before the first that tells its parameter sets. */
const TRIED = 16;

interface Completing {
  readonly source: Source;
  readonly layout: VirtualLayout;
  readonly signal: AbortSignal;
}

/** The tracks with what only their first samples tell. @throws MediaError of the source */
export const completeTracks = (tracks: readonly Mp4Track[], completing: Completing): Promise<Mp4Track[]> =>
  Promise.all(tracks.map((track) => completed(track, completing)));

async function completed(track: Mp4Track, { source, layout, signal }: Completing): Promise<Mp4Track> {
  const { complete } = track;
  const laid = layout.tracks.get(track.track.id);
  if (!complete || !laid) return track;
  const wanted: { readonly offset: number; readonly size: number }[] = [];
  let bytes = 0;
  for (const row of laid.rows.subarray(0, TRIED)) {
    const size = laid.table.sizes[row] ?? 0;
    bytes += size;
    if (bytes > LIMITS.firstFrames && wanted.length > 0) break;
    const isMain = (laid.table.descriptions?.[row] ?? laid.table.description) === track.main;
    if (isMain)
      wanted.push({ offset: laid.table.offsets[row] ?? 0, size: Math.min(size, LIMITS.firstFrames) });
  }
  for (const piece of wanted)
    for await (const arrived of readPieces(source, [piece], signal))
      for (const { bytes } of arrived) {
        const done = complete(bytes);
        if (done) return done;
      }
  return track;
}
