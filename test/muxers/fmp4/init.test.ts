import { describe, expect, test } from 'vitest';
import { createFragmentMuxer } from '../../../muxers/fmp4/muxer.ts';
import { parseAudioSpecificConfig } from '../../../src/codecs/aac.ts';
import type { VideoTrack } from '../../../src/core/media.ts';
import { dumpBoxes } from '../../helpers/box-dump.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { AUDIO, VIDEO } from './tracks.ts';

const BITRATE = { average: 1_000_000, peak: 1_500_000 };
const videoInit = (change: Partial<VideoTrack>) =>
  createFragmentMuxer({ ...VIDEO, ...change }, { trackId: 1, timescale: 25, bitrate: null }).init();

describe('initialization segments', () => {
  test('of plain video', async () => {
    await expect(dumpBoxes(videoInit({}))).toMatchFileSnapshot('init-video.txt');
  });

  test('of anamorphic video with colour, language, name and bit rate', async () => {
    const track: VideoTrack = {
      ...VIDEO,
      width: 720,
      height: 576,
      pixelAspect: { h: 64, v: 45 },
      colour: { primaries: 5, transfer: 1, matrix: 6, fullRange: false },
      language: 'pt-BR',
      name: 'Főfilm',
    };
    const muxer = createFragmentMuxer(track, { trackId: 3, timescale: 90_000, bitrate: BITRATE });
    await expect(dumpBoxes(muxer.init())).toMatchFileSnapshot('init-video-all.txt');
  });

  test('of AAC', async () => {
    const muxer = createFragmentMuxer(
      { ...AUDIO, language: 'de' },
      { trackId: 1, timescale: 48_000, bitrate: BITRATE },
    );
    await expect(dumpBoxes(muxer.init())).toMatchFileSnapshot('init-audio.txt');
  });
});

const linesOf = (bytes: Uint8Array, name: string) =>
  dumpBoxes(bytes)
    .split('\n')
    .filter((line) => line.includes(`${name}:`))
    .map((line) => line.trim());

test.each([
  { rotation: 90, matrix: '0 1 0 -1 0 0 720 0 1' },
  { rotation: 180, matrix: '-1 0 0 0 -1 0 1280 720 1' },
  { rotation: 270, matrix: '0 -1 0 1 0 0 0 1280 1' },
])('rotation by $rotation degrees', ({ rotation, matrix }) => {
  expect(linesOf(videoInit({ rotation }), 'matrix')[1]).toBe(`matrix: ${matrix}`);
});

test.each([
  ['en', 'eng', 'en'],
  ['pt-BR', 'por', 'pt-BR'],
  ['fil', 'fil', 'fil'],
  ['zh-Hant', 'zho', 'zh-Hant'],
  ['x-klingon', 'und', 'x-klingon'],
  ['und', 'und', null],
])('language %s', (language, packed, extended) => {
  const expected = [`language: ${packed}`, ...(extended ? [`language: ${extended}`] : [])];
  expect(linesOf(videoInit({ language }), 'language')).toEqual(expected);
});

test('a rate above 65 535 Hz is halved in the sample entry', () => {
  const record = bytesOf('1010');
  const { outputRate } = parseAudioSpecificConfig(record);
  const track = { ...AUDIO, configs: [{ codec: 'aac', record } as const], sampleRate: outputRate };
  const init = createFragmentMuxer(track, { trackId: 1, timescale: outputRate, bitrate: null }).init();
  expect(linesOf(init, 'sample rate')).toEqual(['sample rate: 48000']);
  expect(linesOf(init, 'timescale')).toEqual(['timescale: 96000', 'timescale: 96000']);
});

test('descriptors longer than 127 bytes', () => {
  const record = new Uint8Array(200).fill(1);
  const track = { ...AUDIO, configs: [{ codec: 'aac', record } as const] };
  const init = createFragmentMuxer(track, { trackId: 1, timescale: 48_000, bitrate: null }).init();
  expect(linesOf(init, 'descriptor 5')).toEqual([`descriptor 5: ${'01'.repeat(200)}`]);
});
