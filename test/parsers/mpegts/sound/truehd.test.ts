import { beforeEach, describe, expect, test } from 'vitest';
import { crc32 } from '../../../../src/codecs/crc.ts';
import { concat } from '../../../../src/core/bytes.ts';
import { NANOSECONDS_PER_SECOND } from '../../../../src/core/time.ts';
import { needsFfmpeg, run } from '../../../helpers/ffmpeg.ts';
import { pat, pesPacket, pmt, TsWriter } from '../../../helpers/ts-writer.ts';
import { open, readAll } from '../streams.ts';
import { cutAt, encodeStream, identity, piecesOf, probedSizes, splitAll } from './streams.ts';

const RATE = 48_000;
const SAMPLES = 40;
/** Units from one major sync to the next, as ffmpeg's encoder has them. */
const GROUP = 16;

const NOTHING = new Uint8Array(0);

beforeEach(needsFfmpeg);

const trueHd = (channels = 2) =>
  encodeStream(['-c:a', 'truehd', '-strict', '-2', '-f', 'truehd'], [RATE, channels]);
const ac3 = () => encodeStream(['-c:a', 'ac3', '-f', 'ac3'], [RATE, 2]);

const units = (stream: Uint8Array): Uint8Array[] => {
  const sizes = probedSizes(stream, 'truehd');
  return cutAt(
    stream,
    sizes.slice(1).map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0)),
  );
};

/** The frame of AC-3 that is heard at the same time, before every so many units. */
const interleaved = (parts: readonly Uint8Array[], core: Uint8Array): Uint8Array =>
  concat(parts.flatMap((part, i) => (i % 38 === 5 ? [core, part] : [part])));

describe.each([2, 6])('%d channels', (channels) => {
  test('access units are those of ffmpeg, wherever payloads are cut', () => {
    const stream = trueHd(channels);
    const whole = splitAll('truehd', [stream]);
    expect(whole.frames.map(({ data }) => data.length)).toEqual(probedSizes(stream, 'truehd'));
    expect(whole.frames[0]?.format).toMatchObject({
      config: { codec: 'truehd' },
      sampleRate: RATE,
      channels,
      frameSize: SAMPLES,
    });
    for (const size of [184, 2930, 20_000])
      expect(identity(splitAll('truehd', piecesOf(stream, size)))).toEqual(identity(whole));
  });
});

test('AC-3 between them is left out', () => {
  const parts = units(trueHd());
  const core = ac3().subarray(0, 768);
  const stream = interleaved(parts, core);
  for (const payloads of [[stream], piecesOf(stream, 3000)]) {
    const { frames, skipped } = splitAll('truehd', payloads);
    expect(frames.map(({ data }) => data)).toEqual(parts);
    expect(skipped).toBe(0);
  }
});

test('a damaged header costs the units between two major syncs, and those of the next ones where it leads into them', () => {
  const parts = units(trueHd());
  const start = parts.slice(0, 40).reduce((sum, { length }) => sum + length, 0);
  const stream = concat(parts);
  const sums = (list: readonly Uint8Array[]) => list.map((part) => crc32(part));
  const expected = sums(parts);
  for (let bit = 0; bit < 32; bit++) {
    const damaged = stream.slice();
    damaged[start + (bit >> 3)] = (damaged[start + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
    const kept = sums(splitAll('truehd', piecesOf(damaged, 3000)).frames.map(({ data }) => data));
    expect(kept.slice(0, 2 * GROUP)).toEqual(expected.slice(0, 2 * GROUP));
    expect(kept.slice(-(parts.length - 5 * GROUP))).toEqual(expected.slice(5 * GROUP));
    expect(kept.length).toBeLessThanOrEqual(parts.length);
  }
});

describe('as Blu-ray has it', () => {
  const HDMV = [5, 4, 0x48, 0x44, 0x4d, 0x56];
  /** With stream_id_extension in an extension of the header. */
  const extended = (extension: number, pts: number, payload: Uint8Array): Uint8Array => {
    const plain = pesPacket({ streamId: 0xfd, pts, payload });
    const head = plain.slice(0, 14);
    head[7] = (head[7] ?? 0) | 1;
    head[8] = 8;
    const length = plain.length - 6 + 3;
    head.set([length >> 8, length & 255], 4);
    return concat([head, Uint8Array.of(0x0f, 0x81, extension), payload]);
  };

  test.each([
    { name: 'a PES packet for each', of: (payload: Uint8Array, pts: number) => extended(0x72, pts, payload) },
    {
      name: 'without extensions of the header',
      of: (payload: Uint8Array, pts: number) => pesPacket({ streamId: 0xfd, pts, payload }),
    },
  ])('$name', async ({ name, of }) => {
    const parts = units(trueHd());
    const core = ac3().subarray(0, 768);
    const isExtended = name.startsWith('a PES');
    const writer = new TsWriter()
      .sections(0, pat([{ number: 1, pid: 256 }]))
      .sections(256, pmt({ pcrPid: 4352, descriptors: HDMV, streams: [{ type: 0x83, pid: 4352 }] }));
    for (let i = 0; i < parts.length; i += 19) {
      const pts = 90_000 + i * 75;
      if (i % 38 === 0)
        writer.pes(
          4352,
          isExtended ? extended(0x76, pts, core) : pesPacket({ streamId: 0xfd, pts, payload: core }),
        );
      writer.pes(4352, of(concat(parts.slice(i, i + 19)), pts));
    }
    const file = writer.bytes();
    const demuxer = await open(file);
    expect(demuxer.tracks).toMatchObject([
      {
        kind: 'audio',
        sourceCodec: 'truehd',
        decodeOnly: { codec: 'truehd' },
        frameSize: SAMPLES,
        unreadable: null,
      },
    ]);
    const samples = await readAll(demuxer);
    expect(samples.map(({ size }) => size)).toEqual(parts.map(({ length }) => length));
    const times = samples.map(({ time }) => Math.round((time / NANOSECONDS_PER_SECOND) * RATE));
    expect(times).toEqual(parts.map((_, i) => RATE + i * SAMPLES));
    const from = 188 * 40;
    const rest = await readAll(demuxer, from);
    expect(rest.length).toBeGreaterThan(parts.length / 2);
    expect(rest).toEqual(samples.slice(-rest.length));
  });

  test("ffmpeg's muxer: the samples decode to what was encoded", async () => {
    const tone = ['-f', 'lavfi', '-i', 'sine=sample_rate=48000:duration=1', '-ac', '2'];
    const encode = [...tone, '-c:a', 'truehd', '-strict', '-2', '-f', 'mpegts', '-'];
    const file = run('ffmpeg', encode, NOTHING).stdout;
    const demuxer = await open(new Uint8Array(file));
    const parts: Uint8Array[] = [];
    const query = { start: 0, soft: file.length, end: file.length, tracks: new Set([256]) };
    for await (const { samples } of demuxer.samples(query, new AbortController().signal))
      parts.push(...samples.map(({ data }) => data));
    const pcm = ['-f', 's16le', '-'];
    const decoded = run('ffmpeg', ['-f', 'truehd', '-i', '-', ...pcm], concat(parts)).stdout;
    expect(parts).toHaveLength(1200);
    expect(decoded.equals(run('ffmpeg', [...tone, ...pcm], NOTHING).stdout)).toBe(true);
  });
});
