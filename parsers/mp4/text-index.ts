import type { Sample, Source, TextIndex } from '../../src/core/contracts.ts';
import { MediaError, orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { SubtitleText } from '../../src/core/media.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds, rescale } from '../../src/core/time.ts';
import { readPieces } from './byte-plan.ts';
import { planEdits } from './edit-list.ts';
import type { Movie } from './movie.ts';
import { decodeDuration, inDecodeOrder, readSampleTable } from './sample-table.ts';
import { textReading } from './text-samples.ts';
import type { Mp4Track } from './tracks.ts';
import { type LaidTrack, layOut, timeAt } from './virtual-layout.ts';

export interface TextFile {
  readonly source: Source;
  readonly movie: Movie;
  readonly tracks: readonly Mp4Track[];
  readonly fileEnd: number;
}

/** Texts of a film are some thousands; what has more is not meant to be read. */
const MAX_TEXTS = 200_000;

/** The index of each track of text whose tables tell its samples; null for others. */
export function textIndexes(file: TextFile): (trackId: number) => TextIndex | null {
  const made = new Map(
    file.tracks.map((track) => [track.track.id, orNull(() => makeIndex(track, file))] as const),
  );
  return (trackId) => made.get(trackId) ?? null;
}

function makeIndex({ track, source }: Mp4Track, { movie, fileEnd, ...file }: TextFile): TextIndex | null {
  const isRead = source.hasSampleTables && source.unreadable === null && track.unreadable === null;
  if (track.kind !== 'subtitle' || !track.text || !isRead) return null;
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
      const bytes = pieces.reduce((sum, { size }) => sum + size, 0);
      if (bytes > LIMITS.texts) throw new MediaError('limit', `Texts of ${bytes} bytes at once`);
      const samples: Sample[] = [];
      for await (const arrived of readPieces(source, pieces, signal))
        for (const { piece, bytes } of arrived)
          if (bytes.length === piece.size) samples.push(sampleAt(piece.i, normalize(bytes)));
      return samples;
    },
  };
}
