import { assScript } from '../../codecs/ass-script.ts';
import { MediaError } from '../../core/errors.ts';
import { NANOSECONDS_PER_SECOND } from '../../core/time.ts';
import type { PlannedSubtitle, Title } from '../title.ts';

const MILLISECOND = NANOSECONDS_PER_SECOND / 1000;

interface Gathering {
  /** Events that are gathered at most. */
  readonly most: number;
  readonly signal: AbortSignal;
}

/**
 * The script of a track of ASS with all of its events, on the title's zero.
 * @throws MediaError `not-offered` where they would have to be looked for in all of the film, or are too many
 */
export async function wholeScript(
  { demuxer, zero }: Title,
  { track }: PlannedSubtitle,
  { most, signal }: Gathering,
): Promise<string> {
  const index = demuxer.texts?.(track.id, 'stored');
  const count = index?.times.length ?? 0;
  if (!index || count > most)
    throw new MediaError(
      'not-offered',
      'The whole script would take too long to gather; the playlist has its texts without their looks',
    );
  const at = (time: number) => Math.round((time - zero) / MILLISECOND);
  const events = await index.read([...index.times.keys()], signal);
  return assScript(
    track.text?.setup ?? new Uint8Array(0),
    events.map(({ time, duration, data }) => ({ start: at(time), end: at(time + (duration ?? 0)), data })),
  );
}
