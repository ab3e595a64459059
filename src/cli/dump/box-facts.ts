import { ByteCursor } from '../../core/bytes.ts';
import { orNull } from '../../core/errors.ts';
import { hex, quoted } from './line.ts';

/** Most bytes of a box that are looked at. */
export const LOOKED_AT = 1024;

type Facts = (cursor: ByteCursor) => string;

const fourcc = (cursor: ByteCursor): string => new TextDecoder('latin1').decode(cursor.bytes(4));

function brands(cursor: ByteCursor): string {
  const [major, minor] = [fourcc(cursor), cursor.u32()];
  const list: string[] = [];
  while (cursor.remaining >= 4) list.push(fourcc(cursor));
  return `${quoted(major)} ${minor}, compatible ${list.join(' ')}`;
}

/** Version and flags, then the rest. */
const full =
  (rest: (cursor: ByteCursor, version: number, flags: number) => string): Facts =>
  (cursor) => {
    const head = cursor.u32();
    return rest(cursor, head >>> 24, head & 0xffffff);
  };

/** Two times of a header: 64 bits in version 1. */
const skipTimes = (cursor: ByteCursor, version: number) => cursor.skip(version === 1 ? 16 : 8);
const long = (cursor: ByteCursor, version: number) => cursor.uint(version === 1 ? 8 : 4);

const seconds = (ticks: number, timescale: number): string =>
  timescale > 0 ? `${ticks} (${(ticks / timescale).toFixed(3)} s)` : String(ticks);

const language = (packed: number): string =>
  [10, 5, 0].map((shift) => String.fromCharCode(((packed >> shift) & 31) + 0x60)).join('');

const header = full((cursor, version) => {
  skipTimes(cursor, version);
  const timescale = cursor.u32();
  return `timescale ${timescale}, duration ${seconds(long(cursor, version), timescale)}`;
});

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
const entries = full((cursor) => counted(cursor.u32(), 'entry', 'entries'));

const visual: Facts = (cursor) => {
  cursor.skip(24);
  return `${cursor.u16()}x${cursor.u16()}`;
};

const audio: Facts = (cursor) => {
  cursor.skip(16);
  const [channels, bits] = [cursor.u16(), cursor.u16()];
  cursor.skip(4);
  return `${channels} channels, ${bits} bits, ${cursor.u32() / 0x10000} Hz`;
};

const VISUAL = [
  'avc1',
  'avc3',
  'hvc1',
  'hev1',
  'dvh1',
  'dvhe',
  'dva1',
  'vp08',
  'vp09',
  'av01',
  'dav1',
  'mp4v',
  'encv',
];
const AUDIO = [
  'mp4a',
  'ac-3',
  'ec-3',
  'Opus',
  'fLaC',
  'alac',
  '.mp3',
  'sowt',
  'twos',
  'lpcm',
  'in24',
  'fl32',
  'dtsc',
  'dtsh',
  'dtsl',
  'mlpa',
  'enca',
  'ipcm',
  'fpcm',
];

/** Bytes between the head of a box and its children. Boxes without a row have none. */
export const CHILDREN_AT: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'moov trak mdia minf dinf stbl edts mvex moof traf mfra udta sinf schi tref ilst gmhd wave strk strd iprp ipco'
      .split(' ')
      .map((type) => [type, 0]),
  ),
  // version, flags; and the number of entries
  meta: 4,
  stsd: 8,
  dref: 8,
  ...Object.fromEntries(VISUAL.map((type) => [type, 78])),
  ...Object.fromEntries(AUDIO.map((type) => [type, 28])),
};

