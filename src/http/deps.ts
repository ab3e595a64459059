import type { Context, MiddlewareHandler } from 'hono';
import type { Config } from '../config.ts';
import type { Reach, Relay } from '../core/relay.ts';
import type { FilmShelf } from '../films/shelf.ts';
import type { Library, OpenedSource } from '../pipeline/library.ts';
import type { Channel } from '../proxy/channel-list.ts';
import type { FetchAhead } from '../proxy/fetch-ahead.ts';
import type { LiveFanOut } from '../proxy/live-fan-out.ts';
import type { PlaylistDesk } from '../proxy/playlist-desk.ts';
import type { SharedRelay } from '../proxy/shared-bodies.ts';
import type { TicketBox } from '../proxy/ticket.ts';
import type { MediaRequest, TokenBox } from '../proxy/token.ts';
import type { ApiInput } from './api/route.ts';
import type { Via } from './clients.ts';
import type { Hooks } from './hooks/hooks.ts';

export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Sends a body chunk by chunk; the way to do it differs by platform. */
export type SendChunks = (
  c: Context<AppEnv>,
  answer: {
    /** 200 when absent. */
    readonly status?: 200 | 206;
    readonly headers: Readonly<Record<string, string>>;
    readonly chunks: AsyncIterable<readonly Uint8Array[]>;
    /** Called when sending ended too early, for whatever reason. */
    readonly onBroken: (error: unknown) => void;
  },
) => Promise<Response>;

/** A file that is on its way. */
export interface ReceivedFile {
  /** As its sender calls it; null where it has no name. */
  readonly name: string | null;
  /**
   * Bytes in order, each once, for one reader; another one may read on where one has stopped. Asking for them is what
   * makes the sender go on.
   * @throws MediaError when the upload is not whole or goes past a limit
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Reads no more. Need not be called at the end. */
  close(): void;
}

/** How requests bring files; the way to do it differs by platform. */
export interface UploadDesk {
  /** The file that a request carries, once its first byte is here. @throws MediaError for one that cannot be had */
  receive(c: Context<AppEnv>, signal: AbortSignal): Promise<ReceivedFile>;
  /** Answers a request whose body was not read to its end, if at all, so that the answer is not lost. */
  refuse(c: Context<AppEnv>, response: Response): Promise<Response>;
}

