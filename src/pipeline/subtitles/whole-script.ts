import { assScript } from '../../codecs/ass-script.ts';
import { MediaError } from '../../core/errors.ts';
import { NANOSECONDS_PER_SECOND } from '../../core/time.ts';
import type { PlannedSubtitle, Title } from '../title.ts';

const MILLISECOND = NANOSECONDS_PER_SECOND / 1000;

/** Reads all of its events. @throws MediaError `limit`, and those of the source */
export type ReadScript = (signal: AbortSignal) => Promise<string>;

/**
 * The script of a track of ASS with all of its events, on the title's zero.
 * @param most events that are gathered at most
 * @throws MediaError `not-offered` where they would have to be looked for in all of the film, or are too many
 */
export function wholeScript({ demuxer, zero }: Title, { track }: PlannedSubtitle, most: number): ReadScript {
  const index = demuxer.texts?.(track.id, 'stored');
  const count = index?.times.length ?? 0;
  if (!index || count > most)
    throw new MediaError(
      'not-offered',
      'The whole script would take too long to gather; the playlist has its texts without their looks',
    );
  const at = (time: number) => Math.round((time - zero) / MILLISECOND);
  return async (signal) => {
    const events = await index.read([...index.times.keys()], signal);
    return assScript(
      track.text?.setup ?? new Uint8Array(0),
      events.map(({ time, duration, data }) => ({ start: at(time), end: at(time + (duration ?? 0)), data })),
    );
  };
}
