import { beforeEach, describe, expect, test } from 'vitest';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Sample } from '../../../src/core/contracts.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { pesPacket, tsPacket } from '../../helpers/ts-writer.ts';
import { inPieces } from '../../pipeline/serve.ts';
import { encodeStream, piecesOf, probedSizes } from './sound/streams.ts';
import {
  eachPacket,
  makeStream,
  NEVER,
  NULL_PACKET,
  open,
  PMT_PID,
  pidOf,
  program,
  readAll,
} from './streams.ts';

const VIDEO = 256;
const SOUND = 257;
const MEGABYTE = 1024 * 1024;

beforeEach(needsFfmpeg);

let made: Uint8Array | null = null;
const film = (): Uint8Array => {
  made ??= makeStream({ seconds: 3 });
  return made;
};

/** How many bytes had been read when the first sample of a track came, and all its samples. */
async function firstOf(
  file: Uint8Array,
  track: number,
): Promise<{ read: number; samples: readonly Sample[] }> {
  const demuxer = await open(inPieces(memorySource(file), 64 * 1024), { access: 'in order' });
  const tracks = new Set(demuxer.tracks.map(({ id }) => id));
  const samples: Sample[] = [];
  let read = 0;
  let first = Number.POSITIVE_INFINITY;
  for await (const batch of demuxer.samples(
    { start: 0, soft: file.length, end: file.length, tracks },
    NEVER,
  )) {
    read += 64 * 1024;
    const own = batch.samples.filter(({ trackId }) => trackId === track);
    if (own.length > 0) first = Math.min(first, read);
    samples.push(...own);
  }
  return { read: first, samples };
}

describe('what never becomes whole does not keep the others back for ever', () => {
  const OTHER = 600;
  const stuffed = () =>
    eachPacket(film(), (packet) => [packet, ...Array.from({ length: 48 }, () => NULL_PACKET)]);
  /** A frame of E-AC-3 with one block, of six that make a sample. */
  const block = concat([Uint8Array.of(0x0b, 0x77, 0, 31, 0x04, 0x80, 0xf8), new Uint8Array(57)]);
  test.each([
    { name: 'the beginning of a PES header', payload: Uint8Array.of(0, 0, 1, 0xc0) },
    { name: 'no byte of one', payload: new Uint8Array(0) },
    {
      name: 'a frame of which the end is missing',
      payload: pesPacket({ streamId: 0xc0, pts: 126_000, payload: block.subarray(0, 50) }),
    },
    {
      name: 'a part of a sample',
      payload: pesPacket({ streamId: 0xc0, pts: 126_000, payload: concat([block, block]) }),
    },
  ])('$name', async ({ payload }) => {
    const streams = [
      { type: 0x1b, pid: VIDEO },
      { type: 0x0f, pid: SOUND },
      { type: 0x87, pid: OTHER },
    ];
    const tables = program({ pcrPid: VIDEO, streams }).bytes();
    const rest = eachPacket(stuffed(), (packet) => ([0, PMT_PID].includes(pidOf(packet)) ? [] : [packet]));
    const file = concat([tables, tsPacket({ pid: OTHER, isStart: true, payload }), rest]);
    expect(file.length).toBeGreaterThan(6 * MEGABYTE);
    const { read, samples } = await firstOf(file, VIDEO);
    expect(read).toBeLessThan(4.2 * MEGABYTE);
    expect(samples).toHaveLength(75);
  });
});

test('a single PES packet of many megabytes', async () => {
  const second = encodeStream('-c:a aac -b:a 320k -f adts'.split(' '), [48_000, 2]);
  const count = Math.ceil((9 * MEGABYTE) / second.length);
  const payload = concat(Array.from({ length: count }, () => second));
  const file = program({ pcrPid: SOUND, streams: [{ type: 0x0f, pid: SOUND }] })
    .pes(SOUND, pesPacket({ streamId: 0xc0, pts: 90_000, payload, isUnbounded: true }))
    .bytes();
  const { read, samples } = await firstOf(file, SOUND);
  expect(read).toBeLessThan(5 * MEGABYTE);
  expect(samples.length).toBe(count * probedSizes(second, 'aac').length);
});

test.each([
  { name: 'start codes', unit: [0, 0, 1] },
  { name: 'delimiters', unit: [0, 0, 1, 9] },
  { name: 'first slices', unit: [0, 0, 1, 0x65, 0x88] },
  { name: 'zeros', unit: [0] },
  { name: 'parameter sets', unit: [0, 0, 1, 0x67, 0x42, 0, 30] },
])('nothing but $name: samples or none, soon', async ({ unit }) => {
  const payload = new Uint8Array(MEGABYTE / 4).map((_, i) => unit[i % unit.length] ?? 0);
  const streams = [{ type: 0x1b, pid: VIDEO }];
  const writer = program({ pcrPid: VIDEO, streams });
  piecesOf(payload, MEGABYTE / 16).forEach((part, i) => {
    writer.pes(
      VIDEO,
      pesPacket({ streamId: 0xe0, pts: 90_000 + 3600 * i, payload: part, isUnbounded: true }),
    );
  });
  const begun = performance.now();
  const samples = await readAll(await open(writer.bytes()));
  expect(samples.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(3 * payload.length);
  expect(performance.now() - begun).toBeLessThan(15_000);
});
