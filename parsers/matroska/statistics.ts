import type { TrackStatistics } from '../../src/core/contracts.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import { parseTagDuration } from './cues.ts';
import type { Master } from './ebml.ts';
import type { MatroskaTrack } from './tracks.ts';

/** Statistics tags of mkvmerge and FFmpeg by track number; their names may carry a language: `BPS-eng`. */
export function readStatistics(
  tags: readonly Master[],
  tracks: readonly MatroskaTrack[],
): Map<number, TrackStatistics> {
  const statistics = new Map<number, TrackStatistics>();
  const readOne = (tag: Master) => {
    const uid = tag.master('Targets')?.identity('TagTrackUID');
    const id = uid && tracks.find((track) => track.uid === uid)?.track.id;
    if (id) statistics.set(id, { ...NO_STATISTICS, ...statistics.get(id), ...readTag(tag) });
  };
  for (const element of tags) element.soundMasters('Tag', readOne);
  return statistics;
}

const NO_STATISTICS: TrackStatistics = { bytes: null, bitrate: null, frames: null, duration: null };

/** A map, not an object: names come from the file, and `constructor` is one too. */
type ReadField = (text: string) => Partial<TrackStatistics>;
const TAG_FIELDS: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['BPS', (text) => ({ bitrate: countOf(text) })],
  ['NUMBER_OF_BYTES', (text) => ({ bytes: countOf(text) })],
  ['NUMBER_OF_FRAMES', (text) => ({ frames: countOf(text) })],
  ['DURATION', (text) => ({ duration: tagDuration(text) })],
]);

function tagDuration(text: string): Nanoseconds | null {
  const duration = parseTagDuration(text);
  return duration === null ? null : nanoseconds(duration);
}

function readTag(tag: Master): Partial<TrackStatistics> {
  const simple = tag.masters('SimpleTag').map((entry) => {
    const name = (entry.string('TagName') ?? '').replace(/-[a-z]{2,3}$/, '');
    return TAG_FIELDS.get(name)?.(entry.string('TagString') ?? '') ?? {};
  });
  return Object.assign({}, ...simple) as Partial<TrackStatistics>;
}

function countOf(text: string): number | null {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}
