import { beforeEach, describe, expect, test } from 'vitest';
import { openBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { openFlac } from '../../../parsers/flac/demuxer.ts';
import { frameHeaderAt } from '../../../parsers/flac/frame-header.ts';
import { readComments } from '../../../parsers/flac/metadata.ts';
import { parseAiffFormat } from '../../../parsers/iff/aiff-format.ts';
import { openChunkedSound } from '../../../parsers/iff/demuxer.ts';
import { parseWaveFormat } from '../../../parsers/iff/wave-format.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Source } from '../../../src/core/contracts.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { makeSound, NEVER, read } from './sound-files.ts';

interface Row {
  readonly name: string;
  readonly output: readonly string[];
  readonly open: (source: Source, signal: AbortSignal) => Promise<Demuxer>;
}

const ROWS: readonly Row[] = [
  { name: 'MP3', output: ['-c:a', 'libmp3lame', '-f', 'mp3'], open: openBareAudio },
  { name: 'AAC', output: ['-c:a', 'aac', '-f', 'adts'], open: openBareAudio },
  { name: 'AC-3', output: ['-c:a', 'ac3', '-f', 'ac3'], open: openBareAudio },
  { name: 'FLAC', output: ['-c:a', 'flac', '-f', 'flac'], open: openFlac },
  { name: 'WAV', output: ['-c:a', 'pcm_s24le', '-f', 'wav'], open: openChunkedSound },
  { name: 'RF64', output: ['-c:a', 'pcm_s16le', '-rf64', 'always', '-f', 'wav'], open: openChunkedSound },
  { name: 'Wave64', output: ['-c:a', 'pcm_s16le', '-f', 'w64'], open: openChunkedSound },
  { name: 'AIFF-C', output: ['-c:a', 'pcm_f32be', '-f', 'aiff'], open: openChunkedSound },
];

/** Where structure lies in files that begin with it. */
const HEAD = 180;
const changesOf = (byte: number): number[] => [0, 255, byte ^ 1, byte ^ 0x80, byte ^ 0x10];

describe.each(ROWS)('$name', ({ output, open }) => {
  beforeEach(needsFfmpeg);

  test('any changed byte of the head, and any shorter file: read, or refused with a reason', async () => {
    const file = makeSound({ seconds: 0.1, channels: 1, output });
    const mutants = function* () {
      for (let size = 0; size < HEAD; size += 3) yield file.subarray(0, size);
      for (let at = 0; at < HEAD; at++)
        for (const value of changesOf(file[at] ?? 0)) {
          const mutant = file.slice();
          mutant[at] = value;
          yield mutant;
        }
    };
    let count = 0;
    for (const mutant of mutants())
      try {
        await read(await open(memorySource(mutant), NEVER));
        count++;
      } catch (error) {
        expect(error).toBeInstanceOf(MediaError);
      }
    expect(count).toBeGreaterThan(100);
  });
});

const COMMENTS = '030000004c617602000000070000005449544c453d410400000041423d42';
const HEADER = 'fff8c91805d900';

describe('structures', () => {
  test('a header of a frame says what it is', () => {
    expect(frameHeaderAt(bytesOf(HEADER), 0, streamInfo)).toEqual({
      number: 5,
      isFixed: true,
      samples: 4096,
      bytes: 6,
    });
  });

  test('comments', () => {
    expect(readComments(bytesOf(COMMENTS))).toMatchObject({
      title: 'A',
      writingApp: 'Lav',
      tags: [{ name: 'AB', value: 'B' }],
    });
  });

  const streamInfo = {
    minBlockSize: 4096,
    maxBlockSize: 4096,
    sampleRate: 44_100,
    channels: 2,
    bitsPerSample: 16,
  };
  const PCM = '01000200 44ac0000 10b10200 0400 1000'.replaceAll(' ', '');
  const EXTENSIBLE =
    `feff0600 80bb0000 00650400 1800 2000 1600 1800 3f000000 01000000000010008000 00aa00389b71`.replaceAll(
      ' ',
      '',
    );

  test.each([
    { name: 'fmt', bytes: PCM, parse: parseWaveFormat },
    { name: 'fmt, extensible', bytes: EXTENSIBLE, parse: parseWaveFormat },
    {
      name: 'COMM',
      bytes: '000200000400 0018 400eac44000000000000'.replaceAll(' ', ''),
      parse: parseAiffFormat,
    },
    {
      name: 'COMM of AIFF-C',
      bytes: '0002000004000010400eac44000000000000736f777400',
      parse: parseAiffFormat,
    },
    {
      name: 'comments',
      bytes: COMMENTS,
      parse: readComments,
    },
    {
      name: 'header of a frame',
      bytes: HEADER,
      parse: (bytes: Uint8Array) => frameHeaderAt(bytes, 0, streamInfo),
    },
  ])('$name', ({ bytes, parse }) => {
    const whole = bytesOf(bytes);
    expect(() => parse(whole)).not.toThrow();
    expectMediaErrors(whole, parse);
  });

  test.each([
    {
      name: '24 bits of 32',
      bytes: EXTENSIBLE.slice(0, 24).concat('18002000').concat(EXTENSIBLE.slice(32)),
      bits: 32,
    },
    {
      name: '20 bits in three bytes',
      bytes: '01000100 44ac0000 cc040200 0300 1400'.replaceAll(' ', ''),
      bits: 24,
    },
    { name: 'no block length', bytes: '01000100 44ac0000 88580100 0000 1000'.replaceAll(' ', ''), bits: 16 },
  ])('PCM of $name', ({ bytes, bits }) => {
    expect(parseWaveFormat(bytesOf(bytes))).toMatchObject({
      kind: 'pcm',
      format: { bits, encoding: 'signed' },
    });
  });

  test.each([
    { name: 'ADPCM', bytes: '1100010044ac0000b9560000 0004 0400', says: /IMA ADPCM/ },
    { name: 'a codec without a name', bytes: '9900010044ac0000b956000000040400', says: /0x|153/ },
    { name: 'PCM of 48 bits', bytes: '0100010044ac00001027040006003000', says: /48 bits/ },
  ])('$name is refused', ({ bytes, says }) => {
    expect(() => parseWaveFormat(bytesOf(bytes.replaceAll(' ', '')))).toThrow(says);
  });
});
