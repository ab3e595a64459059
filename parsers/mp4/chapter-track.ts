import { ByteCursor, readRange } from '../../src/core/bytes.ts';
import type { Chapter, Source } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { planEdits } from './edit-list.ts';
import type { Movie } from './movie.ts';
import type { MovieTrack } from './movie-track.ts';
import { presentedDuration, presentedTime } from './presentation.ts';
import { kindOfHandler } from './sample-entry.ts';
import { isEmpty, readSampleTable } from './sample-table.ts';
import { readMarkedText } from './texts.ts';

/** Bytes in which the titles lie together: a title takes some thirty, and one at least. */
const MAX_SPAN = 64 * 1024;

/** Where a title lies, and what it is the title of: milliseconds. */
interface Place {
  readonly offset: number;
  readonly size: number;
  readonly start: number;
  readonly end: number | null;
}

/**
 * Chapters whose titles are the samples of a track of text that others refer to as `chap` (QuickTime File Format,
 * Chapter Lists): one read of the file. None where their titles lie far apart.
 * @throws MediaError of the source
 */
export async function readTextChapters(
  movie: Movie,
  { source, end }: { readonly source: Source; readonly end: number },
  signal: AbortSignal,
): Promise<readonly Chapter[]> {
  for (const track of chapterTracks(movie)) {
    const places = orNull(() => placesOf(track, movie, end)) ?? [];
    const range = spanOf(places);
    if (!range) continue;
    const bytes = await readRange(source, range, signal);
    return places.flatMap(({ offset, size, start, end }) => {
      const sample = bytes.subarray(offset - range.start, offset - range.start + size);
      const title = orNull(() => readTitle(sample));
      return title === null ? [] : [{ edition: 0, title: title.text, language: track.language, start, end }];
    });
  }
  return [];
}

/** Those of text; of pictures, titles are in another one. */
function chapterTracks({ tracks }: Movie): MovieTrack[] {
  const ids = new Set(tracks.flatMap(({ references }) => references.get('chap') ?? []));
  return tracks.filter(
    ({ id, handler, unreadable, hasSampleTables }) =>
      ids.has(id) && kindOfHandler(handler) === 'subtitle' && unreadable === null && hasSampleTables,
  );
}

function placesOf({ tables, timescale, edits }: MovieTrack, movie: Movie, fileEnd: number): Place[] {
  const table = readSampleTable(tables, { fileEnd, maxSamples: MAX_SPAN });
  const plan = planEdits(edits, movie.timescale, timescale, { presents: 'frames', table });
  const places: Place[] = [];
  for (let i = 0; i < table.count && places.length < LIMITS.listed; i++) {
    const time = presentedTime(plan, table, i);
    if (time === null || isEmpty(table, i)) continue;
    const duration = presentedDuration(plan, table, i) ?? 0;
    places.push({
      offset: table.offsets[i] ?? 0,
      size: table.sizes[i] ?? 0,
      start: Math.max(0, inMilliseconds(time)),
      end: duration > 0 ? inMilliseconds(time + duration) : null,
    });
  }
  return places;
}

const inMilliseconds = (nanoseconds: number): number => Math.round(nanoseconds / 1_000_000);

/** From the first title to the end of the last one; null without any, and where that is too much. */
function spanOf(places: readonly Place[]) {
  const start = places.reduce((least, { offset }) => Math.min(least, offset), Number.POSITIVE_INFINITY);
  const end = places.reduce((most, { offset, size }) => Math.max(most, offset + size), 0);
  return end > start && end - start <= MAX_SPAN ? { start, end } : null;
}

/** Text Sample Data: its length in 16 bits, itself, and boxes of how it is shown. */
function readTitle(sample: Uint8Array): { readonly text: string | null } {
  const fields = new ByteCursor(sample);
  return { text: readMarkedText(fields.bytes(fields.u16())) };
}
