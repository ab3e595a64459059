import { LRUCache } from 'lru-cache';
import type { Sequence, Source } from '../core/contracts.ts';
import type { VideoWish } from '../core/encoding.ts';
import { MediaError } from '../core/errors.ts';
import type { ForeignReader } from '../core/foreign.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';
import { planForeign } from './foreign/plan-foreign.ts';
import { withFirstShown } from './leading-pictures.ts';
import { LiveBudget } from './live/budget.ts';
import { LiveStream } from './live/live-stream.ts';
import { type PlanOptions, planTitle } from './plan-title.ts';
import {
  createEncodedVideo,
  type EncodedVideo,
  type EncodedVideoOptions,
} from './reencoded/encoded-video.ts';
import { offerVideo, type VideoSettings } from './reencoded/forms.ts';
import { planRenditions, type Rendition } from './renditions.ts';
import type { SelectionOptions } from './select-tracks.ts';
import { SharedWork } from './shared-work.ts';
import { createSpanCache, type SpanCache } from './span-cache.ts';
import type { Title } from './title.ts';
import { createTranscripts, type Transcripts } from './transcoded/transcripts.ts';

/** Where bytes come from decides who may have them. */
export type Access = 'public' | 'named' | 'private' | 'local';

/** A source that knows, once read from, how private the place is. */
export interface OpenedSource {
  readonly source: Source;
  /** The same bytes in order, for places that give them in no other way; null where that cannot be. */
  readonly sequence: Sequence | null;
  access(): Access;
  /** Tells how many bytes a second playing takes, once that is known. */
  want(bytesPerSecond: number): void;
  /** Whether it still is what was opened, where that is known without asking an upstream. */
  isCurrent(): Promise<boolean>;
  /** When it was written last, once read from; absent where nobody knows. */
  modified?(): number | null;
}

/** A planned title with its renditions. */
export interface Media {
  readonly title: Title;
  readonly access: Access;
  readonly isCurrent: () => Promise<boolean>;
  readonly renditions: readonly Rendition[];
  /** What makes its segments where they can only be made in order; null where any can be made first. */
  readonly live: LiveStream | null;
}

/** Opened titles, so that each is planned once for all its requests. */
export interface Library {
  /**
   * The title behind `key`, planned by the first who asks; the work is dropped when all who wait for it have left.
   * @param open makes the source; called at most once per planning
   */
  open(key: string, wish: Wish, signal: AbortSignal): Promise<Media>;
  /** The title when it is already open. */
  peek(key: string): Media | null;
  /** Forgets a title whose source has changed. */
  forget(key: string): void;
  readonly spans: SpanCache;
  /** Null where sound can only be copied. */
  readonly transcripts: Transcripts | null;
  /** Null where video can only be copied. */
  readonly encodedVideo: EncodedVideo | null;
  /** Lets go of all inputs, and ends all encoders. */
  close(): void;
}

export interface Wish {
  readonly openSource: () => Promise<OpenedSource>;
  readonly options: SelectionOptions;
  /** In which forms video is wanted; absent: those that players may need. */
  readonly wish?: VideoWish | undefined;
  /** An input that can only be read in order ended early. */
  readonly onBroken?: (error: unknown) => void;
}

/** A plan with an hour's index takes about 1 MB. */
const MAX_TITLES = 100;
/** A link that was replaced upstream is noticed at the latest then. */
const TITLE_AGE = 6 * 3600 * 1000;

export interface LibraryOptions {
  /** Budget of the packet cache. */
  readonly packetBytes: number;
  /** What makes sound that cannot be copied; null where there is nothing of the kind. */
  readonly transcoder: AudioTranscoder | null;
  /** Budget of encoded segments. */
  readonly transcriptBytes: number;
  /** Null or absent: video can only be copied. */
  readonly video?: VideoOffer | null;
}

/** What can be made of video that is not copied. */
export interface VideoOffer extends Omit<EncodedVideoOptions, 'spans'> {
  readonly settings: VideoSettings;
  /** For containers that are not read here; null where nothing reads them. */
  readonly foreign: ForeignReader | null;
}

