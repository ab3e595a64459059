import type { PixelAspect } from '../../src/core/media.ts';
import type { TrackHeader } from './track-header.ts';
import type { Size, VisualEntry } from './visual-entry.ts';

/** What it takes for a display size to say something that the bitstream does not: sizes are rounded to whole pixels. */
const PRECISION = 0.01;

/**
 * `pasp`; without one, what the track's size against that of its pictures says, where that is not square; else the
 * bitstream's own.
 * @param own null where the bitstream does not tell
 */
export function pixelAspectOf(
  entry: Pick<VisualEntry, 'pixelAspect' | 'cleanAperture' | 'width' | 'height'>,
  header: Pick<TrackHeader, 'width' | 'height'>,
  own: { readonly pixelAspect: PixelAspect | null } | null,
): PixelAspect {
  const fallback = own?.pixelAspect ?? SQUARE;
  const told = entry.pixelAspect ?? stretch(entry.cleanAperture ?? entry, header);
  return told && !isClose(told, fallback) ? reduced(told) : fallback;
}

const SQUARE: PixelAspect = { h: 1, v: 1 };

/** Null where there is none. */
function stretch(stored: Size, shown: Size): PixelAspect | null {
  const h = Math.round(shown.width) * stored.height;
  const v = Math.round(shown.height) * stored.width;
  return h > 0 && v > 0 && !isClose({ h, v }, SQUARE) ? { h, v } : null;
}

const isClose = (a: PixelAspect, b: PixelAspect): boolean =>
  Math.abs(a.h / a.v / (b.h / b.v) - 1) <= PRECISION;

function reduced({ h, v }: PixelAspect): PixelAspect {
  const divisor = greatestCommonDivisor(h, v);
  return { h: h / divisor, v: v / divisor };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