export interface StoredUpload {
  /** Cannot be guessed. */
  readonly id: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Files that were uploaded; they are read as `upload:<id>`. */
export interface UploadStore {
  /**
   * Stores what `open` gives; nothing is left of what fails.
   * @param size bytes at most; null where nobody knows
   * @throws MediaError `limit` when there is no room, before `open` is called where that is known
   */
  add(size: number | null, open: () => Promise<AsyncIterable<Uint8Array>>): Promise<StoredUpload>;
  /** @throws MediaError `not-found` */
  find(id: string): Promise<StoredUpload>;
  /** @throws MediaError `not-found` */
  remove(id: string): Promise<void>;
}

/** What the bytes of a segment are a function of. */
export interface NamedSegment {
  /** Upstream, its headers and the selection of tracks, as text. */
  readonly title: string;
  readonly version: string;
  readonly rendition: string;
  readonly n: number;
  /** Its sound was encoded for it. */
  readonly isEncoded: boolean;
}

/** Finished segments that several machines share. */
export interface SegmentShelf {
  /** Those of the segment where it is there; else those of `make`, which are kept once the last one was taken. */
  chunks(
    segment: NamedSegment,
    make: () => AsyncGenerator<readonly Uint8Array[]>,
  ): AsyncGenerator<readonly Uint8Array[]>;
}

/** Files of served folders, to be chosen from. */
export interface FolderLister {
  /** Of the folders that somebody gave. */
  readonly names: readonly string[];
  /**
   * @param path within the folder of that name, with slashes; empty for itself
   * @throws MediaError `not-found`, `bad-request` for a path that tries to leave
   */
  list(
    name: string,
    path: string,
  ): Promise<{
    readonly entries: readonly {
      readonly name: string;
      readonly isFolder: boolean;
      readonly size: number | null;
    }[];
    readonly isCut: boolean;
  }>;
}

/** A file that is sent as it is. */
export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** What is told of the server itself. */
export interface ApiDocs {
  /** OpenAPI, as JSON. */
  document(): Promise<string>;
  /** Files of the page that shows it; null when there is none of that name. */
  asset(name: string): Promise<Asset | null>;
}

/** What passes requests on to upstreams. */
export interface ProxyParts {
  readonly relay: Relay;
  /** Segments of playlists: fetched once for all who ask. */
  readonly segments: SharedRelay;
  readonly playlists: PlaylistDesk;
  readonly tickets: TicketBox;
  readonly ahead: FetchAhead;
  /** Channels: fetched once for all who watch. */
  readonly live: LiveFanOut;
  /** Whether addresses that mediaflow-proxy encrypts are made and read; asks for a password. */
  readonly hasCompatTokens: boolean;
  /** Pages that answer with the address that a request came from, asked in turn. */
  readonly addressServices: readonly string[];
}

/** Channels that somebody has a list of. */
export interface ChannelLister {
  /** @throws MediaError for a list that cannot be read */
  list(signal: AbortSignal): Promise<readonly Channel[]>;
}

/** What is on at a time. */
export interface Programme {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly stop: number;
  readonly title: string;
  readonly description: string;
}

/** The guide of the channels as it was read at some time. */
export interface GuideEdition {
  /** By what it says. */
  readonly etag: string;
  /** Bytes of it with gzip. */
  readonly zippedBytes: number;
  /** XMLTV. */
  chunks(form: 'gzip' | 'plain'): AsyncIterable<readonly Uint8Array[]>;
  /** In the order of time; none where no guide knows the channel. */
  programmes(channel: Channel): readonly Programme[];
}

/** Guides of the channels, read again from time to time. */
export interface ChannelGuide {
  /** Reads them first where nobody did. @throws MediaError as the list of channels does; the abort reason */
  edition(signal: AbortSignal): Promise<GuideEdition>;
}

/** All that the routes need; handed in by the entry. */
export interface AppDeps {
  readonly config: Pick<Config, 'host' | 'publicUrl' | 'apiPassword'>;
  readonly library: Library;
  readonly tokens: TokenBox;
  /** Opens local and private sources to other sites. */
  readonly accessKey: string;
  /** Sends nothing yet. @param limits how far it may reach */
  openSource(request: MediaRequest, limits?: { readonly reach?: Reach }): Promise<OpenedSource>;
  readonly sendChunks: SendChunks;
  readonly desk: UploadDesk;
  /** Null where nothing is stored. */
  readonly uploads: UploadStore | null;
  /** Absent where nothing is shared with other machines. */
  readonly segments?: SegmentShelf | null;
  /** Absent where no folders are shown. */
  readonly folders?: FolderLister | null;
  /** Files of the player page by name; null when there is none of that name. */
  readonly asset: (name: string) => Promise<Asset | null>;
  readonly log: Logger;
  /** Null where there are none. */
  readonly channels?: ChannelLister | null;
  /** What is on there; absent where nobody reads guides. */
  readonly guide?: ChannelGuide | null;
  /** The charset of a text, as `TextDecoder` calls it; null, or absent, where nobody can tell. */
  readonly guessCharset?: (sample: Uint8Array) => Promise<string | null>;
  /** Films that an addon lists; null, or absent, where there are none. */
  readonly films?: FilmShelf | null;
  /** Null where nothing is passed on. */
  readonly proxy?: ProxyParts | null;
  /** Address of the client of a request, so that what one may have at a time can be counted; absent where nobody knows. */
  readonly clientOf?: (c: Context<AppEnv>) => string;
  /** What every request passes first: who asks, how often, and what came of it. Absent where the platform does that. */
  readonly watch?: MiddlewareHandler<AppEnv>;
  /** The page may load Google's script for Chromecasts; not when absent. */
  readonly hasCast?: boolean;
  /** What the app that this one is a part of does to requests; absent where it is by itself. */
  readonly hooks?: Hooks;
  /** What requests pass once they are for this server; `createApp` makes it of hooks. */
  readonly guard?: MiddlewareHandler<AppEnv>;
  /**
   * Holds a request against the schemas of its operation in `src/http/api`; absent where they are not at hand.
   * @throws MediaError `bad-request` naming the field
   */
  readonly check?: (operation: string, input: ApiInput) => Promise<void>;
  /** Counters in the text format of Prometheus; absent where nothing is counted. */
  readonly metrics?: { text(): Promise<{ readonly body: string; readonly type: string }> };
  /** Absent where they are turned off, or too large to have. */
  readonly docs?: ApiDocs | null;
}

export interface AppEnv {
  Variables: {
    deps: AppDeps;
    /** Cross-origin headers of the answer; none until a source was found open to all. */
    cors: Readonly<Record<string, string>>;
    /** How the request came here, as far as trusted proxies tell; absent where nobody watches. */
    via?: Via;
    /** Addresses of this server's own among those that the request names. */
    own?: ReadonlyMap<string, (request: MediaRequest) => MediaRequest>;
  };
}
