import { insertEmulationPrevention } from '../core/bits.ts';
import { concat } from '../core/bytes.ts';
import { NAL, nalType } from './h264-access-unit.ts';
import { joinLengthPrefixed, splitLengthPrefixed } from './nal.ts';
import { type SeiMessage, seiMessages } from './sei.ts';

const RECOVERY_POINT = 6;
/** rbsp_stop_one_bit and the zero bits behind it. */
const TRAILING = Uint8Array.of(0x80);

/**
 * A sample with 4-byte lengths without its recovery point SEI messages; the same view when it has none. Its pictures
 * are as before. ITU-T H.264, D.1.8.
 * @throws MediaError `corrupt` where the lengths do not add up
 */
export function withoutRecoveryPoint(sample: Uint8Array): Uint8Array {
  let isChanged = false;
  const kept: Uint8Array[] = [];
  for (const nal of splitLengthPrefixed(sample, 4)) {
    const rest = nalType(nal) === NAL.sei ? withoutMessage(nal) : nal;
    isChanged ||= rest !== nal;
    if (rest) kept.push(rest);
  }
  return isChanged ? joinLengthPrefixed(kept) : sample;
}

/** The same NAL unit, one without the message, or null when nothing is left. */
function withoutMessage(nal: Uint8Array): Uint8Array | null {
  const messages = [...seiMessages(nal, 1)];
  const others = messages.filter(({ type }) => type !== RECOVERY_POINT);
  if (others.length === messages.length) return nal;
  if (others.length === 0) return null;
  const rbsp = concat([...others.flatMap(written), TRAILING]);
  return concat([nal.subarray(0, 1), insertEmulationPrevention(rbsp)]);
}

const written = ({ type, payload }: SeiMessage): Uint8Array[] => [
  number(type),
  number(payload.length),
  payload,
];

/** A payload type or size: 255 for every 255 in it, then the rest. */
const number = (value: number): Uint8Array =>
  Uint8Array.from({ length: Math.floor(value / 255) + 1 }, (_, i) =>
    i < Math.floor(value / 255) ? 255 : value % 255,
  );
