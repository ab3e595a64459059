import { describe, expect, test } from 'vitest';
import { openContainer } from '../../parsers/detect.ts';
import { memorySource } from '../../src/core/bytes.ts';
import { fixture } from '../helpers/fixtures.ts';

const signal = new AbortController().signal;
const open = (bytes: Uint8Array) => openContainer(memorySource(bytes), signal);
const latin1 = (text: string) => new Uint8Array(Buffer.from(text.padEnd(1000, '\0'), 'latin1'));
const packets = (size: number, first: number) =>
  new Uint8Array(size * 6).map((_, i) => (i % size === first ? 0x47 : 0x11));

describe('openContainer', () => {
  test.each([1, 188, 60_000])('opens Matroska behind %i bytes of something else', async (count) => {
    const file = fixture('bframes-aac');
    const moved = new Uint8Array(count + file.length);
    moved.set(file, count);
    const demuxer = await open(moved);
    expect(demuxer.tracks.map(({ kind }) => kind)).toEqual(['video', 'audio']);
    expect(demuxer.seekPoints(1)?.length).toBe((await open(file)).seekPoints(1)?.length);
  });

  test.each([
    { name: '188 bytes', bytes: packets(188, 0) },
    { name: '192 bytes', bytes: packets(192, 4) },
    { name: '204 bytes', bytes: packets(204, 0) },
    {
      name: '188 bytes behind a picture',
      bytes: new Uint8Array([...latin1('\x89PNG\r\n'), ...packets(188, 0)]),
    },
  ])('takes packets of $name for a transport stream', async ({ bytes }) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'No program map says what the transport stream holds',
    });
  });

  test.each([
    { bytes: latin1('\0\0\0\x20ftypisom') },
    { bytes: latin1('\0\0\0\x08wide\0\0\0\0mdat') },
    { bytes: latin1('\0\0\0\x18styp') },
  ])('takes $bytes for MP4', async ({ bytes }) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: expect.stringMatching(/corrupt|truncated/),
      message: expect.stringMatching(/movie box|box/),
    });
  });

  test.each([
    { bytes: latin1('\0\0\x01\xba'), names: 'MPEG program stream' },
    { bytes: latin1('RIFF\x10\0\0\0AVI LIST'), names: 'AVI' },
    { bytes: latin1('FLV\x01\x05'), names: 'FLV' },
    { bytes: latin1('\x30\x26\xb2\x75\x8e\x66\xcf\x11'), names: 'ASF/WMV' },
    { bytes: latin1('.RMF\0\0'), names: 'RealMedia' },
    { bytes: latin1(`${'\0'.repeat(32769)}CD001\x01`), names: 'an ISO disc image' },
    { bytes: latin1('\0\0\0\x01\x67\x64\0\x28'), names: 'a bare H.264 stream' },
    { bytes: latin1('\0\0\x01\x09\xf0'), names: 'a bare H.264 stream' },
    { bytes: latin1('\0\0\0\x01\x06\x05'), names: 'a bare H.264 stream' },
    { bytes: latin1('\0\0\0\x01\x40\x01\x0c'), names: 'a bare HEVC stream' },
    { bytes: latin1('1\r\n00:00:01,000 --> 00:00:02,000\r\nHello'), names: 'subtitles' },
    { bytes: latin1('\xef\xbb\xbfWEBVTT\n\n'), names: 'subtitles' },
    { bytes: latin1('[Script Info]\nTitle: x'), names: 'subtitles' },
    { bytes: latin1('PG\0\0\x1f\x40'), names: 'subtitles of a Blu-ray (PGS)' },
    { bytes: latin1('#EXTM3U\n'), names: 'an HLS playlist' },
    { bytes: latin1('\xef\xbb\xbf#EXTM3U\n'), names: 'an HLS playlist' },
    { bytes: latin1('\x89PNG\r\n'), names: 'a PNG picture' },
    { bytes: latin1('\xff\xd8\xff\xe0'), names: 'a JPEG picture' },
    { bytes: latin1('GIF89a'), names: 'a GIF picture' },
    { bytes: latin1('%PDF-1.7'), names: 'a PDF document' },
    { bytes: latin1('Rar!\x1a\x07'), names: 'a RAR archive' },
    { bytes: latin1('PK\x03\x04'), names: 'a ZIP archive' },
    { bytes: latin1('7z\xbc\xaf\x27\x1c'), names: 'a 7z archive' },
    { bytes: latin1('\x1f\x8b\x08'), names: 'gzip-compressed data' },
    { bytes: latin1('<!DOCTYPE html><html>'), names: 'a web page or XML, not a media file' },
    { bytes: latin1('\n  <HTML>'), names: 'a web page or XML, not a media file' },
    { bytes: latin1('<?xml version="1.0"?><MPD>'), names: 'a web page or XML, not a media file' },
  ])('names $names', async ({ bytes, names }) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'unsupported',
      message: `This is ${names}; only Matroska, MP4, MPEG-TS, WAV or AIFF, Ogg, FLAC, bare MP3, AAC, AC-3 or DTS can be read so far`,
    });
  });

  test.each([
    { name: 'zeros', bytes: new Uint8Array(1000) },
    { name: 'one byte', bytes: Uint8Array.of(0x1a) },
    { name: 'text', bytes: latin1('hello there') },
    { name: 'one sync byte of a transport stream', bytes: latin1('G') },
    { name: 'a RIFF of another kind', bytes: latin1('RIFF\x10\0\0\0WEBP') },
    {
      name: 'Matroska too far in',
      bytes: new Uint8Array([...new Uint8Array(70_000), 0x1a, 0x45, 0xdf, 0xa3]),
    },
  ])('knows nothing of $name', async ({ bytes }) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('no media container that is known here'),
    });
  });

  test('an empty file is truncated', async () => {
    await expect(open(new Uint8Array(0))).rejects.toMatchObject({
      code: 'truncated',
      message: 'The file is empty',
    });
  });

  test('opens Matroska', async () => {
    await expect(open(fixture('no-audio'))).resolves.toMatchObject({ container: 'matroska' });
  });

  test('a Matroska that is broken says so itself', async () => {
    await expect(open(latin1('\x1aE\xdf\xa3\x80'))).rejects.toMatchObject({ code: 'corrupt' });
  });
});
