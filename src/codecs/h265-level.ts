import type { PictureLoad } from './h264-level.ts';

interface Level {
  /** general_level_idc: thirty times the level. */
  readonly idc: number;
  /** MaxLumaPs: samples of a picture. */
  readonly size: number;
  /** MaxLumaSr: samples a second. */
  readonly rate: number;
  /** MaxBR and MaxCPB of the Main tier: 1000 bits a second, 1100 with what NAL units cost. */
  readonly bitrate: number;
  /** Of the High tier; null where there is none. */
  readonly highBitrate: number | null;
}

const level = (
  idc: number,
  size: number,
  rate: number,
  [bitrate, highBitrate]: readonly [number, number | null],
): Level => ({ idc, size, rate, bitrate, highBitrate });

/** Tables A.8 and A.9 of ITU-T H.265. */
const LEVELS: readonly Level[] = [
  level(30, 36_864, 552_960, [128, null]),
  level(60, 122_880, 3_686_400, [1500, null]),
  level(63, 245_760, 7_372_800, [3000, null]),
  level(90, 552_960, 16_588_800, [6000, null]),
  level(93, 983_040, 33_177_600, [10_000, null]),
  level(120, 2_228_224, 66_846_720, [12_000, 30_000]),
  level(123, 2_228_224, 133_693_440, [20_000, 50_000]),
  level(150, 8_912_896, 267_386_880, [25_000, 100_000]),
  level(153, 8_912_896, 534_773_760, [40_000, 160_000]),
  level(156, 8_912_896, 1_069_547_520, [60_000, 240_000]),
  level(180, 35_651_584, 1_069_547_520, [60_000, 240_000]),
  level(183, 35_651_584, 2_139_095_040, [120_000, 480_000]),
  level(186, 35_651_584, 4_278_190_080, [240_000, 800_000]),
];
/** CpbVclFactor of the Main profiles: Table A.10. */
const MAIN_FACTOR = 1000;

export interface H265Level {
  readonly idc: number;
  readonly tier: 'main' | 'high';
}

/**
 * The lowest level of the Main profiles that such a stream keeps to, in the High tier only where the Main tier has none;
 * null beyond the highest. ITU-T H.265, A.4.
 */
export function h265Level({ width, height, frameRate, maxBitrate }: PictureLoad): H265Level | null {
  const [w, h] = [roundUp(width), roundUp(height)];
  const fits = ({ size, rate }: Level) =>
    w * h <= size && Math.max(w, h) ** 2 <= 8 * size && w * h * frameRate <= rate;
  const wide = LEVELS.filter(fits);
  const main = wide.find(({ bitrate }) => maxBitrate <= bitrate * MAIN_FACTOR);
  if (main) return { idc: main.idc, tier: 'main' };
  const high = wide.find(({ highBitrate }) => maxBitrate <= (highBitrate ?? 0) * MAIN_FACTOR);
  return high ? { idc: high.idc, tier: 'high' } : null;
}

/** To the smallest coding blocks, of eight samples. */
const roundUp = (side: number): number => Math.ceil(side / 8) * 8;
