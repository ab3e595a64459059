import { beforeEach, describe, expect, test } from 'vitest';
import { scoreBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { openFlac, scoreFlac } from '../../../parsers/flac/demuxer.ts';
import { nextHeader } from '../../../parsers/flac/frame-walker.ts';
import { createFlacDecoder } from '../../../src/audio/flac-decoder.ts';
import { dfLaRecord, parseStreamInfo } from '../../../src/codecs/flac.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { mutantOf } from '../../helpers/mutants.ts';
import {
  expectProbed,
  expectSameFromAnywhere,
  loopedSource,
  makeSound,
  NEVER,
  pieces,
  probed,
  read,
  type SoundOptions,
} from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

const open = (source: Source) => openFlac(source, NEVER);
const flac = (...options: string[]) => ['-c:a', 'flac', '-sample_fmt', 's16', ...options, '-f', 'flac'];

interface Row extends SoundOptions {
  readonly name: string;
  readonly bits: number;
}

const ROWS: readonly Row[] = [
  { name: '16 bits', output: flac('-metadata', 'title=A title', '-metadata', 'artist=Them'), bits: 16 },
  { name: '24 bits, 5.1', output: flac('-sample_fmt', 's32'), rate: 96_000, channels: 6, bits: 24 },
  { name: 'mono of a rate of its own', output: flac(), rate: 12_345, channels: 1, bits: 16 },
  { name: 'short frames', output: flac('-frame_size', '256'), bits: 16 },
];

describe.each(ROWS)('$name', ({ bits, rate = 44_100, channels = 2, ...row }) => {
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= makeSound({ ...row, rate, channels });
    return made;
  };

  test('is recognised, and read as ffprobe does', async () => {
    expect(scoreFlac(file())).toBe(0.95);
    const demuxer = await open(memorySource(file()));
    expect(demuxer).toMatchObject({
      container: 'flac',
      duration: 2e9,
      tracks: [{ kind: 'audio', sourceCodec: 'flac', sampleRate: rate, channels }],
    });
    const [track] = demuxer.tracks;
    const record = track?.kind === 'audio' ? track.configs[0]?.record : undefined;
    expect(parseStreamInfo(record?.subarray(4) ?? new Uint8Array(0)).bitsPerSample).toBe(bits);
    const { samples, skipped } = await read(demuxer);
    expect(skipped).toBe(0);
    expectProbed(samples, probed(file()));
    const last = samples.at(-1);
    expect((last?.time ?? 0) + (last?.duration ?? 0)).toBe(2e9);
  });

  test('is the same from anywhere and in any pieces', async () => {
    await expectSameFromAnywhere(open, pieces(file(), 4096));
    const whole = await read(await open(memorySource(file())));
    for (const size of [611, 65_536]) expect(await read(await open(pieces(file(), size)))).toEqual(whole);
  });

  test('is read in order', async () => {
    const source = { ...memorySource(file()), size: Number.MAX_SAFE_INTEGER };
    const demuxer = await openFlac(source, NEVER, { access: 'in order' });
    expect(demuxer.seekPoints(1)).toBeNull();
    expect(await read(demuxer)).toEqual(await read(await open(memorySource(file()))));
  });
});

/** Metadata blocks behind STREAMINFO, by type and content, then the frames of a file. */
function withBlocks(file: Uint8Array, blocks: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const frames = framesOf(file);
  const parts = blocks.map(([type, content], i) => {
    const last = i === blocks.length - 1 ? 0x80 : 0;
    const { length } = content;
    return concat([Uint8Array.of(type | last, length >> 16, (length >> 8) & 255, length & 255), content]);
  });
  const head = file.slice(0, 42);
  head[4] = 0;
  return concat([head, ...parts, frames]);
}

function framesOf(file: Uint8Array): Uint8Array {
  const at = nextHeader(file, 42, parseStreamInfo(file.subarray(8, 42)));
  return file.subarray(at ?? 0);
}

const padding = (size: number) => [1, new Uint8Array(size)] as const;

function table(points: readonly (readonly [number, number])[]): readonly [number, Uint8Array] {
  const content = new Uint8Array(points.length * 18);
  const view = new DataView(content.buffer);
  points.forEach(([sample, offset], i) => {
    view.setBigUint64(i * 18, BigInt(sample));
    view.setBigUint64(i * 18 + 8, BigInt(offset));
  });
  return [3, content];
}

