import { crc32 } from 'node:zlib';

/** Reads the fragmented MP4 that the pipeline makes: just enough to check it, and strict (ISO/IEC 14496-12). */

export interface Box {
  readonly type: string;
  readonly data: Uint8Array;
}

export interface MediaSample {
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
  readonly isSync: boolean;
  readonly size: number;
  /** Eight hexadecimal digits, as in the packet tables. */
  readonly crc32: string;
}

export interface Fragment {
  readonly sequence: number;
  readonly tfdt: number;
  readonly samples: readonly MediaSample[];
}

export interface Segment {
  readonly fragments: readonly Fragment[];
  readonly samples: readonly MediaSample[];
}

const view = (data: Uint8Array) => new DataView(data.buffer, data.byteOffset, data.byteLength);

export function boxes(data: Uint8Array): Box[] {
  const found: Box[] = [];
  for (let at = 0; at < data.length; ) {
    const short = view(data).getUint32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(view(data).getBigUint64(at + 8)) : short;
    if (size < head || at + size > data.length)
      throw new Error(`Box of ${size} bytes at ${at} of ${data.length}`);
    const type = String.fromCharCode(...data.subarray(at + 4, at + 8));
    found.push({ type, data: data.subarray(at + head, at + size) });
    at += size;
  }
  return found;
}

export function only(data: Uint8Array, ...path: readonly string[]): Uint8Array {
  const [type, ...rest] = path;
  if (type === undefined) return data;
  const found = boxes(data).filter((box) => box.type === type);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} boxes ${type}`);
  return only(found[0].data, ...rest);
}

const SYNC = 0x0200_0000;

export function readSegment(data: Uint8Array): Segment {
  const list = boxes(data);
  if (list[0]?.type !== 'styp') throw new Error(`The segment begins with ${list[0]?.type}`);
  const fragments: Fragment[] = [];
  for (let i = 1; i < list.length; i += 2) {
    const [moof, mdat] = [list[i], list[i + 1]];
    if (moof?.type !== 'moof' || mdat?.type !== 'mdat') throw new Error(`${moof?.type}, ${mdat?.type}`);
    fragments.push(readFragment(moof.data, mdat.data));
  }
  return { fragments, samples: fragments.flatMap(({ samples }) => samples) };
}

function readFragment(moof: Uint8Array, mdat: Uint8Array): Fragment {
  const traf = only(moof, 'traf');
  const tfhd = view(only(traf, 'tfhd'));
  const flags = tfhd.getUint32(0) & 0xffffff;
  if (flags & ~0x2_0028) throw new Error(`tfhd flags ${flags.toString(16)}`);
  const defaultDuration = flags & 0x08 ? tfhd.getUint32(8) : 0;
  const defaultFlags = flags & 0x20 ? tfhd.getUint32(flags & 0x08 ? 12 : 8) : 0;
  const tfdtBox = view(only(traf, 'tfdt'));
  const tfdt = Number(tfdtBox.getBigUint64(4));
  const trun = view(only(traf, 'trun'));
  if (trun.getUint8(0) !== 1) throw new Error('trun is not of version 1');
  const has = trun.getUint32(0) & 0xffffff;
  const count = trun.getUint32(4);
  if (trun.getInt32(8) !== moof.length + 16) throw new Error(`data offset ${trun.getInt32(8)}`);
  const samples: MediaSample[] = [];
  let field = 12;
  let dts = tfdt;
  let at = 0;
  const next = (flag: number, otherwise: number) => {
    if (!(has & flag)) return otherwise;
    field += 4;
    return trun.getUint32(field - 4);
  };
  for (let i = 0; i < count; i++) {
    const duration = next(0x100, defaultDuration);
    const size = next(0x200, 0);
    const isSync = next(0x400, defaultFlags) === SYNC;
    const offset = next(0x800, 0) | 0;
    const payload = mdat.subarray(at, at + size);
    if (payload.length !== size) throw new Error('Samples reach beyond mdat');
    samples.push({
      dts,
      pts: dts + offset,
      duration,
      isSync,
      size,
      crc32: (crc32(payload) >>> 0).toString(16).padStart(8, '0'),
    });
    dts += duration;
    at += size;
  }
  if (at !== mdat.length) throw new Error(`mdat has ${mdat.length - at} bytes too many`);
  if (field !== trun.byteLength) throw new Error('trun has a rest');
  return { sequence: view(only(moof, 'mfhd')).getUint32(4), tfdt, samples };
}
