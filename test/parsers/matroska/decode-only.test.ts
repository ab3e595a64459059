import { beforeEach, describe, expect, test } from 'vitest';
import { Master } from '../../../parsers/matroska/ebml.ts';
import { readTracks } from '../../../parsers/matroska/tracks.ts';
import { soundSamples } from '../../../src/codecs/decode-only.ts';
import { BitReader } from '../../../src/core/bits.ts';
import type { AudioTrack, Track } from '../../../src/core/media.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { bytesOf } from '../../helpers/hex.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { readFile } from './reading.ts';

const audioOf = (track: Track | undefined): AudioTrack => {
  if (track?.kind !== 'audio') throw new Error('no audio');
  return track;
};

const open = async (file: Uint8Array) => {
  const { demuxer, samples } = await readFile(file);
  return { track: audioOf(demuxer.tracks[0]), samples };
};

/** A tone of 0.3 s that starts late, so that blocks of Vorbis differ in length. */
const encoded = (rate: number, channels: number, options: readonly string[]): Uint8Array => {
  const source = `sine=r=${rate}:d=0.3,adelay=100`;
  const input = ['-f', 'lavfi', '-i', source, '-ac', `${channels}`];
  const output = [...options, '-strict', '-2', '-f', 'matroska', 'pipe:1'];
  const { stdout, stderr } = run('ffmpeg', [...input, ...output], new Uint8Array());
  if (stdout.length === 0) throw new Error(stderr);
  return Uint8Array.from(stdout);
};

/** Samples of each frame that ffmpeg decodes. */
const decodedSamples = (file: Uint8Array): number[] => {
  const options = ['-show_entries', 'frame=nb_samples', '-of', 'default=nk=1:nw=1', 'pipe:0'];
  return run('ffprobe', options, file).stdout.toString().trim().split('\n').map(Number);
};

/** One stereo track at 48 kHz; the reader of tracks takes the content of Tracks. */
const soundTrack = (codec: string, audio: w.Content = [], data?: Uint8Array): Uint8Array =>
  w.audioTrack({ number: 1, codec, rate: 48_000, channels: 2, audio, ...(data && { private: data }) });

const fileOf = (entry: Uint8Array, frames: readonly Uint8Array[], ...blocks: readonly w.Content[]) =>
  w.matroska(
    w.info(),
    w.tracks(entry),
    w.cluster(
      0,
      frames.map((frame, i) => w.simpleBlock({ track: 1, time: i * 10, isKey: true }, frame)),
      ...blocks,
    ),
  );

const none = { record: new Uint8Array(0) };
const pcm = (encoding: string, bits: number, isBigEndian: boolean, channels: number) => ({
  ...{ codec: 'pcm', ...none, format: { encoding, bits, isBigEndian }, channels },
});