const FACTS: Readonly<Record<string, Facts>> = {
  ftyp: brands,
  styp: brands,
  mvhd: header,
  mdhd: full((cursor, version) => {
    skipTimes(cursor, version);
    const timescale = cursor.u32();
    const duration = long(cursor, version);
    return `timescale ${timescale}, duration ${seconds(duration, timescale)}, ${language(cursor.u16())}`;
  }),
  tkhd: full((cursor, version, flags) => {
    skipTimes(cursor, version);
    const track = cursor.u32();
    cursor.skip(4);
    const duration = long(cursor, version);
    cursor.skip(52);
    const [width, height] = [cursor.u32() / 0x10000, cursor.u32() / 0x10000];
    return `track ${track}, duration ${duration}, ${width}x${height}${flags & 1 ? '' : ', disabled'}`;
  }),
  hdlr: full((cursor) => {
    cursor.skip(4);
    const type = fourcc(cursor);
    cursor.skip(12);
    return `${type} ${quoted(new TextDecoder().decode(cursor.bytes(cursor.remaining)).replace(/\0+$/, ''))}`;
  }),
  elst: full((cursor, version) => {
    const count = cursor.u32();
    const size = version === 1 ? 8 : 4;
    const list: string[] = [];
    while (list.length < Math.min(count, 4)) {
      const [duration, start] = [cursor.uint(size), cursor.uint(size)];
      list.push(`${start >= 2 ** (8 * size - 1) ? 'empty' : `from ${start}`} for ${duration}`);
      cursor.skip(4);
    }
    return `${counted(count, 'entry', 'entries')}: ${list.join('; ')}${count > list.length ? '…' : ''}`;
  }),
  stsd: entries,
  stts: entries,
  ctts: entries,
  stsc: entries,
  stco: entries,
  co64: entries,
  stss: entries,
  dref: entries,
  stsz: full((cursor) => {
    const size = cursor.u32();
    return `${cursor.u32()} samples${size ? ` of ${size} bytes` : ''}`;
  }),
  mfhd: full((cursor) => `sequence ${cursor.u32()}`),
  tfhd: full((cursor) => `track ${cursor.u32()}`),
  tfdt: full((cursor, version) => `decode time ${long(cursor, version)}`),
  trun: full((cursor) => `${cursor.u32()} samples`),
  trex: full((cursor) => `track ${cursor.u32()}`),
  tfra: full((cursor) => {
    const track = cursor.u32();
    cursor.skip(4);
    return `track ${track}, ${cursor.u32()} entries`;
  }),
  sidx: full((cursor, version) => {
    cursor.skip(4);
    const timescale = cursor.u32();
    const first = long(cursor, version);
    cursor.skip(version === 1 ? 10 : 6);
    return `timescale ${timescale}, from ${first}, ${cursor.u16()} references`;
  }),
  ...Object.fromEntries(VISUAL.map((type) => [type, visual])),
  ...Object.fromEntries(AUDIO.map((type) => [type, audio])),
  avcC: (cursor) => {
    cursor.skip(1);
    const [profile, , level] = cursor.bytes(3);
    return `profile ${profile}, level ${((level ?? 0) / 10).toFixed(1)}`;
  },
  hvcC: (cursor) => {
    cursor.skip(1);
    const profile = cursor.u8() & 31;
    cursor.skip(10);
    return `profile ${profile}, level ${(cursor.u8() / 30).toFixed(1)}`;
  },
  pasp: (cursor) => `${cursor.u32()}:${cursor.u32()}`,
  colr: (cursor) => {
    const type = fourcc(cursor);
    return cursor.remaining < 6 ? type : `${type} ${cursor.u16()} ${cursor.u16()} ${cursor.u16()}`;
  },
  btrt: (cursor) => {
    cursor.skip(4);
    return `peak ${cursor.u32()}, average ${cursor.u32()} bit/s`;
  },
  uuid: (cursor) => hex(cursor.bytes(Math.min(16, cursor.remaining))),
};

/** What the content of a box says in short; empty where that is not known or the box is too short for it. */
export function boxFacts(type: string, content: Uint8Array): string {
  const facts = FACTS[type];
  return facts ? (orNull(() => facts(new ByteCursor(content))) ?? '') : '';
}
