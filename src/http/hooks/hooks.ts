import type { Track } from '../../core/media.ts';

/** A value, now or later. */
export type Soon<T> = T | Promise<T>;

/** What an app that Sluice is a part of may do to its requests. Each may be left out, and costs nothing then. */
export interface Hooks {
  /**
   * What a `d=` stands for that is no address. Asked once for all who wait for it; again when its time is over, and when
   * the upstream refuses what was told. Null: there is no such thing.
   */
  readonly resolve?: (id: string, asked: ResolveAsking) => Soon<Resolved | null>;
  /**
   * Whether a request may pass, before anything is fetched for it: segments, too, so it should know its answer. `true`
   * lets it pass, and so does an object that says who asks; all else refuses it. Devices that play for a page (Chromecast,
   * Apple TV) send no cookies of it.
   */
  readonly authorize?: (asked: AskedRequest) => Soon<boolean | { readonly who: string }>;
  /** What a track is called in playlists and on the page; null: as the file says. Asked once for each opened title. */
  readonly nameTrack?: (track: Track, title: NamedTitle) => Soon<TrackName | null>;
  /** Told what was played, after it was; nothing waits for it. */
  readonly onPlayback?: (event: PlaybackEvent) => Soon<void>;
}

export interface ResolveAsking {
  /** `refused`: the upstream of the answer before says 401, 403, 404 or 410. */
  readonly why: 'unknown' | 'expired' | 'refused';
  /** The request's `h_` fields. They are sent to the upstream only where the answer has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Where a film lies. Which addresses may be asked is a matter of the settings, as for those that clients name. */
export interface Resolved {
  /** http(s) URL, or `root:<name>/<path>` of a served folder. */
  readonly url: string;
  /** Sent to the URL's own host. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Seconds for which this holds; an hour when absent. Bytes are kept by their URL: links that change with every answer and
   * hold for seconds are fetched, and held against what was read before, again and again.
   */
  readonly ttl?: number;
}

/** What a request is for. `film`: one file of it. */
export type RequestKind =
  | 'master'
  | 'playlist'
  | 'init'
  | 'segment'
  | 'probe'
  | 'film'
  | 'proxy'
  | 'upload'
  | 'page'
  | 'other';

export interface AskedRequest {
  readonly method: string;
  /** As it was asked for, without the query. */
  readonly path: string;
  readonly kind: RequestKind;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** Its address; empty where the platform does not tell. */
  readonly client: string;
  /**
   * What `d=` says, or the sealed address stands for; null where the request names nothing that can be read. Text as it was
   * written: one film has many addresses, so let pass what is known and refuse the rest, not the other way.
   */
  readonly media: string | null;
  readonly signal: AbortSignal;
}

export interface NamedTitle {
  /** What `d=` says. */
  readonly media: string;
  readonly container: string;
  /** As the file says it. */
  readonly name: string | null;
  readonly tracks: readonly Track[];
}

/** What is left out stays as it is in the file. */
export interface TrackName {
  readonly name?: string;
  /** BCP 47, or an ISO 639-2 code. */
  readonly language?: string;
}

interface EventFacts {
  /** What `d=` says. */
  readonly media: string;
  /** Address of the client. */
  readonly client: string;
  /** As `authorize` says; null where it says nothing. */
  readonly who: string | null;
}

/** A master playlist was answered, or a film was begun to be sent as one file. */
export interface OpenedEvent extends EventFacts {
  readonly type: 'opened';
  readonly kind: 'master' | 'film';
}

/** A segment was sent. */
export interface SegmentEvent extends EventFacts {
  readonly type: 'segment';
  readonly rendition: string;
  readonly n: number;
  /** Seconds from the start of the film; null while it is not known how long its segments are. */
  readonly time: number | null;
  readonly duration: number | null;
  readonly bytes: number;
  /** False: the client left before its end. */
  readonly isWhole: boolean;
}

/** A playlist, a segment or a film could not be had, or broke off. */
export interface FailedEvent extends EventFacts {
  readonly type: 'failed';
  readonly kind: RequestKind;
  /** Of the error that was answered: `upstream`, `not-found`; `internal` for a bug. */
  readonly code: string;
}

export type PlaybackEvent = OpenedEvent | SegmentEvent | FailedEvent;
