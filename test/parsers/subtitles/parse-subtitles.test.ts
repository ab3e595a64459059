import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { webvttFile } from '../../../muxers/webvtt.ts';
import { parseSubtitles } from '../../../parsers/subtitles/parse-subtitles.ts';
import { MAX_FILE_BYTES } from '../../../parsers/subtitles/unpack.ts';
import type { Cue } from '../../../src/core/cues.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { SUBTITLE_ROWS } from './rows.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const never = async (): Promise<string | null> => {
  throw new Error('Nobody was to be asked for the charset');
};
const parse = (bytes: Uint8Array) => parseSubtitles(bytes, { guessCharset: never });
const shown = (cues: readonly Cue[]) =>
  cues.map(({ start, end, settings, text }) => `${start}-${end} ${settings}|${text}`);
const codeOf = (bytes: Uint8Array): Promise<unknown> =>
  parseSubtitles(bytes, { guessCharset: async () => null }).then(
    ({ format }) => format,
    (error: unknown) => (error instanceof MediaError ? `${error.code}: ${error.message}` : error),
  );

describe.each(SUBTITLE_ROWS)('$name', ({ format, text, cues }) => {
  test('is read', async () => {
    const found = await parse(utf8(text));
    expect([found.format, shown(found.cues)]).toEqual([format, cues]);
  });

  test.each([
    ['line ends of Windows', (bytes: string) => utf8(bytes.replaceAll('\n', '\r\n'))],
    ['a byte order mark', (bytes: string) => utf8(`\ufeff${bytes}`)],
    ['UTF-16, little-endian', (bytes: string) => wide(`\ufeff${bytes}`)],
    ['UTF-16 without a mark', (bytes: string) => wide(bytes)],
    ['UTF-16 without a mark, big-endian', (bytes: string) => wide(bytes).swap16()],
    ['gzip', (bytes: string) => gzipSync(utf8(bytes))],
    ['a zip', (bytes: string) => zipSync({ 'read me.nfo': utf8('no'), 'a/Film.srt': utf8(bytes) })],
    ['a stored zip', (bytes: string) => zipSync({ 'f.sub': utf8(bytes) }, { level: 0 })],
    ['a zip with gzip', (bytes: string) => gzipSync(zipSync({ 'film.SRT': utf8(bytes) }))],
  ])('with %s', async (_, made) => {
    expect(shown((await parse(made(text))).cues)).toEqual(cues);
  });

  test('written as WebVTT it is the same', async () => {
    const { cues: read } = await parse(utf8(text));
    const again = await parse(utf8(webvttFile(read)));
    expect([again.format, shown(again.cues)]).toEqual(['WebVTT', cues]);
  });
});

test.for(SUBTITLE_ROWS.filter(({ demuxer }) => demuxer))('$name: FFmpeg finds the same times', ({
  text,
  cues,
  demuxer = '',
}, context) => {
  needsFfmpeg(context);
  const options = ['-f', demuxer, '-i', 'pipe:0', '-show_packets', '-of', 'json'];
  const { packets } = JSON.parse(run('ffprobe', options, utf8(text)).stdout.toString()) as {
    packets: { pts_time: string; duration_time: string }[];
  };
  const times = packets.map(({ pts_time, duration_time }) => {
    const start = Math.round(Number(pts_time) * 1000);
    return [start, start + Math.round(Number(duration_time) * 1000)];
  });
  // what shows nothing is not in our list
  for (const cue of cues) {
    const [start = 0, end = 0] = (/^(\d+)-(\d+)/.exec(cue) ?? []).slice(1).map(Number);
    const isThere = times.some(([a = 0, b = 0]) => Math.abs(a - start) <= 1 && Math.abs(b - end) <= 1);
    expect([cue, times, isThere]).toEqual([cue, times, true]);
  }
});

