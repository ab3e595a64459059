import { beforeEach, describe, expect, test } from 'vitest';
import { openBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { openChunkedSound } from '../../../parsers/iff/demuxer.ts';
import { openDtsDecoder } from '../../../src/audio/dts-decoder.ts';
import { createModules } from '../../../src/audio/modules.ts';
import { BitReader } from '../../../src/core/bits.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Source } from '../../../src/core/contracts.ts';
import { loadText } from '../../audio/wasm/node-loader.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import {
  expectProbed,
  expectSameFromAnywhere,
  makeSound,
  NEVER,
  pieces,
  probed,
  read,
} from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

const open = (source: Source) => openChunkedSound(source, NEVER);
const wav = (codec: string, ...options: string[]) => ['-c:a', codec, ...options, '-f', 'wav'];

describe('frames in WAV', () => {
  test.each([
    { name: 'MP3', output: wav('libmp3lame', '-b:a', '128k'), codec: 'mp3', reader: 'mp3' },
    { name: 'AC-3', output: wav('ac3'), codec: 'ac3', reader: 'ac3' },
    { name: 'MP2', output: wav('mp2'), codec: 'mp2', reader: 'mp3' },
  ])('$name', async ({ output, codec, reader }) => {
    const file = makeSound({ output, rate: 48_000 });
    const demuxer = await openChunkedSound(memorySource(file), NEVER, { asStored: true });
    expect(demuxer).toMatchObject({ container: 'wav', tracks: [{ sourceCodec: codec }] });
    const { start, end } = demuxer.payload;
    expectProbed((await read(demuxer)).samples, probed(file.subarray(start, end), ['-f', reader]));
    await expectSameFromAnywhere(open, pieces(file, 5000));
  });

  const dts = () =>
    makeSound({ output: ['-c:a', 'dca', '-b:a', '768k', '-strict', '-2', '-f', 'dts'], rate: 48_000 });

  test('DTS', async () => {
    const file = inWave(dts(), 0x2001);
    const demuxer = await open(memorySource(file));
    expect(demuxer.tracks).toMatchObject([{ sourceCodec: 'dts', sampleRate: 48_000 }]);
    expectProbed((await read(demuxer)).samples, probed(dts(), ['-f', 'dts']));
  });

  test.each([
    { name: 'words of 14 bits', bits: 14, isPadded: true },
    { name: 'words of 14 bits without padding', bits: 14, isPadded: false },
    { name: 'words of 16 bits', bits: 16, isPadded: true },
  ])('DTS that passes for samples: $name', async ({ bits, isPadded }) => {
    const plain = await openBareAudio(memorySource(dts()), NEVER);
    const frames = (await bytesOf(plain)).map((frame) => asWords(frame, bits, isPadded ? 2048 : 0));
    const silence = new Uint8Array(4000);
    const file = inWave(concat([silence, ...frames]), 1);
    const demuxer = await open(memorySource(file));
    expect(demuxer.tracks).toMatchObject([
      { sourceCodec: 'dts', sampleRate: 48_000, channels: 2, frameSize: 512 },
    ]);
    const { samples, skipped } = await read(demuxer);
    expect(samples.map(({ time }) => time)).toEqual((await read(plain)).samples.map(({ time }) => time));
    expect(skipped).toBe(silence.length);
    const modules = createModules(loadText);
    const hear = async (frames: readonly Uint8Array[]) => {
      const decoder = openDtsDecoder(await modules.dts());
      const heard = frames.map((frame) => decoder.decode(frame, 0)?.channels.map((plane) => [...plane]));
      decoder.close();
      return heard;
    };
    const [own, theirs] = [await hear(await bytesOf(demuxer)), await hear(await bytesOf(plain))];
    expect(own.length).toBeGreaterThan(50);
    expect(own).toEqual(theirs);
  });
});

/** A WAV file with a format tag of its own. */
function inWave(sound: Uint8Array, tag: number): Uint8Array {
  const header = new Uint8Array(44);
  const view = new DataView(header.buffer);
  const text = (at: number, value: string) =>
    header.set(
      [...value].map((char) => char.charCodeAt(0)),
      at,
    );
  text(0, 'RIFF');
  text(8, 'WAVEfmt ');
  text(36, 'data');
  for (const [at, value] of [
    [4, 36 + sound.length],
    [16, 16],
    [24, 48_000],
    [28, 192_000],
    [40, sound.length],
  ] as const)
    view.setUint32(at, value, true);
  for (const [at, value] of [
    [20, tag],
    [22, 2],
    [32, 4],
    [34, 16],
  ] as const)
    view.setUint16(at, value, true);
  return concat([header, sound]);
}

async function bytesOf(demuxer: Demuxer): Promise<Uint8Array[]> {
  const { start, end } = demuxer.payload;
  const frames: Uint8Array[] = [];
  for await (const { samples } of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, NEVER))
    frames.push(...samples.map(({ data }) => data));
  return frames;
}

/** A frame as words with the low byte first, of 14 bits with their sign before them, and zeros up to a length. */
function asWords(frame: Uint8Array, bits: number, length: number): Uint8Array {
  const reader = new BitReader(concat([frame, new Uint8Array(2)]));
  const words = Math.ceil((frame.length * 8) / bits);
  const out = new Uint8Array(Math.max(length, words * 2));
  const view = new DataView(out.buffer);
  for (let i = 0; i < words; i++) {
    const word = reader.u(bits);
    view.setUint16(i * 2, bits === 14 && word >= 0x2000 ? word | 0xc000 : word, true);
  }
  return out;
}
