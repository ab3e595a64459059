import type { Sample, Source, TextIndex } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import type { SubtitleText } from '../../src/core/media.ts';
import { TEXT_COST, TextRoom } from '../../src/core/text-room.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds, rescale } from '../../src/core/time.ts';
import { rangesOf, readPieces } from './byte-plan.ts';
import { planEdits } from './edit-list.ts';
import type { Movie } from './movie.ts';
import { decodeDuration, inDecodeOrder, readSampleTable } from './sample-table.ts';
import { readSampleSizes } from './table-entries.ts';
import { textReading } from './text-samples.ts';
import type { Mp4Track } from './tracks.ts';
import { type LaidTrack, layOut, timeAt } from './virtual-layout.ts';

export interface TextFile {
  readonly source: Source;
  readonly movie: Movie;
  readonly tracks: readonly Mp4Track[];
  readonly fileEnd: number;
}

/** Texts of all tracks of a film are some ten thousands; what has more is not meant to be read. */
const MAX_TEXTS = 200_000;

/**
 * The index of each track of text whose tables tell its samples; null for others, and for those that come when there are
 * too many. It is made when it is first asked for.
 */
export function textIndexes(file: TextFile): (trackId: number) => TextIndex | null {
  let left = MAX_TEXTS;
  const kept = file.tracks.filter((track) => {
    const count = isText(track) ? orNull(() => readSampleSizes(track.source.tables).count) : null;
    if (count === null || count > left) return false;
    left -= count;
    return true;
  });
  const made = new Map<number, TextIndex | null>();
  return (trackId) => {
    const known = made.get(trackId);
    if (known !== undefined) return known;
    const track = kept.find((one) => one.track.id === trackId);
    const index = track ? orNull(() => makeIndex(track, file)) : null;
    made.set(trackId, index);
    return index;
  };
}

const isText = ({ track, source }: Mp4Track): boolean =>
  track.kind === 'subtitle' &&
  track.text !== null &&
  source.hasSampleTables &&
  source.unreadable === null &&
  track.unreadable === null;

function makeIndex({ track, source }: Mp4Track, { movie, fileEnd, ...file }: TextFile): TextIndex | null {
  if (track.kind !== 'subtitle' || !track.text) return null;
  const table = inDecodeOrder(readSampleTable(source.tables, { fileEnd, maxSamples: MAX_TEXTS }));
  const plan = planEdits(source.edits, movie.timescale, source.timescale, { presents: 'frames', table });
  const laid = layOut([{ id: track.id, table, plan }]).tracks.get(track.id);
  return laid ? indexOf(laid, { text: track.text, source: file.source }) : null;
}

interface TextSource {
  readonly text: SubtitleText;
  readonly source: Source;
}

function indexOf(laid: LaidTrack, { text, source }: TextSource): TextIndex {
  const { table, times, rows, plan } = laid;
  const { normalize } = textReading(text).setup;
  const durationAt = (i: number) =>
    rescale(decodeDuration(table, rows[i] ?? 0), plan.mediaTimescale, NANOSECONDS_PER_SECOND);
  const sampleAt = (i: number, data: Uint8Array): Sample => {
    const position = table.offsets[rows[i] ?? 0] ?? 0;
    const duration = nanoseconds(durationAt(i));
    const place = { position, entry: position };
    return { trackId: laid.id, time: timeAt(laid, i), duration, isKey: true, ...place, data };
  };
  return {
    times,
    ends: times.map((time, i) => time + durationAt(i)),
    async read(wanted, signal) {
      const pieces = wanted.map((i) => {
        const row = rows[i] ?? 0;
        return { i, offset: table.offsets[row] ?? 0, size: table.sizes[row] ?? 0 };
      });
      const room = new TextRoom();
      room.take(pieces.reduce((sum, { size }) => sum + size + TEXT_COST, 0));
      const samples: Sample[] = [];
      // One after the other: of far texts each would keep its request.
      for (const range of rangesOf(pieces))
        for await (const arrived of readPieces(source, range.pieces, signal))
          for (const { piece, bytes } of arrived)
            if (bytes.length === piece.size) samples.push(sampleAt(piece.i, normalize(bytes)));
      return samples;
    },
  };
}
