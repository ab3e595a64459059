import { createCipheriv } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlaylist } from '../../../src/proxy/hls/playlist.ts';
import type { TimeRange } from '../../../src/proxy/hls/time-ranges.ts';
import { hasFfmpeg, needsFfmpeg, run } from '../../helpers/ffmpeg.ts';

/** Segments of a second. */
const COUNT = 8;
const FIRST_NUMBER = 5;
const KEY = Buffer.from('0123456789abcdef');

let folder = '';
let playlist = '';
let segments: readonly Buffer[] = [];

/**
 * Bare AAC, encrypted with the numbers of the segments as vectors: a wrong vector spoils the first sixteen bytes.
 */
beforeAll(() => {
  if (!hasFfmpeg) return;
  folder = mkdtempSync(join(tmpdir(), 'left-out-'));
  writeFileSync(join(folder, 'the.key'), KEY);
  segments = Array.from({ length: COUNT }, (_, i) => writeSegment(i));
  playlist = [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:1',
    `#EXT-X-MEDIA-SEQUENCE:${FIRST_NUMBER}`,
    '#EXT-X-KEY:METHOD=AES-128,URI="the.key"',
    ...segments.flatMap((_, i) => ['#EXTINF:1,', `${i}.aac`]),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n');
});

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

/** The segment as it was before it was encrypted. */
function writeSegment(index: number): Buffer {
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=${300 + 50 * index}:duration=1:sample_rate=48000`];
  const adts = run('ffmpeg', [...sound, '-c:a', 'aac', '-f', 'adts', '-'], new Uint8Array(0)).stdout;
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(FIRST_NUMBER + index, 12);
  const cipher = createCipheriv('aes-128-cbc', KEY, vector);
  writeFileSync(join(folder, `${index}.aac`), Buffer.concat([cipher.update(adts), cipher.final()]));
  return adts;
}

/** The stream that ffmpeg reads. */
function play(text: string): Buffer {
  const path = join(folder, 'played.m3u8');
  writeFileSync(path, text);
  const input = ['-allowed_extensions', 'ALL', '-protocol_whitelist', 'file,crypto,data', '-i', path];
  return run('ffmpeg', [...input, '-c', 'copy', '-f', 'adts', '-'], new Uint8Array(0)).stdout;
}

describe('what stays can be decrypted', () => {
  it.for<readonly [string, readonly TimeRange[], readonly number[]]>([
    ['all', [], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['without the middle', [[2, 4]], [0, 1, 4, 5, 6, 7]],
    ['without the beginning', [[0, 3]], [3, 4, 5, 6, 7]],
    [
      'without three stretches',
      [
        [0, 1],
        [4, 5],
        [7, 8],
      ],
      [1, 2, 3, 5, 6],
    ],
  ])('%s', ([, skip, kept], context) => {
    needsFfmpeg(context);
    const { write } = readPlaylist(playlist, { url: 'https://example.org/i.m3u8', skip });
    const played = play(write(({ url }) => basename(new URL(url).pathname)));
    expect(played.equals(Buffer.concat(kept.flatMap((index) => segments[index] ?? [])))).toBe(true);
  });

  it('which it cannot where lines are only taken away', (context) => {
    needsFfmpeg(context);
    const taken = playlist.replace('#EXTINF:1,\n3.aac\n', '');
    const whole = Buffer.concat(segments.toSpliced(3, 1));
    expect(play(taken).equals(whole)).toBe(false);
  });
});
