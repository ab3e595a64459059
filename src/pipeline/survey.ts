import { audioCodec } from '../codecs/codecs.ts';
import { soundSamples } from '../codecs/decode-only.ts';
import type { Demuxer, Sample, SampleHead, Source } from '../core/contracts.ts';
import type { AudioTrack, SubtitleTrack, VideoConfig, VideoTrack } from '../core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../core/time.ts';
import type { CutPoint } from '../core/timeline.ts';
import type { Bisection } from './look.ts';
import { beginningOf, cutFacts, type PictureKind, pictureKind, withParameterSets } from './pictures.ts';
import { gatherTexts, type TextsByTrack } from './subtitles/gather-texts.ts';

/** What was seen of one track while planning. */
export interface TrackSurvey {
  readonly first: Nanoseconds | null;
  /** End of its last packet. */
  readonly end: Nanoseconds | null;
  /** Stamps in file order: all of them, or those of the places looked at. */
  readonly stamps: ArrayLike<Nanoseconds>;
  /** Payload bytes of the stamps, same order. */
  readonly sizes: ArrayLike<number>;
  /** Samples that the frames last that tell it themselves. */
  readonly frameSizes: ReadonlySet<number>;
  /** The smallest frame seen, for tracks whose codec has no silent one. */
  readonly standIn?: Uint8Array | null;
}

/** Facts about the packets of a title, from a whole scan or from a few probed places. */
export interface Survey {
  readonly kind: 'whole' | 'sampled' | 'bisected';
  readonly tracks: ReadonlyMap<number, TrackSurvey>;
  /** Usable cuts of the main track in order of time. */
  readonly points: readonly CutPoint[];
  /** The main video's configuration with the parameter sets that key pictures added; null without video. */
  readonly videoConfig: VideoConfig | null;
  /** Largest number of pictures seen before one that is shown earlier. */
  readonly reorder: number;
  /** Largest distance in time between packets that lie beside each other. */
  readonly skew: Nanoseconds;
  /** Whether the last packets of the file were among those looked at. */
  readonly hasEnd: boolean;
  /** Bytes that made no sense. */
  readonly skipped: number;
  /** What a person should know of the index: `cue 17 is no key picture`. */
  readonly remarks: readonly string[];
  /** How to find places by their time; only where there is no index. */
  readonly bisection?: Bisection;
  /** Every text by track, where every packet was read; absent where it was not, or where there are too many. */
  readonly texts?: TextsByTrack | null;
}

export interface KeptTracks {
  readonly video: VideoTrack | null;
  readonly audio: readonly AudioTrack[];
  /** Of text; absent where there are none. */
  readonly subtitles?: readonly SubtitleTrack[];
}

/** What a survey is made of. */
export interface Sampling {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly kept: KeptTracks;
  readonly signal: AbortSignal;
}

/** The first of a column. */
export const beginningOfColumn = <T>(column: ArrayLike<T>, count: number): T[] =>
  Array.from({ length: Math.min(count, column.length) }, (_, i) => column[i] as T);

export const keptIds = (kept: KeptTracks): Set<number> =>
  new Set([...(kept.video ? [kept.video] : []), ...kept.audio].map((track) => track.id));

/** Sync pictures at most this far apart are the only cuts; Chrome begins at nothing else. */
const MAX_IDR_DISTANCE = 15 * NANOSECONDS_PER_SECOND;

interface SeenSample {
  readonly trackId: number;
  readonly time: Nanoseconds;
  readonly end: Nanoseconds;
  readonly size: number;
}

interface SeenTrack {
  readonly stamps: Nanoseconds[];
  readonly sizes: number[];
  readonly frameSizes: Set<number>;
  standIn: Uint8Array | null;
  end: number;
  first: number;
}

