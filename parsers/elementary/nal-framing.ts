import { looksAnnexB, type NalFraming, splitAnnexB, splitLengthPrefixed } from '../../src/codecs/nal.ts';
import { orNull } from '../../src/core/errors.ts';

/** Lengths of 4 bytes are the rule; the others occur in files of old muxers. */
const LENGTH_SIZES = [4, 2, 1, 3] as const;

/**
 * What stands between the NAL units of an access unit whose private data do not say: the declared length if it adds
 * up, else start codes, else the first length that does. Null when nothing fits.
 */
export function framingOf(frame: Uint8Array, declared: NalFraming | null): NalFraming | null {
  if (looksAnnexB(frame)) return 'annexb';
  const sizes = declared === null || declared === 'annexb' ? LENGTH_SIZES : [declared, ...LENGTH_SIZES];
  return sizes.find((size) => addsUp(frame, size)) ?? null;
}

const addsUp = (frame: Uint8Array, lengthSize: number): boolean =>
  orNull(() => [...splitLengthPrefixed(frame, lengthSize)].length > 0) ?? false;

export const nalUnits = (frame: Uint8Array, framing: NalFraming): Iterable<Uint8Array> =>
  framing === 'annexb' ? splitAnnexB(frame) : splitLengthPrefixed(frame, framing);
