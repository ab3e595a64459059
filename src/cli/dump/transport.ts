import { findFraming, findPacket, PACKET, type PacketFraming } from '../../../parsers/mpegts/framing.ts';
import { PacketHead } from '../../../parsers/mpegts/packet.ts';
import { parsePesHeader } from '../../../parsers/mpegts/pes.ts';
import { type Pmt, parsePat, parsePmt, SectionReader } from '../../../parsers/mpegts/psi.ts';
import { streamKind } from '../../../parsers/mpegts/stream-types.ts';
import { concat } from '../../core/bytes.ts';
import type { Source } from '../../core/contracts.ts';
import { orNull } from '../../core/errors.ts';
import { type DumpLine, type DumpWish, fault } from './line.ts';

const PAT_PID = 0;
const NULL_PID = 0x1fff;
const CLOCK = 90_000;
/** Bytes that are taken for packets before they are looked at. */
const HEAD = 64 * 1024;

/** What is told at which depth: tables, then beginnings of PES packets, then every packet. */
const DEPTHS = { tables: 1, pes: 2, packets: 3 } as const;

/**
 * Packets of a transport stream in their order, from the first byte to the last: tables where they change, beginnings
 * of PES packets, lost packets. ISO/IEC 13818-1, 2.4.
 */
export async function* dumpTransport(
  source: Source,
  wish: DumpWish,
  signal: AbortSignal,
): AsyncGenerator<DumpLine> {
  const walker = new Walker(wish.depth ?? DEPTHS.pes);
  let rest = new Uint8Array();
  let position = 0;
  let framing: PacketFraming | null = null;
  for await (const chunk of source.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, signal)) {
    rest = rest.length === 0 ? new Uint8Array(chunk) : new Uint8Array(concat([rest, chunk]));
    if (framing === null && rest.length < HEAD && rest.length < (source.size ?? HEAD)) continue;
    if (framing === null) {
      framing = findFraming(rest);
      if (framing === null) return yield fault(0, 0, { name: 'corrupt', facts: 'no row of packets' });
      yield opening(framing);
      position = framing.start;
      rest = rest.subarray(framing.start);
    }
    const used = yield* walker.walk(rest, position, framing);
    position += used;
    rest = rest.subarray(used);
  }
  if (rest.length > 0)
    yield fault(position, 0, { name: 'truncated', facts: `${rest.length} bytes behind the last packet` });
}

const opening = ({ stride, start }: PacketFraming): DumpLine => ({
  offset: start,
  size: null,
  depth: 0,
  name: 'packets',
  facts: `of ${stride} bytes${start > 0 ? `, ${start} bytes of something else before them` : ''}`,
});

interface PidState {
  readonly sections: SectionReader | null;
  counter: number;
  last: string;
}

/** Knows the tables, and the counter of each PID. */
class Walker {
  readonly #depth: number;
  readonly #head = new PacketHead();
  readonly #pids = new Map<number, PidState>();
  readonly #names = new Map<number, string>();

  constructor(depth: number) {
    this.#depth = depth;
    this.#pids.set(PAT_PID, tableState());
  }

  /** @returns bytes that were used: whole packets */
  *walk(bytes: Uint8Array, position: number, { stride, lead }: PacketFraming): Generator<DumpLine, number> {
    let at = 0;
    while (at + stride <= bytes.length) {
      if (this.#head.read(bytes, at + lead)) {
        yield* this.#packet(bytes.subarray(at + lead, at + lead + PACKET), position + at);
        at += stride;
        continue;
      }
      const next = findPacket(bytes, at + 1, { stride, lead });
      const skipped = (next ?? Math.max(at + 1, bytes.length - stride * 5)) - at;
      yield fault(position + at, 0, {
        name: 'corrupt',
        facts: `no packet begins here, ${skipped} bytes passed over`,
      });
      at += skipped;
    }
    return at;
  }

