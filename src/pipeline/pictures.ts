import { type PictureKind, videoCodec } from '../codecs/codecs.ts';
import { orNull } from '../core/errors.ts';
import type { VideoConfig, VideoTrack } from '../core/media.ts';
import type { CutPoint } from '../core/timeline.ts';

export type { PictureKind } from '../codecs/codecs.ts';

/** From (the beginning of) a sample in MP4's form. */
export function pictureKind(track: VideoTrack, data: Uint8Array): PictureKind {
  const config = track.configs[0];
  return config ? videoCodec(config).pictureKind(data) : 'unknown';
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
