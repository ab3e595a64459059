import { expect, test } from 'vitest';
import { CODECS, codecOf } from '../../src/codecs/codecs.ts';
import type { CodecConfig } from '../../src/core/media.ts';
import { bytesOf } from '../helpers/hex.ts';

const ROWS: readonly { config: CodecConfig; kind: string; codecString: string; hasSilence: boolean }[] = [
  {
    config: { codec: 'h264', record: bytesOf('0164001fffe000') },
    kind: 'video',
    codecString: 'avc1.64001f',
    hasSilence: false,
  },
  {
    config: { codec: 'aac', record: bytesOf('1190') },
    kind: 'audio',
    codecString: 'mp4a.40.2',
    hasSilence: true,
  },
];

test.each(ROWS)('$config.codec', ({ config, kind, codecString, hasSilence }) => {
  const entry = codecOf(config);
  expect(entry.kind).toBe(kind);
  expect(entry.codecString(config)).toBe(codecString);
  expect(entry.silentFrame(config) !== null).toBe(hasSilence);
});

test('every codec has a row here', () => {
  expect(ROWS.map(({ config }) => config.codec).sort()).toEqual(Object.keys(CODECS).sort());
});