  *#packet(packet: Uint8Array, offset: number): Generator<DumpLine> {
    this.#head.read(packet, 0);
    const { pid, counter, hasPayload, isDiscontinuity, isDamaged } = this.#head;
    if (this.#depth >= DEPTHS.packets) yield this.#packetLine(offset);
    if (pid === NULL_PID || isDamaged) return;
    const state = this.#stateOf(pid);
    if (hasPayload && state.counter >= 0 && !isDiscontinuity && counter !== state.counter) {
      const expected = (state.counter + 1) & 15;
      if (counter !== expected) {
        state.sections?.lose();
        yield fault(offset, 0, {
          name: 'lost',
          facts: `packets of PID ${pid}: counter ${counter}, not ${expected}`,
        });
      }
    }
    if (hasPayload) state.counter = counter;
    yield* state.sections ? this.#tables(packet, offset, state) : this.#pes(packet, offset);
  }

  #stateOf(pid: number): PidState {
    const known = this.#pids.get(pid);
    if (known) return known;
    const fresh = { sections: null, counter: -1, last: '' };
    this.#pids.set(pid, fresh);
    return fresh;
  }

  #packetLine(offset: number): DumpLine {
    const { pid, isStart, isScrambled, isDamaged, counter, pcr, isRandomAccess, isDiscontinuity } =
      this.#head;
    const marks = [
      isStart ? 'start' : '',
      isScrambled ? 'scrambled' : '',
      isDamaged ? 'damaged' : '',
      isDiscontinuity ? 'discontinuity' : '',
      isRandomAccess ? 'random access' : '',
      pcr >= 0 ? `PCR ${(pcr / 27_000_000).toFixed(6)}` : '',
    ];
    const facts = [`PID ${pid}`, `counter ${counter}`, ...marks.filter(Boolean)].join(', ');
    return { offset, size: PACKET, depth: 2, name: 'packet', facts };
  }

  *#tables(packet: Uint8Array, offset: number, state: PidState): Generator<DumpLine> {
    const { payloadStart, payloadEnd, isStart, hasPayload } = this.#head;
    if (!hasPayload) return;
    for (const section of state.sections?.push(packet.subarray(payloadStart, payloadEnd), isStart) ?? []) {
      const line = this.#tableLine(section, offset);
      const text = line ? `${line.name} ${line.facts}` : '';
      if (line && text !== state.last) yield line;
      state.last = text;
    }
  }

  #tableLine(section: Uint8Array, offset: number): DumpLine | null {
    const common = { offset, size: section.length, depth: 0 };
    const pat = orNull(() => parsePat(section));
    if (pat) {
      for (const { pid } of pat.programs)
        if (!this.#pids.get(pid)?.sections) this.#pids.set(pid, tableState());
      const list = pat.programs.map(({ number, pid }) => `program ${number} in PID ${pid}`);
      return { ...common, name: 'PAT', facts: `version ${pat.version}: ${list.join(', ')}` };
    }
    const pmt = orNull(() => parsePmt(section));
    return pmt ? { ...common, name: 'PMT', facts: this.#program(pmt) } : null;
  }

  #program({ program, version, pcrPid, streams, descriptors }: Pmt): string {
    const list = streams.map((stream) => {
      const { name } = streamKind(stream, descriptors);
      this.#names.set(stream.pid, name);
      return `${name} in PID ${stream.pid}`;
    });
    return `program ${program}, version ${version}, clock in PID ${pcrPid}: ${list.join(', ')}`;
  }

  *#pes(packet: Uint8Array, offset: number): Generator<DumpLine> {
    const { pid, isStart, hasPayload, payloadStart, payloadEnd, isRandomAccess } = this.#head;
    if (!isStart || !hasPayload || this.#depth < DEPTHS.pes) return;
    const header = orNull(() => parsePesHeader(packet.subarray(payloadStart, payloadEnd)));
    if (!header) return;
    const { payloadBytes, headerBytes, pts, dts } = header;
    const stamps = [
      pts === null ? '' : `PTS ${(pts / CLOCK).toFixed(6)}`,
      dts === null ? '' : `DTS ${(dts / CLOCK).toFixed(6)}`,
      isRandomAccess ? 'random access' : '',
    ];
    const facts = [`PID ${pid} ${this.#names.get(pid) ?? ''}`.trim(), ...stamps.filter(Boolean)].join(', ');
    const size = payloadBytes === null ? null : payloadBytes + headerBytes;
    yield { offset, size, depth: 1, name: 'PES', facts };
  }
}

const tableState = (): PidState => ({ sections: new SectionReader(), counter: -1, last: '' });
