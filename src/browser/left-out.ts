import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { Demuxer } from '../core/contracts.ts';
import { MediaError, unsupported } from '../core/errors.ts';
import type { VideoConfig } from '../core/media.ts';
import type { AppDeps, AppEnv } from '../http/deps.ts';
import type { VideoForms } from '../pipeline/reencoded/forms.ts';

// What takes the place of modules that `LEFT_OUT` of the build names. A worker that plays films has 150 kB for all.

const noRoutes = (): Hono<AppEnv> => new Hono();

/** The page comes from its host. */
export const pageRoutes = noRoutes;
export const listingRoutes = noRoutes;
export const metricsRoutes = noRoutes;
export const docsRoutes = noRoutes;
/** No other app is around this one. */
export const withHooks = (deps: AppDeps): AppDeps => deps;
/** Nobody hands it its own addresses. */
export const ownMedia: MiddlewareHandler<AppEnv> = (_, next) => next();
/** There is no password, and nothing to check by. */
export const carriesPassword = () => true;
export const checked = () => (_: unknown, next: () => Promise<void>) => next();
/** Addresses are written by the page: nobody pastes them. */
export const queryFields = (url: string): Map<string, string> => new Map(new URL(url).searchParams);
/** Between a worker and its page nothing is compressed, and nobody asks whether a list is still the same. */
export const answerPlaylist = (
  c: Context<AppEnv>,
  { text, cacheControl }: { readonly text: string; readonly cacheControl: string },
) => c.body(text, 200, { 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': cacheControl });
/** Nothing is uploaded. */
export const remuxRoutes = noRoutes;
export const uploadRoutes = noRoutes;
/** It is HLS that the page plays. */
export const movieRoutes = noRoutes;
export const faststartRoutes = noRoutes;
export const receiverRoutes = noRoutes;
export const fileRoutes = noRoutes;
export const lastingPlaylistRoutes = noRoutes;
/** Nothing is passed on. */
export const proxyRoutes = noRoutes;
export const stremioRoutes = noRoutes;
export const addonRoutes = noRoutes;
export const tunerRoutes = noRoutes;
export const xtreamRoutes = noRoutes;
export const compatTokens = (): MiddlewareHandler<AppEnv> => (_, next) => next();

/** A file can be read anywhere: nothing comes in order only. */
export class LiveBudget {}
export const LiveStream = {
  async open(): Promise<never> {
    return noLive();
  },
};

const noLive = (): never => {
  throw new MediaError('not-offered', 'A file is not read in order');
};
export const growingPlaylist = noLive;
export const liveChunks = noLive;

const noEncoder = (): never => {
  throw new MediaError('not-offered', 'A page encodes no video');
};

/** Chapters, tags, covers and attached files: the page shows none of them. */
export const readAttachmentHeads = () => ({ files: [], isComplete: true });
export const readContainerInfo = () => null;
export const readTextChapters = async (): Promise<readonly never[]> => [];

/** Subtitles are named, and left out. */
export const subtitleRoutes = noRoutes;
export const whyNotText = () => 'subtitles are not offered in this page';
export const gatherTexts = () => ({ ids: new Set<number>(), add: () => {}, result: () => null });
export const planSubtitles = () => [];
export const subtitleMembers = () => [];
export const SUBTITLE_GROUP = '';
export const subtitleTag = () => '';
export const textSetup = () => null;
export const textIndexes = () => () => null;
export const readTextEntry = () => null;
export const textReadings = () => [];

const NO_ENCODING = { needed: false, why: null, offered: false, encoders: 'unasked' } as const;

/** Nothing is encoded: video that is only decoded has no more than its name, and is left out. */
export const createEncodedVideo = noEncoder;
export const planForeign = noEncoder;
export const encodedTrack = noEncoder;
export const COPIED: VideoForms = { isCopied: true, isCopyFirst: true, encoded: [] };
export const offerVideo = async (): Promise<VideoForms> => COPIED;
export const encodingOf = () => NO_ENCODING;
export const videoCodecName = () => undefined;
export const whyCopyOnly = () => null;
export const decodeOnlySetup = () => null;
export const decodeOnlyCodec = () => null;
export const decodeOnlyKind = () => 'unknown' as const;
export const isDecodeOnlyVideo = () => false;
export const videoConfigs = (config: VideoConfig | null) => ({
  configs: config ? [config] : [],
  decodeOnly: null,
});
export const ORDERED_CODECS: ReadonlyMap<string, unknown> = new Map();
export const OrderedElementary = noEncoder;

const begins =
  (...starts: readonly string[]) =>
  (head: Uint8Array): number =>
    starts.some((text) => [...text].every((char, i) => head[i] === char.charCodeAt(0))) ? 0.95 : 0;

const openSound = async (): Promise<Demuxer> => {
  throw unsupported(
    'This is sound without pictures; this page plays films. Most browsers play it by themselves',
  );
};

export const scoreFlac = begins('fLaC');
export const openFlac = openSound;
export const scoreOgg = begins('OggS');
export const openOgg = openSound;
/** AVI, which begins with RIFF too, is named by its own row. */
export const scoreChunkedSound = (head: Uint8Array): number =>
  begins('AVI ')(head.subarray(8)) > 0 ? 0 : begins('RIFF', 'RF64', 'BW64', 'riff', 'FORM')(head);
export const openChunkedSound = openSound;
/** A tag, or the sync word of MPEG audio, AC-3, DTS. */
export const scoreBareAudio = begins(
  'ID3',
  '\xff\xfb',
  '\xff\xf3',
  '\xff\xf1',
  '\xff\xf9',
  '\x0b\x77',
  '\x7f\xfe',
);
export const openBareAudio = openSound;
