import type { BitReader } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';

/** scaling_list_data: ITU-T H.265, 7.3.4. Four sizes of six matrices, but two of the largest. */
export function skipH265ScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++)
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) skipScalingList(bits, size);
}

function skipScalingList(bits: BitReader, size: number): void {
  const isCoded = bits.flag();
  const codes = isCoded ? Math.min(64, 16 << (2 * size)) + (size > 1 ? 1 : 0) : 1;
  for (let i = 0; i < codes; i++) bits.ue();
}

/** num_short_term_ref_pic_sets: 7.4.3.2.1. */
const MAX_SETS = 64;
/** NumDeltaPocs: no more pictures than the decoded picture buffer holds, 7.4.8. */
const MAX_PICTURES = 16;

/** num_short_term_ref_pic_sets and the sets: ITU-T H.265, 7.3.7. A set may be told by its difference to the last. */
export function skipH265RefPicSets(bits: BitReader): void {
  const count = bits.ue();
  if (count > MAX_SETS) throw corrupt(`SPS with ${count} reference picture sets`);
  let last: readonly number[] = [];
  for (let i = 0; i < count; i++) {
    last = i > 0 && bits.flag() ? readPredictedSet(bits, last) : readSet(bits);
    if (last.length > MAX_PICTURES) throw corrupt(`Reference picture set of ${last.length} pictures`);
  }
}

/** Distances in picture order count: the negative ones from near to far, then the positive ones. */
function readSet(bits: BitReader): number[] {
  const [negative, positive] = [bits.ue(), bits.ue()];
  if (negative + positive > MAX_PICTURES)
    throw corrupt(`Reference picture set of ${negative + positive} pictures`);
  return [...readDistances(bits, negative, -1), ...readDistances(bits, positive, 1)];
}

function readDistances(bits: BitReader, count: number, sign: 1 | -1): number[] {
  let distance = 0;
  return Array.from({ length: count }, () => {
    distance += sign * (bits.ue() + 1);
    bits.skip(1);
    return distance;
  });
}

/** Equations 7-61 and 7-62: the reference set moved by a difference, with the picture it belongs to, then sorted. */
function readPredictedSet(bits: BitReader, reference: readonly number[]): number[] {
  const isNegative = bits.flag();
  const difference = (bits.ue() + 1) * (isNegative ? -1 : 1);
  const moved = [...reference, 0].map((distance) => distance + difference);
  const used = moved.filter(() => bits.flag() || bits.flag());
  return [
    ...used.filter((distance) => distance < 0).sort((a, b) => b - a),
    ...used.filter((distance) => distance > 0).sort((a, b) => a - b),
  ];
}
