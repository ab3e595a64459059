import { describe, expect, test } from 'vitest';
import { findFraming, type PacketFraming } from '../../../parsers/mpegts/framing.ts';
import { PacketHead } from '../../../parsers/mpegts/packet.ts';
import { parsePesHeader } from '../../../parsers/mpegts/pes.ts';
import { ProgramTables, readTables, streamsOf } from '../../../parsers/mpegts/program.ts';
import { SectionReader } from '../../../parsers/mpegts/psi.ts';
import { streamKind, streamLanguage } from '../../../parsers/mpegts/stream-types.ts';
import { concat } from '../../../src/core/bytes.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { asStride, pat, pesPacket, pmt, TsWriter, tsPacket } from '../../helpers/ts-writer.ts';
import { makeStream } from './streams.ts';

const FIRST_PID = { 188: 0x100, 192: 0x1011 } as const;
const framingOf = (bytes: Uint8Array): PacketFraming => {
  const framing = findFraming(bytes);
  if (!framing) throw new Error('No packets were found');
  return framing;
};

/** Stamps of the PES packets of one PID, as `pts,dts`; the DTS is the PTS where there is none. */
function stampsOf(bytes: Uint8Array, { stride, lead, start }: PacketFraming, pid: number): string[] {
  const head = new PacketHead();
  const stamps: string[] = [];
  for (let at = start; at + stride <= bytes.length; at += stride) {
    if (!head.read(bytes, at + lead) || head.pid !== pid || !head.isStart) continue;
    const header = parsePesHeader(bytes.subarray(head.payloadStart, head.payloadEnd));
    stamps.push(`${header?.pts},${header?.dts ?? header?.pts}`);
  }
  return stamps;
}

/** Stamps of packets as ffprobe reads them. */
const ask = (file: Uint8Array, options: readonly string[] = []): string[] => {
  const wanted = ['-f', 'mpegts', ...options, '-show_entries', 'packet=pts,dts', '-of', 'csv=p=0', '-'];
  return (
    run('ffprobe', wanted, file)
      .stdout.toString()
      .match(/^\d+,\d+/gm) ?? []
  );
};

describe('what ffmpeg writes', () => {
  test.for([
    { name: 'TS', stride: 188, mux: [] },
    { name: 'M2TS', stride: 192, mux: ['-mpegts_m2ts_mode', '1'] },
  ] as const)('$name: framing, tables, kinds and stamps', ({ stride, mux }, context) => {
    needsFfmpeg(context);
    const bytes = makeStream({
      seconds: 1,
      audio: ['-c:a', 'ac3'],
      mux: ['-metadata:s:a', 'language=ger', ...mux],
    });
    const framing = framingOf(bytes);
    expect(framing).toMatchObject({ stride, start: 0 });
    const tables = new ProgramTables();
    readTables(tables, bytes, framing);
    const streams = streamsOf([...tables.pmts.values()][0] ?? expect.fail('No program map'));
    expect(streams.map(({ name, source }) => [name, streamLanguage(source)])).toEqual([
      ['h264', 'und'],
      ['ac3', 'de'],
    ]);
    const [video] = streams;
    expect(video?.pid).toBe(FIRST_PID[stride]);
    const theirs = ask(bytes, ['-select_streams', 'v']);
    expect(theirs).toHaveLength(25);
    expect(stampsOf(bytes, framing, FIRST_PID[stride])).toEqual(theirs);
  });
});

describe('what the writer writes', () => {
  const FRAMES = 20;
  const sound = (): Uint8Array => {
    const writer = new TsWriter()
      .sections(0, pat([{ number: 1, pid: 4096 }]))
      .sections(
        4096,
        pmt({ pcrPid: 256, streams: [{ type: 3, pid: 256, descriptors: [10, 4, 100, 101, 117, 0] }] }),
      );
    // MPEG-1 layer II, 64 kbit/s, 48 kHz, mono: 192 bytes of silence.
    const frame = new Uint8Array(192);
    frame.set([0xff, 0xfd, 0x44, 0xc0]);
    for (let i = 0; i < FRAMES; i++)
      writer.pes(256, pesPacket({ streamId: 0xc0, pts: 90_000 + 2160 * i, payload: frame }), {
        pcr: 2160 * i,
      });
    return writer.bytes();
  };

  test.for([188, 192, 204] as const)('is read by ffprobe in packets of %i bytes', (stride, context) => {
    needsFfmpeg(context);
    const bytes = stride === 188 ? sound() : asStride(sound(), stride);
    expect(ask(bytes)).toEqual(
      Array.from({ length: FRAMES }, (_, i) => `${90_000 + 2160 * i},${90_000 + 2160 * i}`),
    );
  });
});

test('tables that change without end are forgotten, those in force are not', () => {
  const tables = new ProgramTables();
  const streams = [{ type: 0x1b, pid: 256 }];
  const push = (pid: number, table: Uint8Array) => tables.push(pid, concat([Uint8Array.of(0), table]), true);
  for (let number = 1; number <= 5000; number++) {
    push(0, pat([{ number, pid: 4096 }], number % 32));
    push(4096, pmt({ program: number, pcrPid: 256, streams }));
    expect(tables.pmts.has(number)).toBe(true);
  }
  expect(tables.pmts.size).toBeLessThan(200);
  expect(tables.isComplete).toBe(true);
});

describe('any changed byte is read or refused', () => {
  const DESCRIBED = [0x7f, 1, 0x15, 10, 4, 101, 110, 103, 3, 0x56, 5, 100, 101, 117, 9, 0];
  const table = pmt({ pcrPid: 256, streams: [{ type: 6, pid: 256, descriptors: DESCRIBED }] });

  test('of sections, whatever follows', () => {
    const payload = concat([Uint8Array.of(0), table, pat([{ number: 1, pid: 5 }])]);
    expectMediaErrors(payload, (bytes) => {
      const reader = new SectionReader();
      const found = [true, false, true].flatMap((isStart) => reader.push(bytes, isStart));
      expect(found.every((section) => section.length <= 4096)).toBe(true);
    });
  });

  test('a length that no section can have is given up, and the next section is read', () => {
    const reader = new SectionReader();
    const tooLong = concat([Uint8Array.of(0, 2, 0xbf, 0xff), new Uint8Array(5000)]);
    expect(reader.push(tooLong, true)).toEqual([]);
    expect(reader.push(concat([Uint8Array.of(0), table]), true)).toEqual([table]);
  });

  test('of packets', () => {
    const packet = tsPacket({ pid: 256, payload: new Uint8Array(100), pcr: 5 });
    expectMediaErrors(packet, (bytes) => {
      const head = new PacketHead();
      if (head.read(bytes, 0) && !head.isDamaged) expect(head.payloadStart).toBeLessThanOrEqual(188);
      findFraming(bytes);
    });
  });

  test('of descriptors', () => {
    for (const [tag, data] of [
      [5, [68, 84, 83, 49]],
      [10, [101, 110, 103, 3]],
      [0x7f, [0x15, 1]],
    ] as const)
      expectMediaErrors(Uint8Array.from([6, tag, ...data]), ([type = 0, other = 0, ...rest]) => {
        const descriptors = [{ tag: other, data: Uint8Array.from(rest) }];
        streamKind({ type, pid: 256, descriptors }, descriptors);
        streamLanguage({ type, pid: 256, descriptors });
      });
  });
});
