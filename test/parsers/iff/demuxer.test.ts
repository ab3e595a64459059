import { beforeEach, describe, expect, test } from 'vitest';
import { openChunkedSound, scoreChunkedSound } from '../../../parsers/iff/demuxer.ts';
import { createPcmDecoder } from '../../../src/audio/pcm-decoder.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Source } from '../../../src/core/contracts.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import {
  expectSameFromAnywhere,
  loopedSource,
  makeSound,
  NEVER,
  pieces,
  read,
  remade,
} from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

const open = (source: Source) => openChunkedSound(source, NEVER);
const wav = (codec: string, ...options: string[]) => ['-c:a', codec, ...options, '-f', 'wav'];

/** The first channel as our decoder hears it. */
async function decoded(demuxer: Demuxer): Promise<Float32Array> {
  const [track] = demuxer.tracks;
  const config = track?.kind === 'audio' ? track.decodeOnly : null;
  if (track?.kind !== 'audio' || config?.codec !== 'pcm') throw new Error('No PCM');
  const { format, channels } = config;
  const decoder = createPcmDecoder(format, { rate: track.sampleRate, channels });
  const { start, end } = demuxer.payload;
  const parts: number[] = [];
  for await (const { samples } of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, NEVER))
    for (const { data } of samples) parts.push(...(decoder.decode(data, 0)?.channels[0] ?? []));
  return Float32Array.from(parts);
}

function byFfmpeg(file: Uint8Array): Float32Array {
  const bytes = remade(file, ['-map_channel', '0.0.0', '-c:a', 'pcm_f32le', '-f', 'f32le']);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

interface Row {
  readonly name: string;
  readonly container: string;
  readonly codec: string;
  readonly output: readonly string[];
  readonly rate?: number;
  readonly channels?: number;
}

const ROWS: readonly Row[] = [
  { name: 'WAV of 8 bits', container: 'wav', codec: 'pcm_u8', output: wav('pcm_u8') },
  { name: 'WAV of 16 bits', container: 'wav', codec: 'pcm_s16le', output: wav('pcm_s16le') },
  {
    name: 'WAV of 24 bits, 5.1',
    container: 'wav',
    codec: 'pcm_s24le',
    output: wav('pcm_s24le'),
    rate: 96_000,
    channels: 6,
  },
  { name: 'WAV of 32 bits', container: 'wav', codec: 'pcm_s32le', output: wav('pcm_s32le') },
  { name: 'WAV of floats', container: 'wav', codec: 'pcm_f32le', output: wav('pcm_f32le') },
  { name: 'WAV of long floats', container: 'wav', codec: 'pcm_f64le', output: wav('pcm_f64le') },
  {
    name: 'WAV of A-law',
    container: 'wav',
    codec: 'pcm_alaw',
    output: wav('pcm_alaw'),
    rate: 8000,
    channels: 1,
  },
  {
    name: 'WAV of µ-law',
    container: 'wav',
    codec: 'pcm_mulaw',
    output: wav('pcm_mulaw'),
    rate: 8000,
    channels: 1,
  },
  { name: 'RF64', container: 'wav', codec: 'pcm_s16le', output: wav('pcm_s16le', '-rf64', 'always') },
  { name: 'Wave64', container: 'w64', codec: 'pcm_s24le', output: ['-c:a', 'pcm_s24le', '-f', 'w64'] },
  { name: 'AIFF', container: 'aiff', codec: 'pcm_s16be', output: ['-c:a', 'pcm_s16be', '-f', 'aiff'] },
  {
    name: 'AIFF of 24 bits',
    container: 'aiff',
    codec: 'pcm_s24be',
    output: ['-c:a', 'pcm_s24be', '-f', 'aiff'],
    rate: 96_000,
  },
  { name: 'AIFF of 8 bits', container: 'aiff', codec: 'pcm_s8', output: ['-c:a', 'pcm_s8', '-f', 'aiff'] },
  {
    name: 'AIFF-C, low byte first',
    container: 'aiff',
    codec: 'pcm_s16le',
    output: ['-c:a', 'pcm_s16le', '-f', 'aiff'],
  },
  {
    name: 'AIFF-C of floats',
    container: 'aiff',
    codec: 'pcm_f32be',
    output: ['-c:a', 'pcm_f32be', '-f', 'aiff'],
  },
  {
    name: 'AIFF-C of µ-law',
    container: 'aiff',
    codec: 'pcm_mulaw',
    output: ['-c:a', 'pcm_mulaw', '-f', 'aiff'],
    rate: 8000,
    channels: 1,
  },
];

describe.each(ROWS)('$name', ({ container, codec, output, rate = 44_100, channels = 2 }) => {
  const seconds = 1.5;
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= makeSound({
      output: [...output, '-metadata', 'title=A title', '-metadata', 'artist=Them'],
      rate,
      channels,
      seconds,
    });
    return made;
  };

  test('says what it is', async () => {
    expect(scoreChunkedSound(file())).toBe(0.95);
    const demuxer = await open(memorySource(file()));
    expect(demuxer).toMatchObject({
      container,
      duration: seconds * 1e9,
      tracks: [
        { kind: 'audio', sourceCodec: codec, sampleRate: rate, channels, frameSize: null, unreadable: null },
      ],
    });
    if (container !== 'w64') expect(demuxer.info?.title).toBe('A title');
  });

  test('holds the samples that ffmpeg reads of it', async () => {
    const own = await decoded(await open(memorySource(file())));
    const theirs = byFfmpeg(file());
    expect(own.length).toBe(theirs.length);
    const off = own.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? 9))), 0);
    expect(off).toBeLessThan(1e-6);
  });

  test('is the same from anywhere, in pieces that begin where they say', async () => {
    await expectSameFromAnywhere(open, pieces(file(), 3000));
    const demuxer = await open(memorySource(file()));
    const { samples, skipped } = await read(demuxer);
    expect(skipped).toBe(0);
    samples.forEach(({ time }, i) => {
      expect(Math.abs(time - (i * 4096 * 1e9) / rate)).toBeLessThanOrEqual(1);
    });
  });
});

