import { Hono } from 'hono';
import type { Demuxer } from '../core/contracts.ts';
import { MediaError, unsupported } from '../core/errors.ts';
import type { AppEnv } from '../http/deps.ts';

// What takes the place of modules that `LEFT_OUT` of the build names. A worker that plays films has 150 kB for all.

const noRoutes = (): Hono<AppEnv> => new Hono();

/** The page comes from its host. */
export const pageRoutes = noRoutes;
export const listingRoutes = noRoutes;
/** Nothing is uploaded. */
export const remuxRoutes = noRoutes;
export const uploadRoutes = noRoutes;
/** It is HLS that the page plays. */
export const movieRoutes = noRoutes;
export const faststartRoutes = noRoutes;

/** A file can be read anywhere: nothing comes in order only. */
export const LiveStream = {
  async open(): Promise<never> {
    throw new MediaError('not-offered', 'A file is not read in order');
  },
};

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
