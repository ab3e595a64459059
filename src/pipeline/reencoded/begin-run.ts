import type { EncodeRun } from '../../core/encoding.ts';
import { ForeignPlaces, foreignCuts } from '../foreign/foreign-places.ts';
import type { Title } from '../title.ts';
import { type FeedContext, feedPictures, needsPreRoll } from './picture-feed.ts';
import { type Places, StampBook } from './stamp-book.ts';

/** What an encoder is given to begin at a segment, and what is known of what it gives. */
export interface Beginning extends Pick<EncodeRun, 'foreign'> {
  readonly places: Places;
  /** Null where the encoder reads the file. */
  readonly input: AsyncIterable<readonly Uint8Array[]> | null;
  /** Microseconds: see `EncodeRun`. */
  readonly from: number;
}

/** @throws MediaError of the source */
export async function beginAt(
  title: Title,
  n: number,
  context: Omit<FeedContext, 'book'>,
): Promise<Beginning> {
  const { source, timeline, foreign } = title;
  if (foreign) {
    const cuts = foreignCuts(title, n);
    const from = Math.round(((cuts[0] ?? 0) + foreign.start + foreign.pictureDelay) * 1_000_000);
    return {
      places: new ForeignPlaces(title, n),
      input: null,
      from,
      foreign: { source, facts: foreign, cuts },
    };
  }
  const book = new StampBook(timeline.timescale, n);
  const isPreRolled = await needsPreRoll(title, n, context.signal);
  const cut = timeline.cuts[n]?.time;
  return {
    places: book,
    input: feedPictures(title, { n, isPreRolled }, { ...context, book }),
    from: cut !== undefined && isPreRolled ? book.from(cut) : 0,
  };
}
