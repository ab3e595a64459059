import { buildAvcRecord, mergeParameterSets, missingParameterSets, parseAvcRecord } from '../codecs/h264.ts';
import { probeAccessUnit } from '../codecs/h264-access-unit.ts';
import { splitLengthPrefixed } from '../codecs/nal.ts';
import { MediaError } from '../core/errors.ts';
import type { VideoConfig, VideoTrack } from '../core/media.ts';

/**
 * What a picture is as a place to begin decoding: `idr` closes what came before, `recovery` and `intra` begin an
 * open GOP, `other` needs earlier pictures, `none` is no picture, `unknown` needs more bytes to tell.
 */
export type PictureKind = 'idr' | 'recovery' | 'intra' | 'other' | 'none' | 'unknown';

type Classify = (data: Uint8Array) => PictureKind;

/** By codec, from (the beginning of) an access unit in MP4's form. The bitstream decides, not the container. */
const CLASSIFY = {
  h264: (data) => probeAccessUnit(data, 4),
} satisfies Record<VideoTrack['configs'][number]['codec'], Classify>;

export function pictureKind(track: VideoTrack, data: Uint8Array): PictureKind {
  const codec = track.configs[0]?.codec;
  return codec ? CLASSIFY[codec](data) : 'unknown';
}

type AddSets = (config: VideoConfig, accessUnit: Uint8Array) => VideoConfig;

/** By codec: the configuration with parameter sets of new ids out of an access unit. */
const ADD_SETS = {
  h264: (config, accessUnit) => {
    const record = parseAvcRecord(config.record);
    const added = missingParameterSets(record, splitLengthPrefixed(accessUnit, 4));
    if (added.sps.length + added.pps.length === 0) return config;
    const merged = mergeParameterSets(record, added);
    const isNew = merged.sps.length > record.sps.length || merged.pps.length > record.pps.length;
    return isNew ? { ...config, record: buildAvcRecord(merged) } : config;
  },
} satisfies Record<VideoConfig['codec'], AddSets>;

/** Parameter sets with known ids stay in-band; damaged ones are left out. */
export function withParameterSets(config: VideoConfig, accessUnit: Uint8Array): VideoConfig {
  try {
    return ADD_SETS[config.codec](config, accessUnit);
  } catch (error) {
    if (error instanceof MediaError) return config;
    throw error;
  }
}
