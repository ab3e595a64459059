import type { TrackDecision } from '../pipeline/select-tracks.ts';
import { EXIT } from './exit-codes.ts';
import { note } from './output.ts';

/** Why a track is not there though nobody would miss it. */
const EXPECTED: ReadonlySet<string | null> = new Set(['not asked for', 'attached picture']);

/** What is left out of a result, for a person. */
export const leftOut = (decisions: readonly TrackDecision[]): string[] =>
  decisions
    .filter(({ action, reason }) => action === 'omit' && !EXPECTED.has(reason))
    .map(({ track, reason }) => `${track.kind} ${track.index}: ${reason ?? 'cannot be written'}`);

/** Tells what is left out; with `--strict` the exit status tells it as well. */
export function tellLeftOut(omitted: readonly string[], { strict }: { readonly strict?: boolean }): number {
  for (const line of omitted) note(`Left out: ${line}`);
  return strict && omitted.length > 0 ? EXIT.partly : EXIT.done;
}
