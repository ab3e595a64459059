/** What decides about the level of a stream. */
export interface PictureLoad {
  /** In samples. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second. */
  readonly frameRate: number;
  /** Bits a second at most, of which a decoder buffers one second. */
  readonly maxBitrate: number;
}

interface Level {
  /** level_idc: ten times the level. */
  readonly idc: number;
  /** MaxMBPS: macroblocks a second. */
  readonly rate: number;
  /** MaxFS: macroblocks of a picture. */
  readonly size: number;
  /** MaxBR: 1000 bits a second, or 1250 in the High profile. */
  readonly bitrate: number;
  /** MaxCPB in the same units. */
  readonly buffer: number;
}

const level = (idc: number, rate: number, size: number, bitrate: number, buffer: number): Level => ({
  idc,
  rate,
  size,
  bitrate,
  buffer,
});

/** Table A-1 of ITU-T H.264, without 1b. */
const LEVELS: readonly Level[] = [
  level(10, 1485, 99, 64, 175),
  level(11, 3000, 396, 192, 500),
  level(12, 6000, 396, 384, 1000),
  level(13, 11_880, 396, 768, 2000),
  level(20, 11_880, 396, 2000, 2000),
  level(21, 19_800, 792, 4000, 4000),
  level(22, 20_250, 1620, 4000, 4000),
  level(30, 40_500, 1620, 10_000, 10_000),
  level(31, 108_000, 3600, 14_000, 14_000),
  level(32, 216_000, 5120, 20_000, 20_000),
  level(40, 245_760, 8192, 20_000, 25_000),
  level(41, 245_760, 8192, 50_000, 62_500),
  level(42, 522_240, 8704, 50_000, 62_500),
  level(50, 589_824, 22_080, 135_000, 135_000),
  level(51, 983_040, 36_864, 240_000, 240_000),
  level(52, 2_073_600, 36_864, 240_000, 240_000),
  level(60, 4_177_920, 139_264, 240_000, 240_000),
  level(61, 8_355_840, 139_264, 480_000, 480_000),
  level(62, 16_711_680, 139_264, 800_000, 800_000),
];
/** cpbBrVclFactor of the High profile: Table A-2. */
const HIGH_FACTOR = 1250;
const MACROBLOCK = 16;

/**
 * level_idc of the lowest level of the High profile that such a stream keeps to; null beyond the highest. ITU-T H.264,
 * A.3.1 and A.3.3.
 */
export function h264Level({ width, height, frameRate, maxBitrate }: PictureLoad): number | null {
  const columns = Math.ceil(width / MACROBLOCK);
  const rows = Math.ceil(height / MACROBLOCK);
  const fits = ({ rate, size, bitrate, buffer }: Level) =>
    columns * rows <= size &&
    Math.max(columns, rows) ** 2 <= 8 * size &&
    columns * rows * frameRate <= rate &&
    maxBitrate <= Math.min(bitrate, buffer) * HIGH_FACTOR;
  return LEVELS.find(fits)?.idc ?? null;
}