describe('as ffmpeg writes and decodes it', () => {
  beforeEach(needsFfmpeg);

  const row = (
    codec: string,
    [rate, channels]: readonly [number, number],
    frameSize: number | null,
    decodeOnly: object,
  ) => ({ codec, rate, channels, frameSize, decodeOnly });

  test.each([
    row('dca', [48_000, 6], 512, { codec: 'dts', ...none }),
    row('dca', [44_100, 2], 512, { codec: 'dts', ...none }),
    row('truehd', [48_000, 6], 40, { codec: 'truehd', ...none }),
    row('truehd', [96_000, 2], 80, { codec: 'truehd', ...none }),
    row('mlp', [44_100, 2], 40, { codec: 'truehd', ...none }),
    row('mp2', [48_000, 2], 1152, { codec: 'mp2' }),
    row('mp2', [24_000, 1], 1152, { codec: 'mp2' }),
    row('pcm_u8', [8000, 1], null, pcm('unsigned', 8, false, 1)),
    row('pcm_s16le', [44_100, 2], null, pcm('signed', 16, false, 2)),
    row('pcm_s16be', [48_000, 1], null, pcm('signed', 16, true, 1)),
    row('pcm_s24le', [96_000, 2], null, pcm('signed', 24, false, 2)),
    row('pcm_s24be', [48_000, 6], null, pcm('signed', 24, true, 6)),
    row('pcm_s32le', [48_000, 2], null, pcm('signed', 32, false, 2)),
    row('pcm_f32le', [48_000, 2], null, pcm('float', 32, false, 2)),
    row('pcm_f64le', [48_000, 1], null, pcm('float', 64, false, 1)),
    row('pcm_alaw', [8000, 1], null, pcm('alaw', 8, false, 1)),
    row('pcm_mulaw', [16_000, 2], null, pcm('mulaw', 8, false, 2)),
  ])('$codec, $channels at $rate', async ({ codec, rate, channels, frameSize, decodeOnly }) => {
    const file = encoded(rate, channels, ['-c:a', codec]);
    const { track, samples } = await open(file);
    expect(track).toMatchObject({ configs: [], unreadable: null, frameStep: null, decodeOnly });
    expect([track.sampleRate, track.channels, track.frameSize]).toEqual([rate, channels, frameSize]);
    const lengths = samples.map(({ data }) => soundSamples(track, data) ?? track.frameSize);
    expect(lengths).toEqual(decodedSamples(file));
    const isMp2 = track.decodeOnly?.codec === 'mp2';
    expect(track.decodeOnly?.record).toEqual(samples[0]?.data.slice(0, isMp2 ? 4 : 0));
  });

  test.each([
    { codec: 'libvorbis', rate: 48_000, channels: 2, step: 64 },
    { codec: 'libvorbis', rate: 8000, channels: 1, step: 256 },
    { codec: 'vorbis', rate: 44_100, channels: 2, step: 1024 },
  ])('$codec, $channels at $rate', async ({ codec, rate, channels, step }) => {
    const file = encoded(rate, channels, ['-c:a', codec]);
    const { track } = await open(file);
    expect(track).toMatchObject({ configs: [], decodeOnly: { codec: 'vorbis' }, frameSize: null });
    expect([track.sampleRate, track.channels, track.frameStep]).toEqual([rate, channels, step]);
    expect(track.decodeOnly?.record[0]).toBe(2);
    // The last one is cut to the end of the sound.
    const lengths = decodedSamples(file).slice(0, -1);
    expect(lengths.length).toBeGreaterThan(5);
    const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
    expect(lengths.reduce(divisor)).toBe(step);
  });

  /** Words of a core low byte first; the bits of a core in words of 14, their sign repeated. */
  const swapped = (frame: Uint8Array) => frame.map((_, i) => frame[i ^ 1] ?? 0);
  const in14 = (frame: Uint8Array) => {
    const bits = new BitReader(frame);
    const words = Array.from({ length: Math.ceil((frame.length * 8) / 14) }, () => {
      const left = Math.min(14, bits.remaining);
      return bits.u(left) << (14 - left);
    });
    return Uint8Array.from(words.flatMap((word) => [(word >> 8) | (word & 0x2000 ? 0xc0 : 0), word & 255]));
  };
  test.each([
    { name: '16 bits, low byte first', repack: swapped },
    { name: '14 bits, high byte first', repack: in14 },
    { name: '14 bits, low byte first', repack: (frame: Uint8Array) => swapped(in14(frame)) },
  ])('DTS in words of $name', async ({ repack }) => {
    const { samples } = await open(encoded(48_000, 2, ['-c:a', 'dca']));
    const file = fileOf(
      soundTrack('A_DTS'),
      samples.map(({ data }) => repack(data)),
    );
    const { track } = await open(file);
    expect(track).toMatchObject({ decodeOnly: { codec: 'dts' }, sampleRate: 48_000, channels: 2 });
    expect(decodedSamples(file)).toEqual(samples.map(() => track.frameSize));
  });
});

describe('the frames decide', () => {
  const MP3 = { configs: [{ codec: 'mp3' }], decodeOnly: null, sampleRate: 44_100, frameSize: 1152 };
  const MP2 = { configs: [], decodeOnly: { codec: 'mp2' }, sampleRate: 48_000, frameSize: 1152 };
  const MP1 = { configs: [], decodeOnly: { codec: 'mp2' }, sampleRate: 44_100, frameSize: 384 };

  test.each(
    ['A_MPEG/L1', 'A_MPEG/L2', 'A_MPEG/L3'].flatMap((id) => [
      { id, header: 'fffb9064', expected: MP3 },
      { id, header: 'fffda404', expected: MP2 },
      { id, header: 'ffffe000', expected: MP1 },
    ]),
  )('$id with $header', async ({ id, header, expected }) => {
    expect((await open(fileOf(soundTrack(id), [bytesOf(header)]))).track).toMatchObject(expected);
  });

  test.each(['A_TRUEHD', 'A_MLP'])('%s begins between major syncs', async (id) => {
    const units = ['a012004d', 'a012004dffff', '6038ffd8f8726fba80008001b752'].map(bytesOf);
    const { track } = await open(fileOf(soundTrack(id), units));
    const expected = { decodeOnly: { codec: 'truehd' }, sampleRate: 44_100, frameSize: 40 };
    expect(track).toMatchObject(expected);
  });

  const CORE = '7ffe8001fc3c75b276c005380009ef7bdeff';
  test.each(['A_DTS', 'A_DTS/EXPRESS', 'A_DTS/LOSSLESS'])('%s with and without a core', async (id) => {
    const hd = bytesOf(`${CORE}64582025`);
    const { track } = await open(fileOf(soundTrack(id), [hd]));
    expect(track).toMatchObject({ decodeOnly: { codec: 'dts' }, channels: 6, unreadable: null });
    const { track: express } = await open(fileOf(soundTrack(id), [bytesOf('64582025'), bytesOf('64582025')]));
    expect(express).toMatchObject({ configs: [], decodeOnly: null, unreadable: expect.any(String) });
  });
});

