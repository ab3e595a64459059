import { type PictureKind, videoCodec } from '../codecs/codecs.ts';
import { decodeOnlyKind } from '../codecs/decode-only-video.ts';
import type { Sample, SampleHead } from '../core/contracts.ts';
import { orNull } from '../core/errors.ts';
import type { VideoConfig, VideoTrack } from '../core/media.ts';
import type { CutPoint } from '../core/timeline.ts';

export type { PictureKind } from '../codecs/codecs.ts';

/** From a sample as the track gives it, or its beginning. */
export function pictureKind(track: VideoTrack, sample: Sample | SampleHead): PictureKind {
  const [config] = track.configs;
  const data = 'prefix' in sample ? sample.prefix : sample.data;
  if (config) return videoCodec(config).pictureKind(data);
  return track.decodeOnly ? decodeOnlyKind(track.decodeOnly, { data, isKey: sample.isKey }) : 'unknown';
}

interface Beginning {
  /** Decoding can begin here in some way. */
  readonly canBegin: boolean;
  /** No picture that follows it in the file is shown before it. */
  readonly leadsNone: boolean;
  readonly isClosed: boolean;
  readonly isSync: boolean;
}

const NO_BEGINNING: Beginning = { canBegin: false, leadsNone: false, isClosed: false, isSync: false };
const OPEN: Beginning = { canBegin: true, leadsNone: false, isClosed: false, isSync: false };

const BEGINNINGS: Readonly<Record<PictureKind, Beginning>> = {
  idr: { canBegin: true, leadsNone: true, isClosed: true, isSync: true },
  radl: { canBegin: true, leadsNone: false, isClosed: true, isSync: true },
  cra: { canBegin: true, leadsNone: false, isClosed: false, isSync: true },
  recovery: OPEN,
  intra: OPEN,
  other: NO_BEGINNING,
  none: NO_BEGINNING,
  unknown: NO_BEGINNING,
};

/** What a kind of picture means for cutting before it. */
export const beginningOf = (kind: PictureKind): Beginning => BEGINNINGS[kind];

/** The two facts that a cut keeps of its picture. */
export const cutFacts = (kind: PictureKind): Pick<CutPoint, 'isClosed' | 'isSync'> => {
  const { isClosed, isSync } = BEGINNINGS[kind];
  return { isClosed, isSync };
};

/** Parameter sets with known ids stay in-band; damaged ones are left out. */
export function withParameterSets(config: VideoConfig, sample: Uint8Array): VideoConfig {
  const record = orNull(() => videoCodec(config).withParameterSets(config.record, sample));
  return record === null || record === config.record ? config : { ...config, record };
}
