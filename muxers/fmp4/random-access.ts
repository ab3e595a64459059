import { box, fullBox, type Part, serialize, u32, u64 } from './box.ts';

/** A fragment at which decoding can begin. */
export interface AccessPoint {
  /** Presentation time of its first sample, in the track's timescale. */
  readonly time: number;
  /** Of its moof box in the file. */
  readonly position: number;
}

/** Movie Fragment Random Access: ISO/IEC 14496-12, 8.8.9. Stands at the end of a file. */
export function randomAccess(trackId: number, points: readonly AccessPoint[]): Uint8Array {
  const entries = tfra(trackId, points);
  const size = serialize(box('mfra', entries, mfro(0))).length;
  return serialize(box('mfra', entries, mfro(size)));
}

/** Track Fragment Random Access: ISO/IEC 14496-12, 8.8.10. Numbers of traf, trun and sample take a byte: all are 1. */
const tfra = (trackId: number, points: readonly AccessPoint[]): Part =>
  fullBox(
    { type: 'tfra', version: 1, flags: 0 },
    u32(trackId, 0, points.length),
    ...points.flatMap(({ time, position }) => [u64(time), u64(position), FIRSTS]),
  );

const FIRSTS: Part = new Uint8Array([1, 1, 1]);

/** Movie Fragment Random Access Offset: ISO/IEC 14496-12, 8.8.11. */
const mfro = (size: number): Part => fullBox({ type: 'mfro', version: 0, flags: 0 }, u32(size));
