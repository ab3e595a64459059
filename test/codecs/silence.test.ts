import { expect, test } from 'vitest';
import { createFragmentMuxer } from '../../muxers/fmp4/muxer.ts';
import { buildAudioSpecificConfig, parseAudioSpecificConfig, silentAacFrame } from '../../src/codecs/aac.ts';
import type { AacElement } from '../../src/codecs/aac-elements.ts';
import { concat } from '../../src/core/bytes.ts';
import type { AudioTrack } from '../../src/core/media.ts';
import { nanoseconds, ticks } from '../../src/core/time.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { bytesOf } from '../helpers/hex.ts';

const FRAMES = 20;

const front: AacElement = { kind: 'pair', position: 'front', tag: 0 };
const back: AacElement = { kind: 'pair', position: 'back', tag: 1 };
const base = { objectType: 2, samplingRate: 48_000 } as const;

/** Channel configuration 14 is left out: ffmpeg 5.1 does not know it. */
const LAYOUTS = [
  ...[1, 2, 3, 4, 5, 6, 7, 11, 12].map((channelConfiguration) => ({
    name: `channel configuration ${channelConfiguration}`,
    config: buildAudioSpecificConfig({ ...base, channelConfiguration }),
  })),
  {
    name: 'quad from a program config element',
    config: buildAudioSpecificConfig({ ...base, channelConfiguration: 0, elements: [front, back] }),
  },
  {
    name: 'stereo, frames of 960',
    config: buildAudioSpecificConfig({ ...base, channelConfiguration: 2, frameSize: 960 }),
  },
  {
    name: '5.1, frames of 960',
    config: buildAudioSpecificConfig({ ...base, channelConfiguration: 6, frameSize: 960 }),
  },
  { name: 'Main', config: bytesOf('0990') },
  { name: 'LTP', config: bytesOf('2190') },
  { name: 'HE', config: bytesOf('2b118800') },
  { name: 'HE v2', config: bytesOf('eb098800') },
];

/** A file of silent frames only, as the muxer writes it. */
function silentFile(config: Uint8Array): Uint8Array {
  const { channels, outputRate, outputFrameSize } = parseAudioSpecificConfig(config);
  const track: AudioTrack = {
    kind: 'audio',
    id: 1,
    index: 0,
    sourceCodec: 'A_AAC',
    isEnabled: true,
    isDefault: true,
    isForced: false,
    language: 'und',
    name: null,
    unreadable: null,
    configs: [{ codec: 'aac', record: config }],
    sampleRate: outputRate,
    channels,
    frameSize: outputFrameSize,
    codecDelay: nanoseconds(0),
    decodeOnly: null,
    frameStep: null,
    seekPreRoll: nanoseconds(0),
  };
  const muxer = createFragmentMuxer(track, { trackId: 1, timescale: outputRate, bitrate: null });
  const data = silentAacFrame(config) ?? new Uint8Array();
  const samples = Array.from({ length: FRAMES }, (_, i) => {
    const dts = i * outputFrameSize;
    const packet = { trackId: 1, configId: 0, pts: ticks(dts), isSync: true, data };
    return { packet, dts, duration: outputFrameSize };
  });
  return concat([muxer.init(), ...muxer.fragment(1, samples, { isFirst: true })]);
}

test.for(LAYOUTS)('ffmpeg decodes silence: $name', ({ config }, context) => {
  needsFfmpeg(context);
  const { channels, outputFrameSize } = parseAudioSpecificConfig(config);
  const { stdout, stderr } = run('ffmpeg', ['-i', 'pipe:0', '-f', 's16le', 'pipe:1'], silentFile(config));
  expect(stderr).toBe('');
  expect(stdout.length).toBe(FRAMES * outputFrameSize * channels * 2);
  expect(stdout.every((byte) => byte === 0)).toBe(true);
});