export function createLibrary(options: LibraryOptions): Library {
  const { packetBytes, transcoder, transcriptBytes, video = null } = options;
  const titles = new LRUCache<string, Media>({
    max: MAX_TITLES,
    ttl: TITLE_AGE,
    dispose: (media) => media.live?.close(),
  });
  const opening = new Map<string, SharedWork<Media>>();
  const budget = new LiveBudget();
  let isClosed = false;
  const spans = createSpanCache(packetBytes);
  const encodedVideo = video && createEncodedVideo({ ...video, spans });
  return {
    spans,
    encodedVideo,
    transcripts: transcoder && createTranscripts({ transcoder, spans, maxBytes: transcriptBytes }),
    peek: (key) => titles.get(key) ?? null,
    forget: (key) => {
      titles.delete(key);
    },
    close() {
      isClosed = true;
      titles.clear();
      encodedVideo?.close().catch(unexpected);
    },
    async open(key, wish, signal) {
      const known = titles.get(key);
      if (known && (await known.isCurrent())) return known;
      let work = opening.get(key);
      if (!work) {
        const forget = (media: Media) => titles.peek(key) === media && titles.delete(key);
        const fresh = new SharedWork(async (shared) =>
          openMedia(wish, shared, { forget, budget, transcoder, video }),
        );
        work = fresh;
        opening.set(key, fresh);
        fresh.settled.then((media) => {
          if (isClosed) media?.live?.close();
          else if (media) titles.set(key, media, media.live ? { ttl: 0 } : {});
          if (opening.get(key) === fresh) opening.delete(key);
        }, unexpected);
      }
      return work.join(signal, () => opening.delete(key));
    },
  };
}

const unexpected = (error: unknown): never => {
  throw error;
};

interface OpenContext {
  readonly forget: (media: Media) => void;
  readonly budget: LiveBudget;
  readonly transcoder: AudioTranscoder | null;
  readonly video: VideoOffer | null;
}

async function openMedia(
  { openSource, options, wish, onBroken }: Wish,
  signal: AbortSignal,
  { forget, budget, transcoder, video }: OpenContext,
): Promise<Media> {
  const opened = await openSource();
  const { sequence, isCurrent } = opened;
  try {
    const planning = { ...options, transcoder, encodesVideo: video !== null };
    const planned = await planAny(opened.source, { ...planning, reader: video?.foreign ?? null }, signal);
    const settings = video?.settings ?? NO_SETTINGS;
    const forms = await offerVideo(planned, { settings, encoders: video?.encoders ?? null, wish }, signal);
    const title = forms.encoded.length > 0 ? await withFirstShown(planned, signal) : planned;
    opened.want(playingRate(title));
    if (title.audio.some(({ forms }) => forms.aac.length > 0)) transcoder?.prepare();
    return {
      title,
      access: opened.access(),
      isCurrent,
      renditions: planRenditions(title, forms),
      live: null,
    };
  } catch (error) {
    if (!(error instanceof MediaError) || !error.inOrderOnly || !sequence) throw error;
    const onIdle = () => forget(media);
    const events = { onIdle, ...(onBroken ? { onBroken } : {}) };
    const live = await LiveStream.open({ sequence, options, budget }, events, signal);
    const { title, renditions } = live;
    const media: Media = { title, access: opened.access(), isCurrent, renditions, live };
    return media;
  }
}

/** What is not read here is left to another program where there is one. */
async function planAny(
  source: Source,
  { reader, ...planning }: PlanOptions & { readonly reader: ForeignReader | null },
  signal: AbortSignal,
): Promise<Title> {
  try {
    return await planTitle(source, planning, signal);
  } catch (error) {
    const isOther = error instanceof MediaError && error.isOtherContainer;
    if (!reader || !isOther) throw error;
    try {
      return await planForeign(source, { ...planning, reader }, signal);
    } catch (again) {
      // Nobody can read it: what was found here says more of it.
      throw again instanceof MediaError && again.code === 'unsupported' ? error : again;
    }
  }
}

const NO_SETTINGS: VideoSettings = { maxHeight: 0, ladder: [] };

/** Room above the bit rate: what a player must gain to fill its buffer while it plays. */
const HEADROOM = 1.25;

/** Bytes a second: the whole file is read while it plays, with the tracks nobody listens to. */
function playingRate({ source, timeline, bandwidth }: Title): number {
  const seconds = timeline.end / timeline.timescale;
  const peak = [...bandwidth.values()].reduce((sum, rate) => sum + rate.peak, 0) / 8;
  return HEADROOM * Math.max(peak, (source.size ?? 0) / Math.max(seconds, 1));
}
