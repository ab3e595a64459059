import type { TimedPacket } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { box, fourcc, fullBox, type Part, serialize, u32, u64 } from './box.ts';

export type FragmentKind = 'video' | 'audio';

export interface FragmentPlan {
  readonly kind: FragmentKind;
  readonly trackId: number;
  /** mfhd sequence number. */
  readonly sequence: number;
  /** The first of its segment. */
  readonly isFirst: boolean;
  /** What is taken from all times: ticks. */
  readonly origin?: number;
  /** What composition times are put behind decode times beyond that: see `MovieTrack.delay`. */
  readonly delay?: number;
}

/** Segment Type: ISO/IEC 14496-12, 8.16.2. CMAF segment brand: ISO/IEC 23000-19, 7.2. */
const styp = box('styp', fourcc('msdh'), u32(0), fourcc('msdh'), fourcc('cmfs'), fourcc('iso6'));

/** The box in front of a segment's first fragment. */
export const segmentType: Uint8Array = serialize(styp);

/** A 32-bit box size; larger media data are no fragment that a player could buffer. */
const MAX_MEDIA_DATA = 0xffff_ffff - 8;

/** Header of a fragment, then its packets' bytes as they are; nothing for no packets. */
export function fragment(plan: FragmentPlan, samples: readonly TimedPacket[]): Uint8Array[] {
  const [first] = samples;
  if (!first) return [];
  const size = samples.reduce((sum, { packet }) => sum + packet.data.length, 0);
  if (size > MAX_MEDIA_DATA) throw new MediaError('limit', `Fragment of ${size} bytes`);
  const header = [...(plan.isFirst ? [styp] : []), moof(plan, samples), mdatHeader(size)];
  return [serialize(...header), ...samples.map(({ packet }) => packet.data)];
}

/** Exact bytes in front of the packets of a fragment, without the segment type. Audio: with equal durations. */
export const fragmentOverhead = (sampleCount: number, kind: FragmentKind): number =>
  moofSize(LAYOUTS[kind], sampleCount) + MDAT_HEADER_BYTES;

const MDAT_HEADER_BYTES = 8;

/** Media Data: ISO/IEC 14496-12, 8.1.1. Only its header. */
const mdatHeader = (size: number): Part => serialize(u32(MDAT_HEADER_BYTES + size), fourcc('mdat'));

/** tfhd flags: ISO/IEC 14496-12, 8.8.7. */
const TFHD = { defaultDuration: 0x08, defaultFlags: 0x20, defaultBaseIsMoof: 0x02_0000 } as const;
/** trun flags: ISO/IEC 14496-12, 8.8.8. */
const TRUN = {
  dataOffset: 0x1,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionOffset: 0x800,
} as const;
/** Sample flags, ISO/IEC 14496-12, 8.8.3.1: depends on no other; depends on others and is no sync sample. */
const SYNC = 0x0200_0000;
const NON_SYNC = 0x0101_0000;

/** What stands once in tfhd and what for each sample in trun. */
interface Layout {
  readonly defaults: number;
  readonly perSample: number;
}

/** Pictures tell everything one by one; audio frames only their sizes, and durations where they differ. */
const LAYOUTS = {
  video: { defaults: 0, perSample: TRUN.duration | TRUN.size | TRUN.flags | TRUN.compositionOffset },
  audio: { defaults: TFHD.defaultDuration | TFHD.defaultFlags, perSample: TRUN.size },
} as const satisfies Record<FragmentKind, Layout>;
const UNEVEN_AUDIO: Layout = { defaults: TFHD.defaultFlags, perSample: TRUN.duration | TRUN.size };

function layoutOf(kind: FragmentKind, samples: readonly TimedPacket[]): Layout {
  const isUneven = samples.some(({ duration }) => duration !== samples[0]?.duration);
  return kind === 'audio' && isUneven ? UNEVEN_AUDIO : LAYOUTS[kind];
}

function bitCount(flags: number): number {
  let count = 0;
  for (let rest = flags; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Sizes of boxes before their optional fields: moof, mfhd, traf, tfhd, tfdt, trun. */
const FIXED_BYTES = 8 + 16 + 8 + 16 + 20 + 20;

const moofSize = ({ defaults, perSample }: Layout, sampleCount: number): number =>
  FIXED_BYTES + 4 * bitCount(defaults) + 4 * bitCount(perSample) * sampleCount;

/** Movie Fragment: ISO/IEC 14496-12, 8.8.4. */
function moof(plan: FragmentPlan, samples: readonly TimedPacket[]): Part {
  const layout = layoutOf(plan.kind, samples);
  const dataOffset = moofSize(layout, samples.length) + MDAT_HEADER_BYTES;
  return box('moof', mfhd(plan), traf(plan, { samples, layout, dataOffset }));
}

/** Movie Fragment Header: ISO/IEC 14496-12, 8.8.5. */
const mfhd = ({ sequence }: FragmentPlan): Part =>
  fullBox({ type: 'mfhd', version: 0, flags: 0 }, u32(sequence));

interface Run {
  readonly samples: readonly TimedPacket[];
  readonly layout: Layout;
  /** Of the first sample's bytes, from the beginning of moof. */
  readonly dataOffset: number;
}

/** Track Fragment: ISO/IEC 14496-12, 8.8.6. */
const traf = ({ trackId, origin = 0, delay = 0 }: FragmentPlan, run: Run): Part =>
  box('traf', tfhd(trackId, run), tfdt((run.samples[0]?.dts ?? 0) - origin), trun(run, delay));

/** Track Fragment Header: ISO/IEC 14496-12, 8.8.7. */
const tfhd = (trackId: number, { samples, layout }: Run): Part =>
  fullBox(
    { type: 'tfhd', version: 0, flags: TFHD.defaultBaseIsMoof | layout.defaults },
    u32(trackId),
    ...(layout.defaults & TFHD.defaultDuration ? [u32(samples[0]?.duration ?? 0)] : []),
    ...(layout.defaults & TFHD.defaultFlags ? [u32(SYNC)] : []),
  );

/** Track Fragment Decode Time: ISO/IEC 14496-12, 8.8.12. */
const tfdt = (time: number): Part => fullBox({ type: 'tfdt', version: 1, flags: 0 }, u64(time));

/** Track Fragment Run, with signed composition offsets: ISO/IEC 14496-12, 8.8.8. */
const trun = ({ samples, layout, dataOffset }: Run, delay: number): Part =>
  fullBox(
    { type: 'trun', version: 1, flags: TRUN.dataOffset | layout.perSample },
    u32(samples.length, dataOffset),
    sampleFields(samples, layout.perSample, delay),
  );

/** Durations have 32 bits: half a day at 90 kHz. @throws MediaError `limit` for a longer one */
export function refuseLonger(duration: number): void {
  if (duration > 0xffff_ffff) throw new MediaError('limit', `A sample that lasts ${duration} ticks`);
}

/** Of each sample, in the order that the specification gives the optional fields. */
function sampleFields(samples: readonly TimedPacket[], flags: number, delay: number): Uint8Array {
  const bytes = new Uint8Array(4 * bitCount(flags) * samples.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (flag: number, value: number): void => {
    if ((flags & flag) === 0) return;
    view.setUint32(at, value);
    at += 4;
  };
  for (const { packet, dts, duration } of samples) {
    refuseLonger(duration);
    put(TRUN.duration, duration);
    put(TRUN.size, packet.data.length);
    put(TRUN.flags, packet.isSync ? SYNC : NON_SYNC);
    put(TRUN.compositionOffset, packet.pts - dts + delay);
  }
  return bytes;
}
