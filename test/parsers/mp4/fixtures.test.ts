import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import { packetTable } from '../../helpers/fixtures.ts';
import { byTrack, NEVER, readAll } from '../mpegts/streams.ts';

const hexadecimal = (sum: number): string => sum.toString(16).padStart(8, '0');

/** ffprobe's times have thirteen digits, in seconds. */
const NEAR = 1000;

describe.each([
  { name: 'progressive', tracks: 3 },
  { name: 'fragmented', tracks: 2 },
])('packets of $name are those of its table', ({ name, tracks }) => {
  const file = new Uint8Array(readFileSync(new URL(`../../../fixtures/${name}.mp4`, import.meta.url)));

  it.each(Array.from({ length: tracks }, (_, stream) => ({ stream })))('stream $stream', async ({
    stream,
  }) => {
    const demuxer = await openMp4(memorySource(file), NEVER, { asStored: true });
    const track = demuxer.tracks[stream];
    const samples = byTrack(await readAll(demuxer)).get(track?.id ?? 0) ?? [];
    // Frames in front of the edit are told as hidden, and left out here.
    const rows = packetTable(name).filter(
      (row) => row.stream === stream && (track?.kind === 'video' || row.pts + (row.duration ?? 0) > 0),
    );
    expect(samples.length).toBeGreaterThan(100);
    expect(samples.map(({ sum }) => hexadecimal(sum))).toEqual(rows.map(({ crc32 }) => crc32));
    expect(samples.map(({ isKey }) => isKey)).toEqual(rows.map(({ isKey }) => isKey));
    const apart = samples.map(({ time }, i) => Math.abs(time - (rows[i]?.pts ?? Number.NaN)));
    expect(Math.max(...apart)).toBeLessThan(NEAR);
  });
});
