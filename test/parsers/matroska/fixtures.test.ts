import { readdirSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample } from '../../../src/core/contracts.ts';
import { fixture, type PacketRow, packetTable } from '../../helpers/fixtures.ts';
import { pieceSource, random, readAll, readFile, signal } from './reading.ts';

const files = readdirSync(new URL('../../../fixtures/', import.meta.url));
const names = files.filter((file) => /\.mk[va]$/.test(file)).map((file) => file.replace(/\.mk[va]$/, ''));

/** The container rounds to 1 ms. */
const PRECISION = 1_050_000;
/** ffprobe counts whole milliseconds from frame to frame of a lace, and so falls behind the codec's grid. */
const LACE_DRIFT = 3_000_000;

const crc = (data: Uint8Array): string => crc32(data).toString(16).padStart(8, '0');

interface Difference {
  readonly index: number;
  readonly what: string;
  readonly got: unknown;
  readonly expected: unknown;
}

/** Of two texts at once ffprobe calls the second no key. */
const withoutKeys = (found: readonly Difference[], kind: string): readonly Difference[] =>
  found.filter(({ what }) => kind !== 'subtitle' || what !== 'key');

/** @param delay codec delay that ffprobe has subtracted */
function differences(samples: readonly Sample[], rows: readonly PacketRow[], delay: number): Difference[] {
  return samples.flatMap((sample, index) => {
    const row = rows[index];
    if (!row) return [];
    const isFirstOfBlock = samples[index - 1]?.position !== sample.position;
    const allowed = isFirstOfBlock ? PRECISION : LACE_DRIFT;
    const checks: readonly (readonly [what: string, got: unknown, expected: unknown])[] = [
      ['size', sample.data.length, row.size],
      // The table has none where ffprobe writes side data before it.
      ['crc32', row.crc32 && crc(sample.data), row.crc32],
      ['key', sample.isKey, row.isKey],
      ['time', Math.abs(sample.time - delay - row.pts) <= allowed ? row.pts : sample.time, row.pts],
    ];
    return checks
      .filter(([, got, expected]) => got !== expected)
      .map(([what, got, expected]) => ({ index, what, got, expected }));
  });
}

const ofTrack = (demuxer: Demuxer, samples: readonly Sample[], stream: number): Sample[] =>
  samples.filter((sample) => sample.trackId === demuxer.tracks[stream]?.id);

describe.each(names)('%s', (name) => {
  test('gives the packets that ffprobe reads', async () => {
    const demuxer = await openMatroska(memorySource(fixture(name)), signal, { asStored: true });
    const { samples, skipped } = await readAll(demuxer);
    const table = packetTable(name);
    expect(skipped).toBe(0);
    for (const track of demuxer.tracks) {
      const rows = table.filter((row) => row.stream === track.index);
      const own = ofTrack(demuxer, samples, track.index);
      expect(own.length).toBe(rows.length);
      const delay = track.kind === 'audio' ? track.codecDelay : 0;
      expect(withoutKeys(differences(own, rows, delay), track.kind)).toEqual([]);
    }
    expect(samples.length).toBe(table.length);
  });

  test('gives the same samples in whatever pieces the bytes arrive', async () => {
    const file = fixture(name);
    const whole = await readFile(file);
    for (const seed of [1, 2]) {
      const next = random(seed);
      const source = pieceSource(file, () => Math.floor(next() ** 4 * 40_000));
      const pieces = await readAll(await openMatroska(source, signal));
      expect(pieces.skipped).toBe(0);
      expect(pieces.samples.length).toBe(whole.samples.length);
      const same = pieces.samples.every((sample, i) => isSame(sample, whole.samples[i]));
      expect(same).toBe(true);
    }
  });

  test('tells the head of a block before the block, and tells it truly', async () => {
    const file = fixture(name);
    const { samples, heads } = await readAll(
      await openMatroska(
        pieceSource(file, () => 150),
        signal,
      ),
    );
    const byPosition = new Map<number, Sample>();
    for (const sample of samples)
      if (!byPosition.has(sample.position)) byPosition.set(sample.position, sample);
    expect(heads.length).toBeGreaterThan(0);
    const wrong = heads.filter((head) => {
      const sample = byPosition.get(head.position);
      return sample?.trackId !== head.trackId || sample.time !== head.time || sample.entry !== head.entry;
    });
    expect(wrong).toEqual([]);
  });

  test('reads from any of its seek points what lies behind', async () => {
    const { demuxer, samples } = await readFile(fixture(name));
    for (const track of demuxer.tracks)
      for (const point of demuxer.seekPoints(track.id) ?? []) {
        const found = samples.find((sample) => sample.trackId === track.id && sample.time === point.time);
        expect(found).toMatchObject({ entry: point.position, isKey: true });
      }
  });
});

const isSame = (a: Sample, b: Sample | undefined): boolean =>
  b !== undefined &&
  a.trackId === b.trackId &&
  a.time === b.time &&
  a.duration === b.duration &&
  a.isKey === b.isKey &&
  a.position === b.position &&
  a.entry === b.entry &&
  Buffer.compare(a.data, b.data) === 0;

test('every fixture has its packet table', () => {
  expect(names.filter((name) => !files.includes(`${name}.packets.tsv`))).toEqual([]);
  expect(names.length).toBeGreaterThan(15);
});
