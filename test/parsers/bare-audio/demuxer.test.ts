import { beforeEach, describe, expect, test } from 'vitest';
import { openBareAudio, scoreBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import {
  expectProbed,
  expectSameFromAnywhere,
  makeSound,
  NEVER,
  pieces,
  probed,
  read,
  type SoundOptions,
} from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

interface Row extends SoundOptions {
  readonly name: string;
  readonly codec: string;
  readonly frame: number;
  /** ffprobe counts in its own units. */
  readonly tolerance?: number;
}

const mp3 = (...options: string[]) => ['-c:a', 'libmp3lame', ...options, '-f', 'mp3'];
const BARE = ['-write_xing', '0', '-id3v2_version', '0'];

const ROWS: readonly Row[] = [
  { name: 'MP3, constant, Info and ID3v2', output: mp3('-b:a', '128k'), codec: 'mp3', frame: 1152 },
  { name: 'MP3, variable', output: mp3('-q:a', '3', '-metadata', 'title=T'), codec: 'mp3', frame: 1152 },
  { name: 'MP3 without Info', output: mp3('-b:a', '96k', ...BARE), codec: 'mp3', frame: 1152 },
  { name: 'MP3 with ID3v1', output: mp3('-q:a', '5', '-write_id3v1', '1'), codec: 'mp3', frame: 1152 },
  {
    name: 'MP3 of MPEG-2, mono',
    output: mp3('-b:a', '48k'),
    rate: 22_050,
    channels: 1,
    codec: 'mp3',
    frame: 576,
  },
  { name: 'MP3 of MPEG-2.5', output: mp3('-b:a', '16k'), rate: 8000, channels: 1, codec: 'mp3', frame: 576 },
  { name: 'MP2', output: ['-c:a', 'mp2', '-f', 'mp2'], codec: 'mp2', frame: 1152 },
  { name: 'AAC', output: ['-c:a', 'aac', '-f', 'adts'], codec: 'aac', frame: 1024 },
  {
    name: 'AAC 5.1',
    output: ['-c:a', 'aac', '-f', 'adts'],
    rate: 48_000,
    channels: 6,
    codec: 'aac',
    frame: 1024,
  },
  {
    name: 'AAC whose first frame alone tells the channels',
    output: ['-c:a', 'aac', '-f', 'adts'],
    channels: 4,
    layout: 'quad',
    codec: 'aac',
    frame: 1024,
  },
  {
    name: 'AAC behind ID3v2',
    output: ['-c:a', 'aac', '-write_id3v2', '1', '-metadata', 'title=T', '-f', 'adts'],
    codec: 'aac',
    frame: 1024,
  },
  {
    name: 'AC-3 5.1',
    output: ['-c:a', 'ac3', '-f', 'ac3'],
    rate: 48_000,
    channels: 6,
    codec: 'ac3',
    frame: 1536,
  },
  {
    name: 'AC-3 at 44.1 kHz',
    output: ['-c:a', 'ac3', '-f', 'ac3'],
    codec: 'ac3',
    frame: 1536,
    tolerance: 0.01,
  },
  { name: 'E-AC-3', output: ['-c:a', 'eac3', '-f', 'eac3'], rate: 48_000, codec: 'eac3', frame: 1536 },
  {
    name: 'DTS',
    output: ['-c:a', 'dca', '-strict', '-2', '-f', 'dts'],
    rate: 48_000,
    channels: 6,
    codec: 'dts',
    frame: 512,
  },
];

const open = (source: Source) => openBareAudio(source, NEVER);

describe.each(ROWS)('$name', ({ codec, frame, tolerance, rate = 44_100, channels = 2, ...row }) => {
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= makeSound({ ...row, rate, channels });
    return made;
  };

  test('is recognised, and read as ffprobe does', async () => {
    expect(scoreBareAudio(file().subarray(0, 256 * 1024))).toBeGreaterThanOrEqual(0.8);
    const demuxer = await openBareAudio(memorySource(file()), NEVER, { asStored: true });
    expect(demuxer.tracks).toMatchObject([
      { kind: 'audio', sourceCodec: codec, sampleRate: rate, channels, frameSize: frame },
    ]);
    const { samples, skipped } = await read(demuxer);
    expect(skipped).toBe(0);
    expectProbed(samples, probed(file()), tolerance);
  });

  test('times count samples, and the last frame ends the file', async () => {
    const demuxer = await open(memorySource(file()));
    const { samples } = await read(demuxer);
    const [first] = samples;
    samples.forEach(({ time }, i) => {
      expect(Math.abs(time - (first?.time ?? 0) - (i * frame * 1e9) / rate)).toBeLessThanOrEqual(1);
    });
    const last = samples.at(-1);
    expect(Math.abs((last?.time ?? 0) + (last?.duration ?? 0) - (demuxer.duration ?? 0))).toBeLessThanOrEqual(
      1,
    );
    expect(demuxer.statistics.get(1)?.frames).toBe(samples.length);
  });

  test('is the same from anywhere and in any pieces', async () => {
    await expectSameFromAnywhere(open, pieces(file(), 4096));
    const whole = await read(await open(memorySource(file())));
    for (const size of [13, 997, 65_536]) expect(await read(await open(pieces(file(), size)))).toEqual(whole);
  });

  test('is read in order without its end', async () => {
    const source = { ...memorySource(file()), size: Number.MAX_SAFE_INTEGER };
    const demuxer = await openBareAudio(source, NEVER, { access: 'in order' });
    expect(demuxer.duration).toBeNull();
    expect(demuxer.seekPoints(1)).toBeNull();
    const { samples } = await read(demuxer);
    const { samples: whole } = await read(await open(memorySource(file())));
    // Padding is known where the end is.
    expect(samples.slice(0, whole.length - 1)).toEqual(whole.slice(0, -1));
    expect(samples.length - whole.length).toBeLessThan(3);
  });
});

test('a file that is cut off ends with its last whole frame', async () => {
  const file = makeSound({ output: mp3('-b:a', '128k', ...BARE) });
  const whole = await read(await open(memorySource(file)));
  const cut = await read(await open(memorySource(file.subarray(0, -100))));
  expect(cut.samples).toEqual(whole.samples.slice(0, -1));
  expect(cut.skipped).toBeGreaterThan(0);
});

test('two files in one are one', async () => {
  const file = makeSound({
    output: mp3('-b:a', '64k', '-write_xing', '0', '-metadata', 'title=T', '-write_id3v1', '1'),
  });
  const one = await read(await open(memorySource(file)));
  const { samples, skipped } = await read(await open(memorySource(concat([file, file]))));
  expect(skipped).toBe(0);
  expect(samples.map(({ crc }) => crc)).toEqual([...one.samples, ...one.samples].map(({ crc }) => crc));
});

test('layer I', async () => {
  // 384 kbit/s at 44.1 kHz, now and then with a slot more
  const frames = Array.from({ length: 30 }, (_, i) => {
    const frame = new Uint8Array(i % 3 === 0 ? 420 : 416);
    frame.set([0xff, 0xff, i % 3 === 0 ? 0xc2 : 0xc0, 0]);
    return frame;
  });
  const demuxer = await open(memorySource(concat(frames)));
  expect(demuxer.tracks).toMatchObject([
    { sourceCodec: 'mp2', sampleRate: 44_100, channels: 2, frameSize: 384 },
  ]);
  const { samples, skipped } = await read(demuxer);
  expect(skipped).toBe(0);
  expect(samples.map(({ size }) => size)).toEqual(frames.map(({ length }) => length));
});