describe('lengths that are not to be believed', () => {
  const file = () => makeSound({ output: wav('pcm_s16le'), seconds: 1 });
  const lengthAt = (bytes: Uint8Array) =>
    bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 4)) === 'data') + 4;

  test.each([0, 0xffffffff, 0xfffffff0])('%i bytes of sound', async (length) => {
    const bytes = file();
    new DataView(bytes.buffer).setUint32(lengthAt(bytes), length, true);
    expect((await open(memorySource(bytes))).duration).toBe(1e9);
  });

  test('more than there are, in the middle of a sample', async () => {
    const cut = file().subarray(0, -3);
    const demuxer = await open(memorySource(cut));
    expect(demuxer.duration).toBe(Math.round((44_099 * 1e9) / 44_100));
    expect((await read(demuxer)).samples.at(-1)?.size).toBe(((44_099 % 4096) * 16 * 2) / 8);
  });

  test('in order, the end is told by the file or not at all', async () => {
    const source = (bytes: Uint8Array) => ({ ...memorySource(bytes), size: Number.MAX_SAFE_INTEGER });
    const told = await openChunkedSound(source(file()), NEVER, { access: 'in order' });
    expect(told.duration).toBe(1e9);
    const bytes = file();
    new DataView(bytes.buffer).setUint32(lengthAt(bytes), 0xffffffff, true);
    const untold = await openChunkedSound(source(bytes), NEVER, { access: 'in order' });
    expect(untold.duration).toBeNull();
    expect(untold.seekPoints(1)).toBeNull();
    expect((await read(untold)).samples).toEqual((await read(told)).samples);
  });
});

test('five gigabytes open with three requests', async () => {
  const head = makeSound({ output: wav('pcm_s16le', '-rf64', 'always'), seconds: 0.5 });
  const at = head.findIndex((_, i) => String.fromCharCode(...head.subarray(i, i + 4)) === 'ds64');
  const size = 5_000_000_000 - (5_000_000_000 % 4) + 80;
  new DataView(head.buffer).setBigUint64(at + 16, BigInt(size - 80), true);
  const source = loopedSource(head, new Uint8Array(4096), size);
  const demuxer = await open(source);
  expect(source.reads.length).toBeLessThanOrEqual(3);
  expect((demuxer.duration ?? 0) / 1e9).toBeCloseTo((size - 80) / 4 / 44_100, 0);
  const point = demuxer.seekPoints(1)?.at(-1);
  const { samples } = await read(demuxer, { start: point?.position ?? 0 });
  expect(samples[0]?.time).toBe(point?.time);
  const last = samples.at(-1);
  expect(Math.abs((last?.time ?? 0) + (last?.duration ?? 0) - (demuxer.duration ?? 0))).toBeLessThanOrEqual(
    1,
  );
});
