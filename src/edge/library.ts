import { LRUCache } from 'lru-cache';
import { MediaError } from '../core/errors.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';
import type { Library, Media, Wish } from '../pipeline/library.ts';
import { planTitle } from '../pipeline/plan-title.ts';
import { planRenditions } from '../pipeline/renditions.ts';
import { createSpanCache } from '../pipeline/span-cache.ts';
import { createTranscripts } from './transcripts.ts';

export interface EdgeLibraryOptions {
  readonly transcoder: AudioTranscoder | null;
  readonly packetBytes: number;
  readonly transcriptBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Kept {
  readonly media: Media;
  readonly since: number;
}

/** A plan with an hour's index takes about 1 MB; an isolate has room for few. */
const MAX_TITLES = 12;
/** A link that was replaced upstream is noticed at the latest then. */
const TITLE_AGE = 6 * 3600 * 1000;

/**
 * Titles that were planned, for all requests of an isolate. Plans are data and shared; the work that makes one is not,
 * since it ends with the request that began it. Titles that can only be read in order are not offered: their input
 * would have to outlive a request.
 */
export function createEdgeLibrary(options: EdgeLibraryOptions): Library {
  const { transcoder, packetBytes, transcriptBytes, now } = options;
  const titles = new LRUCache<string, Kept>({ max: MAX_TITLES });
  const spans = createSpanCache(packetBytes);
  const known = (key: string): Media | null => {
    const kept = titles.get(key);
    return kept && now() - kept.since < TITLE_AGE ? kept.media : null;
  };
  return {
    spans,
    encodedVideo: null,
    transcripts: transcoder && createTranscripts({ transcoder, spans, maxBytes: transcriptBytes }),
    peek: known,
    forget: (key) => void titles.delete(key),
    close: () => titles.clear(),
    async open(key, wish, signal) {
      const media = known(key) ?? (await plan(wish, transcoder, signal));
      // Another request may have planned it meanwhile: then its packets are those that are kept.
      const first = known(key);
      if (first) return first;
      titles.set(key, { media, since: now() });
      return media;
    },
  };
}

async function plan(
  { openSource, options }: Wish,
  transcoder: AudioTranscoder | null,
  signal: AbortSignal,
): Promise<Media> {
  const { source, access, isCurrent } = await openSource();
  try {
    const title = await planTitle(source, { ...options, transcoder }, signal);
    return { title, access: access(), isCurrent, renditions: planRenditions(title), live: null };
  } catch (error) {
    if (!(error instanceof MediaError) || !error.inOrderOnly) throw error;
    throw new MediaError(
      'not-offered',
      `${error.message}. What can only be read in order is not served from an edge worker; Sluice on Node does`,
    );
  }
}