const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('what it is instead', () => {
  test.each([
    ['nothing', utf8(''), 'unsupported: This is empty, no subtitles in a format that is read here'],
    [
      'a web page',
      utf8('<!DOCTYPE html><html>'),
      'unsupported: This is a web page, no subtitles in a format that is read here',
    ],
    [
      'JSON',
      utf8('{"error":1}'),
      'unsupported: This looks like JSON, no subtitles in a format that is read here',
    ],
    [
      'a text',
      utf8('Once upon a time'),
      'unsupported: This is some text, no subtitles in a format that is read here',
    ],
    [
      'bytes',
      Uint8Array.of(1, 2, 3, 4),
      'unsupported: These are bytes without text, no subtitles in a format that is read here',
    ],
    ['RAR', utf8('Rar!\x1a\x07'), 'unsupported: This is a RAR archive, no text with subtitles'],
    [
      'VobSub',
      utf8('# VobSub index file, v7'),
      'unsupported: This is the index of VobSub pictures, no text with subtitles',
    ],
    [
      'Matroska',
      Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3),
      'unsupported: This is a Matroska file, no text with subtitles',
    ],
    [
      'an archive of others',
      zipSync({ 'a.jpg': utf8('x') }),
      'unsupported: This is an archive without subtitles in it',
    ],
    [
      'a bomb',
      gzipSync(Buffer.alloc(MAX_FILE_BYTES + 1)),
      `limit: Subtitles of more than ${MAX_FILE_BYTES} bytes`,
    ],
    [
      'a zipped bomb',
      zipSync({ 'a.srt': new Uint8Array(MAX_FILE_BYTES + 1) }),
      `limit: Subtitles of more than ${MAX_FILE_BYTES} bytes`,
    ],
    [
      'broken gzip',
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff),
      'corrupt: Packed subtitles: invalid block type',
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await codeOf(bytes)).toBe(message);
  });
});

test('a changed byte reads or says what is wrong', async () => {
  for (const { text } of SUBTITLE_ROWS) {
    const bytes = utf8(text);
    for (let at = 0; at < bytes.length; at += 3)
      for (const value of [0, 0x0a, 0x3c, 0x7b, 0xff, (bytes[at] ?? 0) ^ 1]) {
        const mutant = bytes.slice();
        mutant[at] = value;
        expect(await codeOf(mutant)).toBeTypeOf('string');
      }
  }
  const zip = zipSync({ 'a.srt': utf8(SUBTITLE_ROWS[0]?.text ?? '') });
  for (const packed of [zip, gzipSync(utf8(SUBTITLE_ROWS[0]?.text ?? ''))])
    for (let at = 0; at < packed.length; at++)
      for (const value of [0, 255, (packed[at] ?? 0) ^ 1, (packed[at] ?? 0) ^ 128]) {
        const mutant = packed.slice();
        mutant[at] = value;
        expect(await codeOf(mutant)).toBeTypeOf('string');
        expect(await codeOf(packed.subarray(0, at))).toBeTypeOf('string');
      }
});

/** Beginnings that make a format's reader read what follows. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['1\n00:00:01,000 --> 00:00:02,000\n', '<'],
  ['1\n00:00:01,000 --> 00:00:02,000\n', '\n'],
  ['1\n00:00:01,000 --> 00:00:02,000\n', '00:00:01,000 --> 00:00:02,000\n'],
  ['1\n00:00:01,000 --> 00:00:02,000\n', ' '],
  ['WEBVTT\n\n', '-->\n'],
  ['WEBVTT\n\n00:01.000 --> 00:02.000\n', '<00:'],
  ['[Script Info]\n', ' \n'],
  ['[Script Info]\n', 'Style: a,\n'],
  ['[Events]\n', 'Dialogue: 0,0:00:01.00,0:00:02.00,,,,,,,{\\i1}a\n'],
  ['[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,,,,,', '{\\i1'],
  ['[Events]\n', ','],
  ['{1}{2}a\n', '{y:'],
  ['{1}{2}a\n{3}{4}', '|'],
  ['<tt>', '<!--'],
  ['<tt>', '<p a='],
  ['<tt><region xml:id="a">', '<style b="c" d="e" f="g" h="i"/>'],
  ['<tt><body>', '<p begin="1s" end="2s"><span>'],
  ['<tt><body><p begin="1s" end="2s">', '</x>'],
  ['<sami>', '<sync start=1>'],
  ['<sami>', '<p class=a>&nbsp'],
  ['00:00:01.00,00:00:02.00\n', 'a\n'],
];

test.each(HOSTILE)('%j and then nothing but %j takes time by its length', async (head, piece) => {
  const millisecondsOf = async (size: number) => {
    const start = performance.now();
    await codeOf(utf8(head + piece.repeat(Math.ceil(size / piece.length))));
    return performance.now() - start;
  };
  // eight times as long as what takes time at all: quadratic would be 64 times
  await millisecondsOf(50_000);
  const small = await millisecondsOf(250_000);
  expect(await millisecondsOf(2_000_000)).toBeLessThan(Math.max(1500, small * 30));
});
