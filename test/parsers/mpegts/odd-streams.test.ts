import { beforeEach, describe, expect, test } from 'vitest';
import { concat } from '../../../src/core/bytes.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { pat, pesPacket, pmt, TsWriter } from '../../helpers/ts-writer.ts';
import { encodeStream, piecesOf, probedSizes } from './sound/streams.ts';
import { contents, eachPacket, makeStream, open, PMT_PID, pidOf, program, readAll } from './streams.ts';

const PACKET = 188;
const VIDEO = 256;
const SOUND = 257;

beforeEach(needsFfmpeg);

let made: Uint8Array | null = null;
const film = (): Uint8Array => {
  made ??= makeStream({ seconds: 3 });
  return made;
};

const isStart = (packet: Uint8Array): boolean => ((packet[1] ?? 0) & 0x40) !== 0;
const payloadAt = (packet: Uint8Array): number => ((packet[3] ?? 0) & 0x20 ? 5 + (packet[4] ?? 0) : 4);

/** The same at every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A packet with nothing but an adaptation field; its counter does not go up. */
function fieldsOnly(packet: Uint8Array): Uint8Array {
  const only = new Uint8Array(PACKET).fill(0xff);
  only.set([0x47, (packet[1] ?? 0) & 31, packet[2] ?? 0, 0x20 | ((packet[3] ?? 0) & 15), 183, 0]);
  return only;
}

describe('read as if nothing was odd', () => {
  const noise = random(5);
  const CHANGES = [
    {
      name: 'no PES packet tells its length',
      change: (packet: Uint8Array) => {
        if (pidOf(packet) === SOUND && isStart(packet))
          packet.fill(0, payloadAt(packet) + 4, payloadAt(packet) + 6);
        return [packet];
      },
    },
    {
      name: 'counters that never count',
      change: (packet: Uint8Array) => {
        packet[3] = (packet[3] ?? 0) & 0xf0;
        return [packet];
      },
    },
    {
      name: 'packets of adaptation fields alone',
      change: (packet: Uint8Array) => [packet, fieldsOnly(packet), fieldsOnly(packet)],
    },
    {
      name: 'packets of noise between them',
      change: (packet: Uint8Array) => {
        const odd = Uint8Array.from({ length: PACKET }, () => noise(256));
        odd.set([0x47, 0x40 | (8 + noise(8)), noise(256), 0x10 | noise(16)]);
        return [packet, odd];
      },
    },
    {
      name: 'tables of another program by turns',
      change: (packet: Uint8Array, i: number) => {
        const other = new TsWriter().sections(0, pat([{ number: 9, pid: 900 }], i % 32)).bytes();
        return i > 100 && i % 50 === 0 ? [packet, other] : [packet];
      },
    },
  ];
  test.each(CHANGES)('$name', async ({ change }) => {
    const expected = contents(await readAll(await open(film())));
    expect(contents(await readAll(await open(eachPacket(film(), change))))).toEqual(expected);
  });

  test('a program map in twenty packets, that lists PIDs twice and those of tables', async () => {
    const descriptors = Array.from({ length: 14 }, () => [0xfe, 253, ...new Uint8Array(253)]).flat();
    const streams = [
      { type: 0x1b, pid: VIDEO },
      { type: 0x0f, pid: SOUND },
      { type: 0x03, pid: SOUND },
      { type: 0x1b, pid: VIDEO },
      { type: 0x06, pid: 0 },
      { type: 0x0f, pid: 0x1fff },
    ];
    const tables = program({ pcrPid: VIDEO, descriptors, streams }).bytes();
    expect(tables.length / PACKET).toBeGreaterThan(20);
    const file = concat([tables, film()]);
    const demuxer = await open(file);
    expect(demuxer.tracks.map(({ id, sourceCodec }) => [id, sourceCodec])).toEqual([
      [VIDEO, 'h264'],
      [SOUND, 'aac'],
    ]);
    expect(contents(await readAll(demuxer))).toEqual(contents(await readAll(await open(film()))));
  });

  test('PIDs that two programs share', async () => {
    const streams = [
      { type: 0x1b, pid: VIDEO },
      { type: 0x0f, pid: SOUND },
    ];
    const programs = [1, 2].map((number) => ({ number, pid: 1000 + number }));
    const tables = programs.reduce(
      (writer, { number, pid }) => writer.sections(pid, pmt({ program: number, pcrPid: VIDEO, streams })),
      new TsWriter().sections(0, pat(programs)),
    );
    const rest = eachPacket(film(), (packet) => ([0, PMT_PID].includes(pidOf(packet)) ? [] : [packet]));
    const expected = contents(await readAll(await open(film())));
    for (const { number } of programs) {
      const demuxer = await open(concat([tables.bytes(), rest]), { program: number });
      expect(contents(await readAll(demuxer))).toEqual(expected);
    }
  });
});