describe('what PCM is', () => {
  const depth = (bits: number) => w.uint(w.ID.BitDepth, bits);
  /** WAVEFORMATEX of stereo at 48 kHz. */
  const wave = (tag: string, bits: string, extra = '') =>
    bytesOf(`${tag} 0200 80bb0000 00000000 0000 ${bits} ${extra}`);
  const EXTENSIBLE = '1600 1800 03000000 0100000000001000800000aa00389b71';
  const ofEntry = (id: string, audio: w.Content, data?: Uint8Array) =>
    audioOf(readTracks(new Master(soundTrack(id, audio, data), 0))[0]?.track);

  test.each([
    { id: 'A_PCM/INT/LIT', audio: depth(8), expected: pcm('unsigned', 8, false, 2) },
    { id: 'A_PCM/INT/BIG', audio: depth(8), expected: pcm('unsigned', 8, true, 2) },
    { id: 'A_PCM/INT/BIG', audio: depth(32), expected: pcm('signed', 32, true, 2) },
    { id: 'A_MS/ACM', data: wave('0100', '0800'), expected: pcm('unsigned', 8, false, 2) },
    { id: 'A_MS/ACM', data: wave('0100', '1800'), expected: pcm('signed', 24, false, 2) },
    { id: 'A_MS/ACM', data: wave('0100', '1400'), expected: pcm('signed', 24, false, 2) },
    { id: 'A_MS/ACM', audio: depth(16), data: wave('0100', '1800'), expected: pcm('signed', 16, false, 2) },
    { id: 'A_MS/ACM', data: wave('feff', '1800', EXTENSIBLE), expected: pcm('signed', 24, false, 2) },
    { id: 'A_MS/ACM', data: wave('0300', '4000'), expected: pcm('float', 64, false, 2) },
    { id: 'A_MS/ACM', audio: depth(16), data: wave('0600', '1000'), expected: pcm('alaw', 8, false, 2) },
    { id: 'A_MS/ACM', data: wave('0700', '0800'), expected: pcm('mulaw', 8, false, 2) },
  ])('$id: $expected.format', ({ id, audio = [], data, expected }) => {
    const track = ofEntry(id, audio, data);
    expect(track).toMatchObject({ configs: [], decodeOnly: expected, sampleRate: 48_000, channels: 2 });
    const tracks = soundTrack(id, audio, data);
    expectMediaErrors(tracks, (bytes) => readTracks(new Master(bytes, 0)));
  });

  test.each([
    { id: 'A_PCM/INT/LIT', audio: depth(20), reason: 'PCM (integer) with 20 bits in a sample' },
    { id: 'A_PCM/INT/LIT', audio: [], reason: 'PCM (integer) with no bits in a sample' },
    { id: 'A_PCM/INT/LIT', audio: [], data: wave('0100', '1000'), reason: 'PCM (integer) with no bits' },
    { id: 'A_PCM/INT/BIG', audio: depth(0), reason: 'PCM (integer) with 0 bits in a sample' },
    { id: 'A_PCM/FLOAT/IEEE', audio: depth(16), reason: 'PCM (float) with 16 bits in a sample' },
    { id: 'A_MS/ACM', audio: [], data: wave('0100', '0000'), reason: 'PCM (integer) with 0 bits' },
  ])('$id is refused: $reason', ({ id, audio, data, reason }) => {
    const track = ofEntry(id, audio, data);
    expect(track).toMatchObject({ decodeOnly: null, unreadable: expect.stringContaining(reason) });
  });

  test.each([0, 256])('%d channels are refused', (channels) => {
    const entry = w.audioTrack({
      number: 1,
      codec: 'A_PCM/INT/LIT',
      rate: 48_000,
      channels,
      audio: depth(16),
    });
    const [read] = readTracks(new Master(entry, 0));
    expect(read?.track.unreadable).toBe(`PCM with ${channels} channels`);
  });

  test('frames of a lace last as long as their bytes say', async () => {
    const frames = [480, 960, 240].map((samples) => new Uint8Array(samples * 4));
    const block = w.simpleBlock({ track: 1, time: 7, isKey: true, lacing: 'xiph' }, ...frames);
    const { samples } = await open(fileOf(soundTrack('A_PCM/INT/LIT', depth(16)), [], block));
    const times = samples.map(({ time, duration }) => [time / 1e6, (duration ?? 0) / 1e6]);
    expect(times).toEqual([
      [7, 10],
      [17, 20],
      [37, 5],
    ]);
  });
});

test.each([
  { id: 'A_DTS', frame: '7ffe8001fc3c75b276c005380009ef7bdeff' },
  { id: 'A_TRUEHD', frame: '6038ffd8f8726fba80008001b752' },
  { id: 'A_MPEG/L2', frame: 'fffda404' },
])('any change of a first frame: $id', ({ id, frame }) => {
  const [read] = readTracks(new Master(soundTrack(id), 0));
  expect(read?.complete?.(bytesOf(frame), true)).not.toBeNull();
  expectMediaErrors(bytesOf(frame), (bytes) => read?.complete?.(bytes, true));
});
