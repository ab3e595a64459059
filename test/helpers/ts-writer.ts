import { crc32 } from '../../src/codecs/crc.ts';
import { concat } from '../../src/core/bytes.ts';

/** Writes transport streams: ISO/IEC 13818-1, by hand and apart from the reader. */

const PACKET = 188;
const PAYLOAD = 184;

export interface PacketOptions {
  readonly pid: number;
  readonly isStart?: boolean;
  readonly counter?: number;
  /** At most 184 bytes; stuffed with an adaptation field. */
  readonly payload: Uint8Array;
  /** 90 kHz. */
  readonly pcr?: number;
  readonly isDiscontinuity?: boolean;
  readonly isRandomAccess?: boolean;
  readonly scrambling?: number;
}

export function tsPacket({ pid, payload, pcr, ...flags }: PacketOptions): Uint8Array {
  const fields = [
    (flags.isDiscontinuity ? 0x80 : 0) | (flags.isRandomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10),
    ...(pcr === undefined ? [] : pcrBytes(pcr)),
  ];
  const room = PAYLOAD - payload.length;
  const hasFields = fields.length > 1 || fields[0] !== 0;
  const adaptation = room === 0 ? [] : room === 1 ? [0] : [room - 1, ...fields];
  if (hasFields && room < fields.length + 1) throw new Error('No room for the adaptation field');
  const control = (adaptation.length > 0 ? 0x20 : 0) | (payload.length > 0 ? 0x10 : 0);
  const packet = new Uint8Array(PACKET).fill(0xff);
  packet.set([0x47, (flags.isStart ? 0x40 : 0) | (pid >> 8), pid & 255]);
  packet[3] = ((flags.scrambling ?? 0) << 6) | control | ((flags.counter ?? 0) & 15);
  packet.set(adaptation, 4);
  packet.set(payload, PACKET - payload.length);
  return packet;
}

const pcrBytes = (pcr: number): number[] => [
  Math.floor(pcr / 2 ** 25) & 255,
  Math.floor(pcr / 2 ** 17) & 255,
  Math.floor(pcr / 2 ** 9) & 255,
  Math.floor(pcr / 2) & 255,
  ((pcr % 2) << 7) | 0x7e,
  0,
];

/** With its CRC. */
export function section(tableId: number, id: number, body: Uint8Array, version = 0): Uint8Array {
  const length = 5 + body.length + 4;
  const head = [tableId, 0xb0 | (length >> 8), length & 255, id >> 8, id & 255, 0xc1 | (version << 1), 0, 0];
  const bytes = concat([Uint8Array.from(head), body]);
  const crc = crc32(bytes);
  return concat([bytes, Uint8Array.of(crc >>> 24, (crc >> 16) & 255, (crc >> 8) & 255, crc & 255)]);
}

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];

export const pat = (
  programs: readonly { readonly number: number; readonly pid: number }[],
  version = 0,
): Uint8Array =>
  section(
    0,
    1,
    Uint8Array.from(programs.flatMap(({ number, pid }) => [...u16(number), ...u16(0xe000 | pid)])),
    version,
  );

export interface PmtOptions {
  readonly program?: number;
  readonly version?: number;
  readonly pcrPid: number;
  readonly descriptors?: readonly number[];
  readonly streams: readonly {
    readonly type: number;
    readonly pid: number;
    readonly descriptors?: readonly number[];
  }[];
}

export function pmt({ program = 1, version = 0, pcrPid, descriptors = [], streams }: PmtOptions): Uint8Array {
  const rows = streams.flatMap(({ type, pid, descriptors: own = [] }) => [
    type,
    ...u16(0xe000 | pid),
    ...u16(0xf000 | own.length),
    ...own,
  ]);
  const body = [...u16(0xe000 | pcrPid), ...u16(0xf000 | descriptors.length), ...descriptors, ...rows];
  return section(2, program, Uint8Array.from(body), version);
}

export interface PesOptions {
  readonly streamId: number;
  readonly pts?: number;
  readonly dts?: number;
  readonly payload: Uint8Array;
  readonly isUnbounded?: boolean;
}

export function pesPacket({ streamId, pts, dts, payload, isUnbounded }: PesOptions): Uint8Array {
  const stamps = [
    ...(pts === undefined ? [] : stampBytes(dts === undefined ? 2 : 3, pts)),
    ...(dts === undefined ? [] : stampBytes(1, dts)),
  ];
  const flags = (pts === undefined ? 0 : 0x80) | (dts === undefined ? 0 : 0x40);
  const length = isUnbounded ? 0 : 3 + stamps.length + payload.length;
  return concat([
    Uint8Array.of(0, 0, 1, streamId, ...u16(length), 0x80, flags, stamps.length, ...stamps),
    payload,
  ]);
}

const stampBytes = (prefix: number, stamp: number): number[] => [
  (prefix << 4) | ((Math.floor(stamp / 2 ** 30) & 7) << 1) | 1,
  Math.floor(stamp / 2 ** 22) & 255,
  ((Math.floor(stamp / 2 ** 15) & 127) << 1) | 1,
  Math.floor(stamp / 2 ** 7) & 255,
  ((stamp & 127) << 1) | 1,
];

/** Packets in order, each PID with a counter of its own. */
export class TsWriter {
  readonly #packets: Uint8Array[] = [];
  readonly #counters = new Map<number, number>();

  sections(pid: number, ...sections: Uint8Array[]): this {
    const bytes = concat([Uint8Array.of(0), ...sections]);
    for (let at = 0; at < bytes.length; at += PAYLOAD) {
      const part = new Uint8Array(PAYLOAD).fill(0xff);
      part.set(bytes.subarray(at, at + PAYLOAD));
      this.#write({ pid, isStart: at === 0, payload: part });
    }
    return this;
  }

  pes(
    pid: number,
    pes: Uint8Array,
    options: Pick<PacketOptions, 'pcr' | 'isRandomAccess' | 'isDiscontinuity'> = {},
  ): this {
    const first = Object.keys(options).length > 0 ? PAYLOAD - 8 : PAYLOAD;
    this.#write({ pid, isStart: true, payload: pes.subarray(0, first), ...options });
    for (let at = first; at < pes.length; at += PAYLOAD)
      this.#write({ pid, payload: pes.subarray(at, at + PAYLOAD) });
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#packets.push(bytes);
    return this;
  }

  bytes(): Uint8Array {
    return concat(this.#packets);
  }

  #write(options: PacketOptions): void {
    const counter = this.#counters.get(options.pid) ?? 0;
    this.#counters.set(options.pid, (counter + 1) & 15);
    this.#packets.push(tsPacket({ ...options, counter }));
  }
}

/** The same packets with four bytes of time before each, or sixteen of error correction behind. */
export function asStride(stream: Uint8Array, stride: 192 | 204): Uint8Array {
  const lead = stride === 192 ? 4 : 0;
  const out = new Uint8Array((stream.length / PACKET) * stride);
  for (let i = 0; i * PACKET < stream.length; i++)
    out.set(stream.subarray(i * PACKET, (i + 1) * PACKET), i * stride + lead);
  return out;
}