describe('metadata', () => {
  const file = makeOnce(() => makeSound({ output: flac() }));

  test('pictures of megabytes are passed over by their length, and named', async () => {
    const text = (value: string) =>
      concat([Uint8Array.of(0, 0, 0, value.length), new TextEncoder().encode(value)]);
    const size = Uint8Array.of(0, 0x30, 0, 0);
    const picture = concat([
      ...[Uint8Array.of(0, 0, 0, 3), text('image/png'), text('Front'), new Uint8Array(16), size],
      new Uint8Array(3 * 2 ** 20),
    ]);
    const bytes = withBlocks(file(), [[6, picture], [6, picture], padding(9)]);
    const source = pieces(bytes, 65_536);
    const demuxer = await open(source);
    expect(demuxer.info?.attachments).toEqual(
      Array(2).fill({ name: 'Front', type: 'image/png', bytes: 3 * 2 ** 20 }),
    );
    const front = source.reads.filter(({ end }) => end <= demuxer.payload.start);
    expect(front.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(300_000);
    expect((await read(demuxer)).samples.length).toBe(
      (await read(await open(memorySource(file())))).samples.length,
    );
  });

  test('comments', async () => {
    const demuxer = await open(memorySource(makeSound({ output: ROWS[0]?.output ?? [] })));
    expect(demuxer.info).toMatchObject({
      title: 'A title',
      tags: expect.arrayContaining([{ name: 'ARTIST', value: 'Them' }]),
    });
    expect(demuxer.info?.writingApp).toMatch(/^Lavf/);
  });

  test('a table whose points are right is the index', async () => {
    const frames = (await read(await open(memorySource(file())))).samples;
    const start = frames[0]?.position ?? 0;
    const points = frames.filter((_, i) => i % 4 === 0);
    const right = points.map(
      ({ time, position }) => [Math.round((time * 44_100) / 1e9), position - start] as const,
    );
    const placeholder = [2 ** 53, 0] as const;
    const demuxer = await open(memorySource(withBlocks(file(), [table([...right, placeholder])])));
    expect(demuxer.seekPoints(1)?.map(({ time }) => time)).toEqual(points.map(({ time }) => time));
    await expectSameFromAnywhere(open, memorySource(withBlocks(file(), [table(right)])));
  });

  test('a table whose points are wrong is none', async () => {
    const demuxer = await open(
      memorySource(
        withBlocks(file(), [
          table([
            [0, 0],
            [4608, 7],
            [46_080, 1000],
          ]),
        ]),
      ),
    );
    const points = demuxer.seekPoints(1) ?? [];
    expect(points).toHaveLength(2);
    for (const { time, position } of points)
      expect((await read(demuxer, { start: position })).samples[0]).toMatchObject({ time, position });
  });

  test('behind ID3v2 it is FLAC too', async () => {
    const bytes = concat([Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 20), new Uint8Array(20), file()]);
    expect(scoreBareAudio(bytes)).toBe(0.9);
    expect((await read(await open(memorySource(bytes)))).samples.length).toBeGreaterThan(10);
  });
});

test('a large file without a table has no index, but places that can be found by their content', async () => {
  const file = makeSound({ output: flac() });
  const frames = framesOf(file);
  const head = file.subarray(0, file.length - frames.length);
  const source = loopedSource(head, frames, 70 * 2 ** 20);
  const demuxer = await open(source);
  expect(demuxer.seekPoints(1)).toBeNull();
  expect(source.reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(2 ** 20);
  const { samples } = await read(await open(memorySource(file)));
  const places = samples.map(({ position }) => position);
  for (const from of [0, 5000, 20_000]) {
    const bytes = file.subarray(places[0]);
    const next = places.find((position) => position - (places[0] ?? 0) >= from) ?? 0;
    expect(demuxer.resync(bytes, from)).toBe(next - (places[0] ?? 0));
  }
});

describe('damage', () => {
  const file = makeOnce(() => makeSound({ seconds: 1, output: flac('-frame_size', '1024') }));

  test('of a header costs two frames, and the rest keep their times', async () => {
    const { samples: whole } = await read(await open(memorySource(file())));
    const bytes = file().slice();
    const at = (whole[9]?.position ?? 0) + 3;
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    const { samples, skipped } = await read(await open(memorySource(bytes)));
    expect(samples.map(({ time }) => time)).toEqual(
      whole.filter((_, i) => i !== 8 && i !== 9).map(({ time }) => time),
    );
    expect(skipped).toBe((whole[8]?.size ?? 0) + (whole[9]?.size ?? 0));
    await expectSameFromAnywhere(open, pieces(bytes, 999));
  });

  test('of what is in a frame costs none', async () => {
    const { samples: whole } = await read(await open(memorySource(file())));
    const bytes = file().slice();
    bytes.fill(0xff, (whole[5]?.position ?? 0) + 40, (whole[5]?.position ?? 0) + 80);
    const { samples, skipped } = await read(await open(memorySource(bytes)));
    expect(samples.map(({ time, size }) => ({ time, size }))).toEqual(
      whole.map(({ time, size }) => ({ time, size })),
    );
    expect(skipped).toBe(0);
  });

  test('frames that are missing leave a hole', async () => {
    const { samples: whole } = await read(await open(memorySource(file())));
    const [from = 0, to = 0] = [6, 9].map((i) => whole[i]?.position);
    const bytes = concat([file().subarray(0, from), file().subarray(to)]);
    const { samples } = await read(await open(memorySource(bytes)));
    expect(samples.map(({ time }) => time)).toEqual(
      whole.filter((_, i) => i < 6 || i > 8).map(({ time }) => time),
    );
  });

  test('a file that is cut off ends with its last whole frame', async () => {
    const { samples: whole } = await read(await open(memorySource(file())));
    const { samples, skipped } = await read(await open(memorySource(file().subarray(0, -9))));
    expect(samples).toEqual(whole.slice(0, -1));
    expect(skipped).toBe((whole.at(-1)?.size ?? 0) - 9);
  });

  test('of anything: it is read, or refused with a reason', async () => {
    const { samples } = await read(await open(memorySource(file())));
    const places = samples.map(({ position }) => position);
    for (let seed = 0; seed < 100; seed++)
      try {
        await read(await open(memorySource(mutantOf(file(), seed, places))));
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(MediaError);
      }
  });

  test('frames are what a decoder wants', async () => {
    const demuxer = await open(memorySource(file()));
    const streamInfoBlock = file().subarray(8, 42);
    const decoder = await createFlacDecoder(
      dfLaRecord({ streamInfoBlock, streamInfo: parseStreamInfo(streamInfoBlock) }),
    );
    const { start, end } = demuxer.payload;
    let heard = 0;
    for await (const batch of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, NEVER))
      for (const { data } of batch.samples) heard += decoder.decode(data, 0)?.channels[0]?.length ?? 0;
    expect(heard).toBe(44_100);
  });
});

function makeOnce(make: () => Uint8Array): () => Uint8Array {
  let made: Uint8Array | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
