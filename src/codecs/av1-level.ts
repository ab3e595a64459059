import type { PictureLoad } from './h264-level.ts';

interface Level {
  /** seq_level_idx: level X.Y is 4 (X − 2) + Y. */
  readonly index: number;
  /** MaxPicSize: samples. */
  readonly size: number;
  /** MaxHSize and MaxVSize. */
  readonly width: number;
  readonly height: number;
  /** MaxDisplayRate: samples a second. */
  readonly rate: number;
  /** MainMbps: a million bits a second. */
  readonly bitrate: number;
}

const level = (
  index: number,
  [size, width, height]: readonly [number, number, number],
  rate: number,
  bitrate: number,
): Level => ({ index, size, width, height, rate, bitrate });

/** AV1 specification, A.3: the levels that are defined, in the Main tier. */
const LEVELS: readonly Level[] = [
  level(0, [147_456, 2048, 1152], 4_423_680, 1.5),
  level(1, [278_784, 2816, 1584], 8_363_520, 3),
  level(4, [665_856, 4352, 2448], 19_975_680, 6),
  level(5, [1_065_024, 5504, 3096], 31_950_720, 10),
  level(8, [2_359_296, 6144, 3456], 70_778_880, 12),
  level(9, [2_359_296, 6144, 3456], 141_557_760, 20),
  level(12, [8_912_896, 8192, 4352], 267_386_880, 30),
  level(13, [8_912_896, 8192, 4352], 534_773_760, 40),
  level(14, [8_912_896, 8192, 4352], 1_069_547_520, 60),
  level(15, [8_912_896, 8192, 4352], 1_069_547_520, 60),
  level(16, [35_651_584, 16_384, 8704], 1_069_547_520, 60),
  level(17, [35_651_584, 16_384, 8704], 2_139_095_040, 100),
  level(18, [35_651_584, 16_384, 8704], 4_278_190_080, 160),
  level(19, [35_651_584, 16_384, 8704], 4_278_190_080, 160),
];

/** seq_level_idx of the lowest level in the Main tier that such a stream keeps to; null beyond the highest. */
export function av1Level({ width, height, frameRate, maxBitrate }: PictureLoad): number | null {
  const fits = (limit: Level) =>
    width * height <= limit.size &&
    width <= limit.width &&
    height <= limit.height &&
    width * height * frameRate <= limit.rate &&
    maxBitrate <= limit.bitrate * 1_000_000;
  return LEVELS.find(fits)?.index ?? null;
}
