import { describe, expect, test } from 'vitest';
import {
  AUDIO_CODECS,
  codecKind,
  codecString,
  hlsChannels,
  supplementalCodecString,
  VIDEO_CODECS,
} from '../../src/codecs/codecs.ts';
import type { AudioConfig, VideoConfig, VideoTrack } from '../../src/core/media.ts';
import { bytesOf } from '../helpers/hex.ts';
import { AUDIO, VIDEO } from '../muxers/fmp4/tracks.ts';

/** Records as ffmpeg 5.1 writes them into MP4 (`-c copy`), or made by hand from the specification. */
const VIDEO_ROWS: readonly { config: VideoConfig; expected: string }[] = [
  { config: { codec: 'h264', record: bytesOf('0164001fffe000') }, expected: 'avc1.64001f' },
  {
    config: { codec: 'h265', record: bytesOf('0102200000009000000000005df000fcfdfafa00000f00') },
    expected: 'hvc1.2.4.L93.90',
  },
  { config: { codec: 'vp9', record: bytesOf('000a820202020000') }, expected: 'vp09.00.10.08.01.02.02.02.00' },
  { config: { codec: 'av1', record: bytesOf('81000c00') }, expected: 'av01.0.00M.08' },
];

const AUDIO_ROWS: readonly { config: AudioConfig; expected: string; channels?: string }[] = [
  { config: { codec: 'aac', record: bytesOf('1190') }, expected: 'mp4a.40.2' },
  // fscod 0, bsid 8, acmod 7, lfeon, bit_rate_code 15 (448 kbit/s)
  { config: { codec: 'ac3', record: bytesOf('103de0') }, expected: 'ac-3' },
  // 640 kbit/s, one independent substream, fscod 0, bsid 16, acmod 7, lfeon, no dependent one
  { config: { codec: 'eac3', record: bytesOf('1400200f00') }, expected: 'ec-3' },
  { config: { codec: 'eac3', record: bytesOf('1400200f000110') }, expected: 'ec-3', channels: '16/JOC' },
  {
    config: { codec: 'opus', record: bytesOf('0002013800 00bb80000000'.replace(' ', '')) },
    expected: 'Opus',
  },
  {
    config: {
      codec: 'flac',
      record: bytesOf(`80000022 1000 1000 000000 000000 0ac442f0 00000000 ${'00'.repeat(16)}`),
    },
    expected: 'fLaC',
  },
  {
    config: { codec: 'alac', record: bytesOf('00001000 00 10 28 0a 0e 02 00ff 00000000 00000000 0000ac44') },
    expected: 'alac',
  },
  { config: { codec: 'mp3', record: bytesOf('fffb9064') }, expected: 'mp4a.6B' },
];

describe('what stands in CODECS', () => {
  test.each(VIDEO_ROWS)('$config.codec: $expected', ({ config, expected }) => {
    expect(codecString({ ...VIDEO, configs: [config] })).toBe(expected);
    expect(codecKind(config)).toBe('video');
  });

  test.each(AUDIO_ROWS)('$config.codec: $expected', ({ config, expected, channels = '2' }) => {
    expect(codecString({ ...AUDIO, configs: [config] })).toBe(expected);
    expect(hlsChannels({ ...AUDIO, configs: [config] })).toBe(channels);
    expect(codecKind(config)).toBe('audio');
  });

  test('every codec has a row here', () => {
    const named = (rows: readonly { config: { codec: string } }[]) =>
      [...new Set(rows.map(({ config }) => config.codec))].sort();
    expect(named(VIDEO_ROWS)).toEqual(Object.keys(VIDEO_CODECS).sort());
    expect(named(AUDIO_ROWS)).toEqual(Object.keys(AUDIO_CODECS).sort());
  });
});

describe('Dolby Vision', () => {
  const hevc: VideoTrack = {
    ...VIDEO,
    configs: VIDEO_ROWS.filter(({ config }) => config.codec === 'h265').map((row) => row.config),
  };
  // dv_version 1.0, then profile (7 bits), level (6), rpu, el, bl present, compatibility (4)
  test.each([
    {
      name: 'profile 5 is no HEVC for others',
      record: '01000a3500',
      codec: 'dvh1.05.06',
      supplemental: null,
    },
    {
      name: 'profile 8.1 over HDR10',
      record: '0100103510',
      codec: 'hvc1.2.4.L93.90',
      supplemental: 'dvh1.08.06/db1p',
    },
    {
      name: 'profile 8.4 over HLG',
      record: '0100103540',
      codec: 'hvc1.2.4.L93.90',
      supplemental: 'dvh1.08.06/db4h',
    },
  ])('$name', ({ record, codec, supplemental }) => {
    const track = { ...hevc, dolbyVision: bytesOf(record) };
    expect(codecString(track)).toBe(codec);
    expect(supplementalCodecString(track)).toBe(supplemental);
  });
});
