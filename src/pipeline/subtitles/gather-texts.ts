import type { Sample } from '../../core/contracts.ts';
import type { SubtitleTrack } from '../../core/media.ts';
import { costOf, detached } from '../held-samples.ts';

export type TextsByTrack = ReadonlyMap<number, readonly Sample[]>;

/** Texts of a title that are kept with its plan: ten languages of a long film take 2 MB. */
const KEPT_BYTES = 4 * 1024 * 1024;

export interface TextGathering {
  readonly ids: ReadonlySet<number>;
  add(sample: Sample): void;
  /** Null where there are too many. */
  result(): TextsByTrack | null;
}

/** Gathers the texts of a file that is read whole anyway. */
export function gatherTexts(tracks: readonly SubtitleTrack[]): TextGathering {
  const texts = new Map<number, Sample[]>(tracks.map(({ id }) => [id, []]));
  let room = KEPT_BYTES;
  return {
    ids: new Set(texts.keys()),
    add(sample) {
      room -= costOf(sample);
      if (room >= 0) texts.get(sample.trackId)?.push(detached(sample));
      else texts.clear();
    },
    result: () => (room >= 0 ? texts : null),
  };
}
