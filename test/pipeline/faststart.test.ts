import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, memorySource } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { type Faststart, openFaststart } from '../../src/pipeline/faststart.ts';
import { SKIPPED } from '../helpers/chromium.ts';
import { hasFfmpeg } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { box, fullBox, serialize, u32, u64 } from '../parsers/mp4/movie-writer.ts';
import { boxes, only } from './mp4-reader.ts';
import { NEVER } from './serve.ts';

function inFolder<T>(name: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-faststart-'));
  try {
    return use(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const make = (name: string, ...options: readonly string[]): Uint8Array =>
  inFolder(name, (path) => {
    const pictures = ['-f', 'lavfi', '-i', 'testsrc2=size=160x96:rate=25:duration=6'];
    const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=6'];
    const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-c:a', 'aac'];
    execFileSync('ffmpeg', ['-v', 'error', ...pictures, ...tone, ...codecs, ...options, path]);
    return new Uint8Array(readFileSync(path));
  });

async function bytesOf(file: Faststart, start = 0, end = file.size): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of file.read({ start, end }, NEVER)) parts.push(part);
  return concat(parts);
}

const open = (bytes: Uint8Array) => openFaststart(memorySource(bytes), NEVER);
const typesOf = (bytes: Uint8Array) => boxes(bytes).map(({ type }) => type);

const SHOWN = ['-show_packets', '-show_data_hash', 'crc32', '-of', 'csv', '-show_entries'];

/** Stamps, sizes and hashes of all packets, in file order. A pipe cannot be sought in: what is late is late for good. */
const packetsOf = (bytes: Uint8Array): string[] =>
  inFolder('film.mp4', (path) => {
    writeFileSync(path, bytes);
    const fields = 'packet=stream_index,pts,dts,duration,size,flags,data_hash';
    const rows = execFileSync('ffprobe', ['-v', 'error', ...SHOWN, fields, path]).toString();
    return rows
      .trim()
      .split('\n')
      .map((row) => row.replace(/,*$/, ''));
  });

describe.skipIf(!hasFfmpeg)(`the movie box in front${hasFfmpeg ? '' : `: ${SKIPPED}`}`, () => {
  let late: Uint8Array;
  beforeAll(() => {
    late = make('late.mp4');
  });

  it('moves nothing else', async () => {
    const file = await open(late);
    const bytes = await bytesOf(file);
    expect(typesOf(late)).toEqual(['ftyp', 'free', 'mdat', 'moov']);
    expect(typesOf(bytes)).toEqual(['ftyp', 'free', 'moov', 'mdat']);
    expect([bytes.length, file.size]).toEqual([late.length, late.length]);
    expect(Buffer.from(only(bytes, 'mdat')).equals(only(late, 'mdat'))).toBe(true);
  });

  it('is what ffmpeg makes of the same file', async () => {
    const bytes = await bytesOf(await open(late));
    const front = make('front.mp4', '-movflags', '+faststart');
    expect(packetsOf(bytes)).toEqual(packetsOf(front));
    expect(packetsOf(bytes).length).toBeGreaterThan(400);
  });

  it.each([
    ['QuickTime', 'late.mov', []],
    ['tracks one behind the other', 'late.mp4', ['-max_interleave_delta', '0', '-fflags', '+shortest']],
    ['boxes behind the movie box', 'late.mp4', ['-write_tmcd', '1', '-metadata', 'title=x']],
  ])('%s: every packet as before', async (_, name, options) => {
    const before = make(name, ...options);
    const after = await bytesOf(await open(before));
    expect(typesOf(after).indexOf('moov')).toBeLessThan(typesOf(after).indexOf('mdat'));
    expect(packetsOf(after).sort()).toEqual(packetsOf(before).sort());
  });

  it('gives any range of itself', async () => {
    const file = await open(late);
    const whole = await bytesOf(file);
    const places = [0, 1, 31, 40, 48, 1000, 5000, 9000, whole.length - 1, whole.length];
    for (const start of places)
      for (const end of places.filter((place) => place >= start))
        expect(Buffer.from(await bytesOf(file, start, end)).equals(whole.subarray(start, end))).toBe(true);
  });

  it('leaves alone what is so already', async () => {
    const front = make('front.mp4', '-movflags', '+faststart');
    expect(Buffer.from(await bytesOf(await open(front))).equals(front)).toBe(true);
  });
});

describe('a movie box in front', () => {
  const chunkOffsets = (...offsets: readonly number[]) =>
    fullBox({ type: 'stco', version: 0, flags: 0 }, u32(offsets.length, ...offsets));
  const movie = (table: Parameters<typeof box>[1]) =>
    serialize(box('moov', box('trak', box('mdia', box('minf', box('stbl', table ?? u32()))))));

  const headers = (count: number, type: string, sizeOf: (i: number) => number): Uint8Array => {
    const bytes = Buffer.alloc(8 * count);
    for (let i = 0; i < count; i++) {
      bytes.writeUInt32BE(sizeOf(i), 8 * i);
      bytes.write(type, 8 * i + 4, 'latin1');
    }
    return bytes;
  };
  const nested = (depth: number) => headers(depth, 'trak', (i) => 8 * (depth - i));
  const beside = (count: number) => headers(count, 'free', () => 8);

  it('leaves alone what points out of the file, and moves what lies behind it', async () => {
    const far = 0xffff_ffff;
    const bytes = serialize(box('ftyp', u32(0)), box('mdat', u32(1)), movie(chunkOffsets(20, 30, far, 90)));
    const behind = concat([bytes, serialize(box('mdat', u32(2)))]);
    const front = await bytesOf(await open(behind));
    expect(typesOf(front)).toEqual(['ftyp', 'moov', 'mdat', 'mdat']);
    const stco = only(front, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stco');
    const offsets = Array.from({ length: 4 }, (_, i) => Buffer.from(stco).readUInt32BE(8 + 4 * i));
    const size = 5 * 8 + 16 + 4 * 4;
    // The second one points into the movie box, the last one behind it.
    expect([size, offsets]).toEqual([front.length - behind.length + size, [20 + size, 30, far, 90]]);
  });

  /** A film whose media end where `size` says, and its movie box behind them. */
  function sparse(size: number, moov: Uint8Array): Source {
    const front = serialize(
      box('ftyp', u32(0)),
      u32(1),
      new Uint8Array([...'mdat'].map((c) => c.charCodeAt(0))),
      u64(size - 12),
    );
    return {
      size: size + moov.length,
      async *read({ start, end }) {
        const bytes = new Uint8Array(end - start);
        for (const [at, part] of [
          [0, front],
          [size, moov],
        ] as const)
          for (let i = Math.max(start, at); i < Math.min(end, at + part.length); i++)
            bytes[i - start] = part[i - at] ?? 0;
        yield bytes;
      },
    };
  }

  it('has offsets of 64 bits where 32 are too few', async () => {
    const size = 2 ** 32 - 10;
    const source = sparse(size, movie(chunkOffsets(28, 2 ** 32 - 100)));
    const file = await openFaststart(source, NEVER);
    const moov = await bytesOf(file, 12, 12 + 8 + 5 * 8 + 24);
    const shift = moov.length;
    const table = Buffer.from(moov.subarray(moov.length - 24 - 8 + 8));
    expect(boxes(moov).map(({ type }) => type)).toEqual(['moov']);
    expect(moov.includes(0x63) && Buffer.from(moov).includes('co64')).toBe(true);
    expect([table.readBigUInt64BE(8), table.readBigUInt64BE(16)]).toEqual([
      BigInt(28 + shift),
      BigInt(2 ** 32 - 100 + shift),
    ]);
    expect(file.size).toBe(size + shift);
  });

  it.each([
    ['Matroska', () => fixture('bframes-aac'), 'unsupported', /Only an MP4 file/],
    [
      'no movie box',
      () => serialize(box('ftyp', u32(0)), box('free', u32(1))),
      'unsupported',
      /one movie box/,
    ],
    [
      'a table that is cut off',
      () =>
        serialize(
          box('ftyp', u32(0)),
          box('mdat', u32(1)),
          movie(fullBox({ type: 'stco', version: 0, flags: 0 }, u32(9, 1))),
        ),
      'corrupt',
      /chunk offsets is cut off/,
    ],
    [
      'boxes within boxes within boxes',
      () => serialize(box('ftyp', u32(0)), box('mdat', u32(1)), box('moov', nested(100_000))),
      'corrupt',
      /Boxes in 16 boxes/,
    ],
    [
      'boxes beside boxes beside boxes',
      () => serialize(box('ftyp', u32(0)), box('mdat', u32(1)), box('moov', beside(200_000))),
      'corrupt',
      /More than 1024 boxes in a moov/,
    ],
    [
      'samples in fragments',
      () => serialize(box('ftyp', u32(0)), box('mdat', u32(1)), box('moov', box('mvex')), box('moof')),
      'unsupported',
      /in fragments/,
    ],
    [
      'a compressed movie box',
      () => serialize(box('ftyp', u32(0)), box('mdat', u32(1)), box('moov', box('cmov', u32(0)))),
      'unsupported',
      /compressed/,
    ],
  ])('is not made of %s', async (_, bytes, code, message) => {
    await expect(open(bytes())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
