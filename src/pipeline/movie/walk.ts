import { leadIn } from '../audio-segment.ts';
import type { Rendition } from '../renditions.ts';
import type { Title } from '../title.ts';
import { Lines, type Piece, type WalkContext } from './lines.ts';
import type { Place } from './place.ts';
import type { SoundLine } from './sound-line.ts';

/** Bytes read behind the cut at which reading ends. */
const READ_BEHIND = 64 * 1024;

/**
 * One reading of a title from a cut on, all tracks beside each other: the same packets as its segments hold. Reading
 * goes on as the next piece is asked for.
 * @param renditions one of each track
 * @throws MediaError of the source; `corrupt` when the picture it begins with is not there
 */
export async function* walkTitle(
  title: Title,
  { place, renditions }: { readonly place: Place; readonly renditions: readonly Rendition[] },
  context: WalkContext,
): AsyncGenerator<Piece> {
  const lines = new Lines(title, place, { renditions, context });
  try {
    if (lines.trackIds.size > 0) yield* read(title, { place, lines }, context);
    if (!lines.isOver) lines.finish();
    while (!lines.isOver) yield await lines.take();
  } finally {
    await lines.close();
  }
}

interface Walk {
  readonly place: Place;
  readonly lines: Lines;
}

async function* read(title: Title, { place, lines }: Walk, context: WalkContext): AsyncGenerator<Piece> {
  const query = await queryOf(title, { place, lines }, context);
  for await (const batch of title.demuxer.samples(query, context.signal)) {
    for (const sample of batch.samples) {
      const late = title.locator ? null : lines.lateSound(sample);
      if (late) await leadIn(title, { audio: late.audio, n: place.n, sound: framesInto(late) }, context);
      lines.push(sample);
      while (lines.isAhead) yield await lines.take();
      if (lines.isOver) return;
    }
    while (lines.hasNext()) yield await lines.take();
    if (lines.isOver) return;
  }
}

const framesInto = (line: SoundLine) => ({ push: line.pushFrame.bind(line) });

async function queryOf(title: Title, { place, lines }: Walk, { signal }: WalkContext) {
  const { demuxer, timeline, locator } = title;
  const { end } = demuxer.payload;
  const start = locator ? await locator.anchor(place.n, signal) : place.cut.point.position;
  const behind = timeline.cuts.find(({ time }) => time >= place.end)?.point.position ?? end;
  return { start, soft: Math.min(end, Math.max(start, behind + READ_BEHIND)), end, tracks: lines.trackIds };
}