/** Gathers samples in file order. */
export class Surveyor {
  readonly #video: VideoTrack | null;
  readonly #durations: ReadonlyMap<number, number>;
  readonly #audio: ReadonlyMap<number, AudioTrack>;
  /** Audio tracks that silence cannot be made for. */
  readonly #silentless: ReadonlySet<number>;
  readonly #seen = new Map<number, SeenTrack>();
  readonly #waiting: SeenSample[] = [];
  #videoTime: Nanoseconds | null = null;
  #latest = Number.NEGATIVE_INFINITY;
  /** Stamps of pictures not yet overtaken, newest last. */
  readonly #recent: Nanoseconds[] = [];
  reorder = 0;
  skew = 0;
  skipped = 0;
  readonly points: (CutPoint & { readonly kind: PictureKind })[] = [];
  videoConfig: VideoConfig | null;

  constructor(kept: KeptTracks) {
    this.#video = kept.video;
    this.#audio = new Map(kept.audio.map((track) => [track.id, track]));
    this.#silentless = new Set(kept.audio.filter((track) => !hasSilence(track)).map(({ id }) => id));
    this.videoConfig = kept.video?.configs[0] ?? null;
    const rate = kept.video?.frameRate;
    this.#durations = new Map([
      ...(kept.video && rate
        ? [[kept.video.id, (NANOSECONDS_PER_SECOND * rate.den) / rate.num] as const]
        : []),
      ...kept.audio.map((t) => [t.id, ((t.frameSize ?? 0) / t.sampleRate) * NANOSECONDS_PER_SECOND] as const),
    ]);
  }

  add(sample: Sample): void {
    const seen = this.#of(sample.trackId);
    seen.stamps.push(sample.time);
    seen.sizes.push(sample.data.length);
    seen.first = Math.min(seen.first, sample.time);
    if (
      this.#silentless.has(sample.trackId) &&
      sample.data.length < (seen.standIn?.length ?? Number.POSITIVE_INFINITY)
    )
      seen.standIn = sample.data.slice();
    const duration = this.#ownDuration(sample) ?? sample.duration ?? this.#durations.get(sample.trackId) ?? 0;
    seen.end = Math.max(seen.end, sample.time + duration);
    if (sample.trackId === this.#video?.id) this.#addPicture(sample, this.#video);
    else this.#addSkew(sample.time);
  }

  /** Takes note of a packet whose payload was not read. */
  see(head: SampleHead): void {
    const seen = this.#of(head.trackId);
    seen.first = Math.min(seen.first, head.time);
    if (!this.#video || head.trackId !== this.#video.id) return;
    this.#addPoint(head, pictureKind(this.#video, head));
  }

  /** Stamps of one track in order of time, the last one's duration guessed from the others where none is told. */
  result(): Map<number, TrackSurvey> {
    return new Map(
      [...this.#seen].map(([id, seen]) => {
        const guess = this.#durations.has(id) ? 0 : usualDistance(seen.stamps);
        const latest = Math.max(seen.first, ...seen.stamps.slice(-64));
        return [
          id,
          {
            first: nanoseconds(seen.first),
            end: nanoseconds(Math.round(Math.max(seen.end, latest + guess))),
            stamps: seen.stamps,
            sizes: seen.sizes,
            frameSizes: seen.frameSizes,
            standIn: seen.standIn,
          },
        ];
      }),
    );
  }

  /** Of a frame that tells it itself; notes it. */
  #ownDuration({ trackId, data }: Sample): number | null {
    const track = this.#audio.get(trackId);
    const samples = track ? soundSamples(track, data) : null;
    if (!track || !samples) return null;
    this.#of(trackId).frameSizes.add(samples);
    return (samples * NANOSECONDS_PER_SECOND) / track.sampleRate;
  }

  #of(trackId: number): SeenTrack {
    const known = this.#seen.get(trackId);
    if (known) return known;
    const fresh = {
      stamps: [],
      sizes: [],
      frameSizes: new Set<number>(),
      standIn: null,
      end: Number.NEGATIVE_INFINITY,
      first: Number.POSITIVE_INFINITY,
    };
    this.#seen.set(trackId, fresh);
    return fresh;
  }

  #addPicture(sample: Sample, track: VideoTrack): void {
    const kind = pictureKind(track, sample);
    if (sample.isKey && this.videoConfig) this.videoConfig = withParameterSets(this.videoConfig, sample.data);
    this.#addPoint(sample, kind);
    this.#addReorder(sample.time);
    this.#videoTime = sample.time;
    for (const early of this.#waiting.splice(0)) this.#addSkew(early.time);
  }

  #addPoint({ time, isKey, entry, position }: Sample | SampleHead, kind: PictureKind): void {
    const { canBegin, isSync } = beginningOf(kind);
    if (isSync || (isKey && canBegin))
      this.points.push({ time, position: entry, blockPosition: position, ...cutFacts(kind), kind });
  }

  /** How many pictures that came earlier are shown later than this one. */
  #addReorder(time: Nanoseconds): void {
    if (time > this.#latest) this.#latest = time;
    const overtaken = this.#recent.filter((other) => other > time).length;
    this.reorder = Math.max(this.reorder, overtaken);
    this.#recent.push(time);
    if (this.#recent.length > 32) this.#recent.shift();
  }

  #addSkew(time: Nanoseconds): void {
    if (this.#videoTime !== null) this.skew = Math.max(this.skew, Math.abs(time - this.#videoTime));
    else if (this.#waiting.length < 10_000) this.#waiting.push({ trackId: 0, time, end: time, size: 0 });
  }
}

/** What is only decoded has silence for nothing. */
const hasSilence = ({ configs: [config], frameSize }: AudioTrack): boolean =>
  !config || audioCodec(config).silentFrame(config, frameSize ?? 1024) !== null;

/** The median distance of neighbours among the last stamps in order of time; 0 for a single one. */
function usualDistance(stamps: readonly Nanoseconds[]): number {
  const last = [...stamps.slice(-32)].sort((a, b) => a - b);
  const distances = last
    .slice(1)
    .map((time, i) => time - (last[i] ?? time))
    .sort((a, b) => a - b);
  return distances[distances.length >> 1] ?? 0;
}

/** Reads every packet: for small resources and those without an index. */
export async function surveyWhole(demuxer: Demuxer, kept: KeptTracks, signal: AbortSignal): Promise<Survey> {
  const surveyor = new Surveyor(kept);
  const { start, end } = demuxer.payload;
  const texts = gatherTexts(kept.subtitles ?? []);
  const query = { start, soft: end, end, tracks: new Set([...keptIds(kept), ...texts.ids]) };
  for await (const batch of demuxer.samples(query, signal)) {
    surveyor.skipped += batch.skipped;
    for (const sample of batch.samples)
      if (texts.ids.has(sample.trackId)) texts.add(sample);
      else surveyor.add(sample);
  }
  return {
    kind: 'whole',
    tracks: surveyor.result(),
    points: usablePoints(surveyor.points),
    videoConfig: surveyor.videoConfig,
    reorder: surveyor.reorder,
    skew: nanoseconds(surveyor.skew),
    hasEnd: true,
    skipped: surveyor.skipped,
    remarks: [],
    texts: texts.result(),
  };
}

/**
 * The first point and those that every player can begin at where these lie close enough, else all of them,
 * ascending in time.
 */
export function usablePoints(points: readonly CutPoint[]): CutPoint[] {
  const ordered = ascending(points);
  const sync = ordered.filter((point) => point.isSync);
  const first = ordered[0];
  const last = ordered.at(-1);
  if (!first || !last || sync.length === 0) return ordered;
  const wanted = first.isSync ? sync : [first, ...sync];
  const stops = [...wanted.map((point) => point.time), last.time];
  const isClose = stops.every((time, i) => time - (stops[i - 1] ?? time) <= MAX_IDR_DISTANCE);
  return isClose ? wanted : ordered;
}

/** Drops points that do not go forward in time. */
function ascending(points: readonly CutPoint[]): CutPoint[] {
  const kept: CutPoint[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (!last || point.time > last.time) kept.push(point);
  }
  return kept;
}
