import type { Demuxer, Sample, SeekPoint, Source, TextIndex } from '../core/contracts.ts';
import type { ForeignFacts } from '../core/foreign.ts';
import type { AudioTrack, SubtitleTrack, VideoTrack } from '../core/media.ts';
import type { Nanoseconds, Ticks } from '../core/time.ts';
import type { Timeline } from '../core/timeline.ts';
import type { AudioClock, TrackClock } from './clock.ts';
import type { Ledger } from './ledger.ts';
import type { CutLocator } from './locate-cut.ts';
import type { RecoveryPoints, TrackDecision } from './select-tracks.ts';
import type { AudioForms } from './transcoded/audio-forms.ts';

export interface PlannedVideo {
  readonly track: VideoTrack;
  readonly clock: TrackClock;
  readonly reorderDepth: number;
  /** Ticks that the last picture lasts when nothing follows it. */
  readonly pictureDuration: number;
  /** `hidden`: no picture within a segment says that decoding might begin at it. */
  readonly recovery: RecoveryPoints;
  /** Pictures a second where they follow each other at the usual distance. */
  readonly usualRate: number;
  /** When the first picture of each segment is shown, as far as it was seen. */
  readonly starts: readonly Ticks[];
  /** All pictures, and how many a second from the first to the end of the title; null when nobody counted them. */
  readonly counted: { readonly pictures: number; readonly rate: number } | null;
}

export interface PlannedAudio {
  readonly track: AudioTrack;
  readonly clock: AudioClock;
  /** Segment n holds the frames that begin in [boundaries[n], boundaries[n + 1]): samples, one more than segments. */
  readonly boundaries: readonly number[];
  readonly forms: AudioForms;
}

export interface PlannedSubtitle {
  readonly track: SubtitleTrack;
  readonly texts: TextsFrom;
}

/**
 * Where a track's texts come from, the cheapest there is: seen when all of the file was read; told by the container's
 * index; or read with what lies between two cuts.
 */
export type TextsFrom =
  | { readonly kind: 'seen'; readonly samples: readonly Sample[] }
  | { readonly kind: 'index'; readonly index: TextIndex }
  | { readonly kind: 'spans' };

export interface Bandwidth {
  /** Bits a second: RFC 8216, 4.3.4.2. */
  readonly peak: number;
  readonly average: number;
}

/** A media file opened and planned: all that is needed to make any segment of it. */
export interface Title {
  readonly source: Source;
  readonly demuxer: Demuxer;
  /** Hash of content and plan: part of every address. */
  readonly version: string;
  readonly zero: Nanoseconds;
  readonly timeline: Timeline;
  readonly video: PlannedVideo | null;
  readonly audio: readonly PlannedAudio[];
  readonly subtitles: readonly PlannedSubtitle[];
  readonly decisions: readonly TrackDecision[];
  /** Every known seek point, for reading backwards: ascending in position. */
  readonly seekIndex: readonly SeekPoint[];
  /** Interleave window. */
  readonly window: Nanoseconds;
  /** A frame of each audio track whose codec has no silent one, by track id. */
  readonly standIns: ReadonlyMap<number, Uint8Array>;
  /** Bits a second by track id. */
  readonly bandwidth: ReadonlyMap<number, Bandwidth>;
  readonly survey: 'whole' | 'sampled' | 'bisected';
  /** Where there is no index: the cuts' times are planned ones then, their places estimates. */
  readonly locator: CutLocator | null;
  /** Whole seconds that a segment may be longer than planned. */
  readonly slack: number;
  readonly remarks: readonly string[];
  /** Where another program reads the file: what it says of it. Absent where it is read here. */
  readonly foreign?: ForeignFacts;
  readonly ledger: Ledger;
}

export const segmentCount = (title: Title): number => title.timeline.cuts.length;
