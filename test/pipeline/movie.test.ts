import { describe, expect, test } from 'vitest';
import { openMp4 } from '../../parsers/mp4/demuxer.ts';
import { concat, memorySource } from '../../src/core/bytes.ts';
import type { Sequence } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { openMovie } from '../../src/pipeline/live/movie.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture, packetTable } from '../helpers/fixtures.ts';
import { byTrack, readAll } from '../parsers/mpegts/streams.ts';
import { counted, inChunks, OPTIONS } from './live-serve.ts';
import { boxes, only } from './mp4-reader.ts';
import { NEVER } from './serve.ts';

interface Written {
  readonly bytes: Uint8Array;
  readonly omitted: readonly string[];
}

async function movieOf(sequence: Sequence, options: { readonly audio?: string[] } = {}): Promise<Written> {
  const { chunks, omitted } = await openMovie(sequence, { ...OPTIONS, ...options }, NEVER);
  const parts: Uint8Array[] = [];
  for await (const list of chunks) parts.push(...list);
  return { bytes: concat(parts), omitted };
}

const sequenceOf = (name: string, size = 50_000) => counted(() => inChunks(fixture(name), size));

const hashOf = (sum: number): string => sum.toString(16).padStart(8, '0');

/** CRCs of the packets of each track of an MKV fixture, in file order. */
function storedPackets(name: string): string[][] {
  const rows = packetTable(name);
  const streams = [...new Set(rows.map(({ stream }) => stream))].sort();
  return streams.map((stream) => rows.filter((row) => row.stream === stream).map((row) => row.crc32));
}

/** Those whose samples are the same in both containers and whose sound has no holes. */
const ROWS = ['bframes-aac', 'two-languages', 'av1-eac3', 'audio-only', 'hevc', 'open-gop', 'ac3', 'no-cues'];

describe('one file of all tracks, in one pass', () => {
  test.each(ROWS)('%s: every packet in its order; sound may be filled to the end', async (name) => {
    const { bytes, omitted } = await movieOf(sequenceOf(name));
    const demuxer = await openMp4(memorySource(bytes), NEVER);
    const samples = byTrack(await readAll(demuxer));
    const written = demuxer.tracks.map(({ id }) => (samples.get(id) ?? []).map(({ sum }) => hashOf(sum)));
    const stored = storedPackets(name);
    expect(written.map((hashes, i) => hashes.slice(0, stored[i]?.length))).toEqual(stored);
    for (const [i, hashes] of written.entries())
      expect(hashes.length - (stored[i]?.length ?? 0)).toBeLessThanOrEqual(2);
    expect(omitted).toEqual([]);
  });

  test('the same bytes however they arrive', async () => {
    const [small, large] = await Promise.all([
      movieOf(sequenceOf('bframes-aac', 1000)),
      movieOf(sequenceOf('bframes-aac', 1 << 20)),
    ]);
    expect(small.bytes).toEqual(large.bytes);
  });

  test('fragments are numbered and lie by time; the table at the end tells where pictures can be begun with', async () => {
    const { bytes } = await movieOf(sequenceOf('bframes-aac'));
    const list = boxes(bytes);
    const types = list.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['ftyp', 'moov']);
    expect(types.at(-1)).toBe('mfra');
    const sequences = list
      .filter(({ type }) => type === 'moof')
      .map(({ data }) => new DataView(only(data, 'mfhd').slice().buffer).getUint32(4));
    expect(sequences.length).toBeGreaterThan(40);
    expect(sequences).toEqual(sequences.map((_, i) => i + 1));
    const demuxer = await openMp4(memorySource(bytes), NEVER);
    const [video] = demuxer.tracks;
    const points = demuxer.seekPoints(video?.id ?? 0) ?? [];
    expect(points.length).toBeGreaterThan(2);
    for (const { time, position } of points) {
      const samples = await readAll(demuxer, position);
      expect(samples[0]).toMatchObject({ trackId: video?.id, time, isKey: true });
    }
  });

  test('of two languages the first is played, both can be chosen', async () => {
    const { bytes } = await movieOf(sequenceOf('two-languages'));
    const moov = boxes(bytes)[1]?.data ?? new Uint8Array();
    const headers = boxes(moov)
      .filter(({ type }) => type === 'trak')
      .map(({ data }) => only(data, 'tkhd'))
      .map((tkhd) => ({ flags: tkhd[3], alternates: tkhd[35] }));
    expect(headers).toEqual([
      { flags: 3, alternates: 0 },
      { flags: 3, alternates: 2 },
      { flags: 2, alternates: 2 },
    ]);
  });

  test('what is left out is told', async () => {
    const { omitted } = await movieOf(sequenceOf('two-languages'), { audio: ['none'] });
    expect(omitted).toHaveLength(2);
    expect(omitted[0]).toMatch(/^audio 1: /);
  });

  test('input is read no faster than the file is taken', async () => {
    const sequence = sequenceOf('demo', 1000);
    const { chunks } = await openMovie(sequence, OPTIONS, NEVER);
    await chunks.next();
    await chunks.next();
    expect(sequence.state.pulled).toBeLessThan(fixture('demo').length / 4);
    await chunks.return(undefined);
    expect(sequence.state.running).toBe(0);
  });

  test('an input that fails: what came before is given, then the reason is told', async () => {
    const file = fixture('demo');
    const sequence = counted(function* () {
      yield* inChunks(file.subarray(0, file.length * 0.9), 5000);
      throw new MediaError('upstream', 'the line is dead');
    });
    const { chunks } = await openMovie(sequence, OPTIONS, NEVER);
    let size = 0;
    const reading = async () => {
      for await (const list of chunks) for (const part of list) size += part.length;
    };
    await expect(reading()).rejects.toThrow('the line is dead');
    expect(size).toBeGreaterThan(file.length * 0.75);
  });

  test('FFmpeg plays it to the end, and finds a place in it', (context) => {
    needsFfmpeg(context);
    return movieOf(sequenceOf('bframes-aac')).then(({ bytes }) => {
      const whole = run('ffmpeg', ['-xerror', '-i', 'pipe:', '-f', 'null', '-'], bytes);
      expect(whole.stderr).toBe('');
    });
  });
});