test('headers of PES packets with 255 bytes of stuffing lie over two packets', async () => {
  const stream = encodeStream('-c:a aac -f adts'.split(' '), [48_000, 2]);
  const writer = program({ pcrPid: SOUND, streams: [{ type: 0x0f, pid: SOUND }] });
  piecesOf(stream, 700).forEach((payload, i) => {
    const pes = pesPacket({ streamId: 0xc0, pts: 90_000 + i * 1800, payload });
    const head = pes.slice(0, 14);
    head[8] = 255;
    const length = 3 + 255 + payload.length;
    head.set([length >> 8, length & 255], 4);
    writer.pes(SOUND, concat([head, new Uint8Array(250).fill(0xff), payload]));
  });
  const samples = await readAll(await open(writer.bytes(), { asStored: true }));
  expect(samples.map(({ size }) => size)).toEqual(probedSizes(stream, 'aac'));
});

test('stamps nowhere: what it is can be told, but not when', async () => {
  const file = eachPacket(film(), (packet) => {
    const at = payloadAt(packet);
    if ([VIDEO, SOUND].includes(pidOf(packet)) && isStart(packet)) {
      packet[at + 7] = (packet[at + 7] ?? 0) & 0x3f;
      packet.fill(0xff, at + 9, at + 9 + (packet[at + 8] ?? 0));
    }
    return [packet];
  });
  const demuxer = await open(file);
  expect(demuxer.tracks.map(({ unreadable }) => unreadable)).toEqual([null, null]);
  expect(await readAll(demuxer)).toEqual([]);
});

test('lengths of pictures with their highest bits cut off', async () => {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=960x540:rate=25:duration=0.4,noise=alls=40:allf=t'];
  const encoder = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-qp',
    '4',
    '-bf',
    '0',
    '-g',
    '8',
    '-x264-params',
    'aud=1',
  ];
  const stream = new Uint8Array(
    run('ffmpeg', [...source, ...encoder, '-f', 'h264', '-'], new Uint8Array(0)).stdout,
  );
  const starts: number[] = [];
  for (let at = 0; at < stream.length; at++)
    if (stream[at + 4] === 9 && [0, 0, 0, 1].every((byte, i) => stream[at + i] === byte)) starts.push(at);
  const packed = (change: (pes: Uint8Array) => void): Uint8Array => {
    const streams = [{ type: 0x1b, pid: VIDEO }];
    const writer = program({ pcrPid: VIDEO, streams });
    starts.forEach((start, i) => {
      const payload = stream.subarray(start, starts[i + 1]);
      const pes = pesPacket({ streamId: 0xe0, pts: 90_000 + i * 3600, payload, isUnbounded: true });
      change(pes);
      writer.pes(VIDEO, pes);
    });
    return writer.bytes();
  };
  const whole = await readAll(await open(packed(() => {})));
  expect(whole).toHaveLength(10);
  expect(Math.max(...whole.map(({ size }) => size))).toBeGreaterThan(0x10000);
  const cut = packed((pes) => pes.set([((pes.length - 6) >> 8) & 255, (pes.length - 6) & 255], 4));
  expect(await readAll(await open(cut))).toEqual(whole);
});
