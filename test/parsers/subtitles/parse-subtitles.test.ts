import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { webvttFile } from '../../../muxers/webvtt.ts';
import { MAX_TEXT, parseSubtitles } from '../../../parsers/subtitles/parse-subtitles.ts';
import { MAX_FILE_BYTES } from '../../../parsers/subtitles/unpack.ts';
import { MAX_CUE_BYTES } from '../../../src/codecs/cue-text.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { Cue } from '../../../src/core/cues.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
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
      'PGS',
      Uint8Array.from([0x50, 0x47, 0, 0, 0, 1, 0, 0, 0, 0, 0x16, 0, 0]),
      'unsupported: This is a stream of PGS pictures, no text with subtitles',
    ],
    [
      'a text that begins with the same letters',
      utf8('PG-13 rated\n\n00:00:01,000 --> 00:00:02,000\nHi'),
      'SubRip',
    ],
    [
      'a web page that speaks of a teletype',
      utf8('<html><body><tt>00:00:01</tt></body></html>'),
      'unsupported: This is a web page, no subtitles in a format that is read here',
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
    [
      'gzip with another checksum',
      changed(gzipSync('x'), -8),
      'corrupt: Packed subtitles: incorrect data check',
    ],
    ['gzip cut off', gzipSync('x').subarray(0, -9), 'corrupt: Packed subtitles: unexpected end of file'],
    [
      'a zip packed with LZMA',
      zipWith({ method: 14 }),
      'unsupported: This is an archive packed in a way that is not read here (method 14)',
    ],
    ['a zip with a password', zipWith({ flags: 1 }), 'unsupported: This is an archive with a password'],
    [
      'a zip without its directory',
      zipWith({}).subarray(0, -60),
      'corrupt: Packed subtitles: no directory of the archive',
    ],
    [
      'a zip of very many files',
      zipSync(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}.jpg`, utf8('')]))),
      'limit: An archive of more than 1000 files',
    ],
    [
      'more text than any',
      utf8(`{1}{2}a\n${'x'.repeat(MAX_TEXT)}`),
      `limit: Subtitles of more than ${MAX_TEXT} characters`,
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await codeOf(bytes)).toBe(message);
  });
});

const SRT = '1\n00:00:01,000 --> 00:00:02,000\nHello\n';

describe('of an archive', () => {
  test.each([
    ['a note before it', ['readme.txt', 'film.srt']],
    ['what an Apple leaves behind', ['__MACOSX/._film.srt', 'film.srt']],
    ['a hidden file', ['a/.b.srt', 'a/film.srt']],
    ['a folder', ['film.srt/', 'film.srt/film.srt']],
    ['pictures with an index', ['film.sub', 'film.ssa']],
    ['only a text', ['film.txt']],
  ])('%s', async (_, names) => {
    const last = names.length - 1;
    const zip = zipSync(Object.fromEntries(names.map((name, i) => [name, utf8(i === last ? SRT : '')])));
    expect(shown((await parse(zip)).cues)).toEqual(['1000-2000 |Hello']);
  });

  test('and of gzip in several pieces', async () => {
    const bytes = concat([gzipSync(SRT.slice(0, 20)), gzipSync(SRT.slice(20))]);
    expect(shown((await parse(bytes)).cues)).toEqual(['1000-2000 |Hello']);
  });
});

/** A zip with one file, and other words in its directory. */
function zipWith({ method, flags }: { readonly method?: number; readonly flags?: number }): Uint8Array {
  const zip = zipSync({ 'a.srt': utf8(SRT) });
  const at = Buffer.from(zip).indexOf('PK\x01\x02', 'latin1');
  if (flags !== undefined) zip[at + 8] = flags;
  if (method !== undefined) zip[at + 10] = method;
  return zip;
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  bytes[bytes.length + at] = (bytes.at(at) ?? 0) ^ 255;
  return bytes;
}

test.each([
  ['SubRip', '1\n00:00:01,000 --> 00:00:02,000\n', '&'],
  ['SubRip', '1\n00:00:01,000 --> 00:00:02,000\n', '<i>a</i>\n'],
  ['WebVTT', 'WEBVTT\n\n00:01.000 --> 00:02.000\n', 'a --> '],
  ['WebVTT', 'WEBVTT\n\n00:01.000 --> 00:02.000\n', '<b>&lt;'],
  ['ASS', '[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,,', '<'],
])('a text of %s that is too long is cut, not dropped: %j %j', async (_, head, piece) => {
  const { cues } = await parse(utf8(head + piece.repeat(20_000)));
  const text = cues[0]?.text ?? '';
  expect([cues.length, text.length <= MAX_CUE_BYTES, text.length > 10_000]).toEqual([1, true, true]);
  expect(text).not.toMatch(/&[a-z]*$|<[^>]*$/);
});

test('a client that leaves ends the work', async () => {
  const stop = new AbortController();
  const work = parseSubtitles(utf8(SRT.repeat(20_000)), { guessCharset: never, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('left')), 0);
  await expect(work).rejects.toThrow('left');
});

test('fonts of a script do not count', async () => {
  const event = 'Dialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,,Hi\n';
  const fonts = `[Fonts]\nfontname: a.ttf\n${'x'.repeat(MAX_TEXT)}`;
  const { cues } = await parse(utf8(`[Script Info]\n[Events]\n${event}${fonts}`));
  expect(shown(cues)).toEqual(['1000-2000 |Hi']);
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
  ['[Script Info]\nFormat: ', ','],
  [`[Script Info]\nFormat: ${','.repeat(50_000)}\n`, 'Style: a\n'],
  ['[Events]\nDialogue: ', ','],
  ['<tt><body>', '<p></p>'],
  ['<tt><body><p begin="1s" end="2s">', '<br/>'],
  ['<tt><body><p begin="1s" end="2s">', '&'],
  ['<tt><head>', '<style id="a" style="a b c d e f g h"/>'],
  ['<tt><head>', '<region id="a"></region>'],
  [`<tt><region xml:id="a">${manyStyles(30_000)}</region><body>`, '<p region="a"></p>'],
  ['<tt>', `<x ${'a'.repeat(4080)}>`],
  ['<tt>', '<a="'],
  ['<tt>', '<![CDATA['],
  ['<sami>', '<sync start=1><p class=a>x'],
  ['<sami><sync start=1>', 'a\n'],
  ['<sami><sync start=1>', '<p class=a>x<p class=b>x'],
  ['WEBVTT\n\n00:01.000 --> 00:02.000\n', 'a\n'],
  ['WEBVTT\n\n', '\r\r\n'],
  ['{1}{2}a\n', '\n'],
];

/** Styles with other attributes each. */
function manyStyles(size: number): string {
  let text = '';
  for (let i = 0; text.length < size; i += 4)
    text += `<style a${i}="" a${i + 1}="" a${i + 2}="" a${i + 3}=""/>`;
  return text;
}

test.each(someOf(HOSTILE, 3))('%j and then nothing but %j takes time by its length', async (head, piece) => {
  let [longest, last] = [0, 0];
  const clock = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const millisecondsOf = async (size: number) => {
    const bytes = utf8(head + piece.repeat(Math.ceil(size / piece.length)));
    const start = performance.now();
    last = start;
    longest = 0;
    await codeOf(bytes);
    return performance.now() - start;
  };
  // eight times as long as what takes time at all: quadratic would be 64 times
  await millisecondsOf(50_000);
  const small = await millisecondsOf(250_000);
  const large = await millisecondsOf(2_000_000);
  clearInterval(clock);
  expect(large).toBeLessThan(Math.max(1500, small * 30));
  // others get their turn, however busy the machine is
  expect(longest).toBeLessThan(Math.max(300, large / 3));
});

/** The parts of an archive's file: APPNOTE, 4.3.7. */
function localHeader(name: string, { flags = 0, size = 0 }): Buffer {
  const header = Buffer.alloc(30 + name.length);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(size, 18);
  header.writeUInt16LE(name.length, 26);
  header.write(name, 30, 'latin1');
  return header;
}

test.each([
  ['empty files', localHeader('a.jpg', {})],
  ['files of unknown length', localHeader('a.jpg', { flags: 8 })],
  ['long names', localHeader('a'.repeat(65_535), {})],
  ['directories', Buffer.from(`PK\x05\x06${'\0'.repeat(18)}`, 'latin1')],
  ['nothing but beginnings', Buffer.from('PK\x03\x04', 'latin1')],
  ['members of gzip', gzipSync('')],
  ['a name in gzip', Buffer.from('a')],
])('an archive of nothing but %s takes no time', async (name, piece) => {
  const head = name === 'a name in gzip' ? Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]) : piece;
  const bytes = Buffer.concat([head, Buffer.alloc(4_000_000, piece)]);
  const start = performance.now();
  expect(await codeOf(bytes)).toMatch(/^(corrupt|unsupported|limit): /);
  expect(performance.now() - start).toBeLessThan(1000);
});
