import { Hono, type MiddlewareHandler } from 'hono';
import type { Demuxer } from '../core/contracts.ts';
import { MediaError, unsupported } from '../core/errors.ts';
import type { VideoConfig } from '../core/media.ts';
import type { AppEnv } from '../http/deps.ts';
import type { VideoForms } from '../pipeline/reencoded/forms.ts';

// What takes the place of modules that `LEFT_OUT` of the build names. A worker that plays films has 150 kB for all.

const noRoutes = (): Hono<AppEnv> => new Hono();

/** The page comes from its host. */
export const pageRoutes = noRoutes;
export const listingRoutes = noRoutes;
export const metricsRoutes = noRoutes;
export const docsRoutes = noRoutes;
/** There is no password, and nothing to check by. */
export const carriesPassword = () => true;
export const checked = () => (_: unknown, next: () => Promise<void>) => next();
/** Addresses are written by the page: nobody pastes them. */
export const queryFields = (url: string): Map<string, string> => new Map(new URL(url).searchParams);
/** Nothing is uploaded. */
export const remuxRoutes = noRoutes;
export const uploadRoutes = noRoutes;
/** It is HLS that the page plays. */
export const movieRoutes = noRoutes;
export const faststartRoutes = noRoutes;
/** Nothing is passed on. */
export const proxyRoutes = noRoutes;
export const stremioRoutes = noRoutes;
export const tunerRoutes = noRoutes;
export const compatTokens = (): MiddlewareHandler<AppEnv> => (_, next) => next();

/** A file can be read anywhere: nothing comes in order only. */
export const LiveStream = {
  async open(): Promise<never> {
    throw new MediaError('not-offered', 'A file is not read in order');
  },
};

const noEncoder = (): never => {
  throw new MediaError('not-offered', 'A page encodes no video');
};

/** Chapters, tags and covers: the page shows none of them. */
export const readContainerInfo = () => null;
export const readTextChapters = async (): Promise<readonly never[]> => [];

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
