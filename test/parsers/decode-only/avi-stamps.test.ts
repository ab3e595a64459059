import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { bitmapInfo } from '../../../src/codecs/bitmap-info.ts';
import { parseMpeg4Layer, splitMpeg4, VOP_TYPE } from '../../../src/codecs/mpeg4-headers.ts';
import { BitWriter } from '../../../src/core/bits.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { SampleHead } from '../../../src/core/contracts.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { decoded, makeFilm, milliseconds, openFilm, rewrapped, samplesOf } from './files.ts';

/** MPEG-4 as AVI has it, in Matroska: stamps in the order of decoding, and packets of several pictures. */

const STEP = 40;

interface Packet {
  readonly data: Uint8Array;
  /** Milliseconds; as many steps as there are packets before when absent. */
  readonly time?: number;
  readonly isKey?: boolean;
}

interface Avi {
  readonly packets: readonly Packet[];
  readonly header: Uint8Array;
  readonly fourcc?: string;
}

/** A cluster a packet. */
function aviInMatroska({ packets, header, fourcc = 'XVID' }: Avi): Uint8Array {
  const bitmap = bitmapInfo(new TextEncoder().encode(fourcc), { width: 96, height: 64 });
  const entry = w.videoTrack({
    ...{ number: 1, codec: 'V_MS/VFW/FOURCC', private: concat([bitmap, header]) },
    ...{ width: 96, height: 64, defaultDuration: STEP * 1e6 },
  });
  const clusters = packets.map(({ data, time, isKey }, i) => {
    const block = w.element(w.ID.SimpleBlock, w.hex(`81 0000 ${isKey ? '80' : '00'}`), data);
    return w.element(w.ID.Cluster, w.uint(w.ID.Timestamp, time ?? i * STEP), block);
  });
  return w.bytes(w.ebmlHead(), w.element(w.ID.Segment, [w.info(), w.tracks(entry), ...clusters]));
}

/** A picture that only says that the one before stays. */
const placeholder = (resolution: number): Uint8Array => {
  const bits = new BitWriter().u(VOP_TYPE.p, 2).u(0, 1).u(1, 1);
  bits
    .u(0, 32 - Math.clz32(resolution - 1))
    .u(1, 1)
    .u(0, 1);
  return concat([Uint8Array.of(0, 0, 1, 0xb6), bits.align().bytes(), Uint8Array.of(0x7f)]);
};

async function source() {
  const options = ['-c:v', 'mpeg4', '-bf', '2', '-g', '9'];
  const film = await openFilm('mkv', makeFilm({ container: 'mkv', seconds: 0.8, options }));
  const header = film.decodeOnly.codecPrivate;
  const resolution = parseMpeg4Layer(header)?.resolution ?? 0;
  const pictures = film.samples.map(({ data, time, isKey }) => ({
    ...{ data, isKey, time: milliseconds(time) },
    isB: splitMpeg4(data, resolution)[0]?.type === VOP_TYPE.b,
  }));
  return { film, header, resolution, pictures };
}

type Source = Awaited<ReturnType<typeof source>>;

/** A picture with the first one that is shown before it in one packet, and a placeholder behind the last such one. */
function packed({ pictures, resolution }: Source): Packet[] {
  const packets: Packet[] = [];
  for (const [i, { data, isB, isKey }] of pictures.entries()) {
    const follows = pictures[i + 1]?.isB === true;
    if (!isB) packets.push({ isKey, data: follows ? concat([data, pictures[i + 1]?.data ?? data]) : data });
    else if (pictures[i - 1]?.isB) packets.push({ data });
    if (isB && !follows) packets.push({ data: placeholder(resolution) });
  }
  return packets;
}

describe('MPEG-4 of AVI: presentation times', () => {
  const WAYS: readonly { readonly name: string; readonly packetsOf: (source: Source) => Packet[] }[] = [
    {
      name: 'in the order of decoding',
      packetsOf: ({ pictures }) => pictures.map(({ data, isKey }) => ({ data, isKey })),
    },
    { name: 'of a packed bitstream', packetsOf: packed },
    { name: 'that are right already', packetsOf: ({ pictures }) => pictures },
  ];

  test.for(WAYS)('$name', async ({ packetsOf }, context) => {
    needsFfmpeg(context);
    const made = await source();
    const packets = packetsOf(made);
    const read = await openFilm('mkv', aviInMatroska({ packets, header: made.header }));
    expect(read.samples.map(({ time }) => milliseconds(time))).toEqual(made.pictures.map(({ time }) => time));
    expect(read.samples.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
      made.pictures.map(({ data }) => Buffer.from(data).toString('hex')),
    );
    expect(read.decodeOnly).toMatchObject({ codec: 'mpeg4', codecId: 'V_MPEG4/ISO/ASP' });
    expect(read.track.sourceCodec).toBe('V_MS/VFW/FOURCC XVID');
    expect(decoded(rewrapped(read)).sums).toEqual(decoded(rewrapped(made.film)).sums);
    const key = read.samples.findLast(({ isKey }) => isKey);
    const rest = await samplesOf(read.demuxer, 1, key?.entry);
    expect(rest).toEqual(read.samples.filter(({ position }) => position >= (key?.position ?? 0)));
  });

  test('headers that stand in front of the first picture alone', async (context) => {
    needsFfmpeg(context);
    const { header, pictures } = await source();
    const packets = pictures.map(({ data, isKey }, i) => ({
      isKey,
      data: i === 0 ? concat([header, data]) : data,
    }));
    const { decodeOnly } = await openFilm('mkv', aviInMatroska({ packets, header: new Uint8Array(0) }));
    expect(Buffer.from(decodeOnly.codecPrivate).toString('hex')).toBe(Buffer.from(header).toString('hex'));
  });

  test('a picture that waits for its time is told while it waits', async (context) => {
    needsFfmpeg(context);
    const { header, pictures } = await source();
    const demuxer = await openMatroska(memorySource(aviInMatroska({ packets: pictures, header })), signal);
    const { start } = demuxer.payload;
    const end = start + (pictures[0]?.data.length ?? 0) + 60;
    const heads: (SampleHead | null)[] = [];
    for await (const { samples, next } of demuxer.samples(
      { start, soft: end, end, tracks: new Set([1]) },
      signal,
    )) {
      expect(samples).toEqual([]);
      heads.push(next);
    }
    expect(heads.at(-1)).toMatchObject({ time: 0, isKey: true, prefix: pictures[0]?.data });
  });
});

const signal = new AbortController().signal;
