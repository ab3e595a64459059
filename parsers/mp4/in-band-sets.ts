import { type PictureKind, videoCodec } from '../../src/codecs/codecs.ts';
import { isDecodeOnlyVideo } from '../../src/codecs/decode-only-video.ts';
import { parseAvcRecord } from '../../src/codecs/h264.ts';
import { parseHvcRecord } from '../../src/codecs/h265.ts';
import { H265_NAL, h265NalType } from '../../src/codecs/h265-nal.ts';
import { joinLengthPrefixed } from '../../src/codecs/nal.ts';
import { concat } from '../../src/core/bytes.ts';
import type { VideoConfig } from '../../src/core/media.ts';
import type { VideoSetup } from './setup.ts';

/** Pictures behind which no decoder needs what came before. */
const BEGINNINGS: ReadonlySet<PictureKind> = new Set(['idr', 'radl', 'cra', 'recovery', 'intra']);

interface SetsOf {
  readonly sets: (record: Uint8Array) => readonly Uint8Array[];
  readonly isDelimiter: (nal: Uint8Array) => boolean;
}

const H264_DELIMITER = 9;

/** Codecs whose records hold what their pictures need. */
const IN_RECORD: { readonly [C in VideoConfig['codec']]: SetsOf | null } = {
  h264: {
    sets: (record) => {
      const { sps, pps, spsExtensions = [] } = parseAvcRecord(record);
      return [...sps, ...spsExtensions, ...pps];
    },
    isDelimiter: ([first = 0]) => (first & 31) === H264_DELIMITER,
  },
  h265: {
    sets: (record) => {
      const { vps, sps, pps } = parseHvcRecord(record);
      return [...vps, ...sps, ...pps];
    },
    isDelimiter: (nal) => h265NalType(nal) === H265_NAL.delimiter,
  },
  vp9: null,
  av1: null,
};

/**
 * The set-up with its parameter sets in the pictures at which decoding can begin, as well: those of several sample
 * descriptions make one track then (ISO/IEC 14496-15, 5.3.3.1, of `avc3`).
 */
export function withSetsInBand(setup: VideoSetup): VideoSetup {
  const { config, normalize } = setup;
  if (isDecodeOnlyVideo(config)) return setup;
  const known = IN_RECORD[config.codec];
  if (!known) return setup;
  const sets = joinLengthPrefixed(known.sets(config.record));
  return {
    ...setup,
    normalize: (stored) => {
      const sample = normalize(stored);
      if (!BEGINNINGS.has(videoCodec(config).pictureKind(sample))) return sample;
      const at = endOfDelimiter(sample, known);
      return concat([sample.subarray(0, at), sets, sample.subarray(at)]);
    },
  };
}

/** An access unit delimiter stands in front of everything; 0 where there is none. */
function endOfDelimiter(sample: Uint8Array, { isDelimiter }: SetsOf): number {
  const end = 4 + new DataView(sample.buffer, sample.byteOffset, sample.byteLength).getUint32(0);
  return end <= sample.length && isDelimiter(sample.subarray(4, end)) ? end : 0;
}
