import type { AacInfo } from '../../src/codecs/aac.ts';

interface AacRow {
  readonly name: string;
  readonly config: string;
  readonly expected: Partial<AacInfo>;
  readonly codec: string;
}

const PLAIN = { sbr: false, ps: false, extensionRate: null, elements: null } as const;

/** AudioSpecificConfigs as encoders write them. */
export const AAC_ROWS: readonly AacRow[] = [
  {
    name: 'LC 48 kHz stereo',
    config: '1190',
    expected: {
      ...PLAIN,
      objectType: 2,
      samplingRate: 48_000,
      outputRate: 48_000,
      channels: 2,
      channelConfiguration: 2,
      frameSize: 1024,
      outputFrameSize: 1024,
    },
    codec: 'mp4a.40.2',
  },
  {
    name: 'LC 44.1 kHz stereo',
    config: '1210',
    expected: { ...PLAIN, samplingRate: 44_100, channels: 2 },
    codec: 'mp4a.40.2',
  },
  { name: 'LC 5.1', config: '11b0', expected: { channelConfiguration: 6, channels: 6 }, codec: 'mp4a.40.2' },
  { name: 'LC 7.1', config: '11b8', expected: { channelConfiguration: 7, channels: 8 }, codec: 'mp4a.40.2' },
  {
    name: 'LC 7.1 with side and back',
    config: '11e0',
    expected: { channelConfiguration: 12, channels: 8 },
    codec: 'mp4a.40.2',
  },
  { name: 'LC 6.1', config: '11d8', expected: { channelConfiguration: 11, channels: 7 }, codec: 'mp4a.40.2' },
  {
    name: 'LC 22.2',
    config: '11e8',
    expected: { channelConfiguration: 13, channels: 24 },
    codec: 'mp4a.40.2',
  },
  {
    name: 'LC with frames of 960',
    config: '1194',
    expected: { frameSize: 960, outputFrameSize: 960 },
    codec: 'mp4a.40.2',
  },
  {
    name: 'LC with a core coder delay',
    config: '11920000',
    expected: { frameSize: 1024, channels: 2 },
    codec: 'mp4a.40.2',
  },
  {
    name: 'LC with a rate outside the table (47 999 Hz)',
    config: '17805dbf90',
    expected: { samplingRate: 47_999, channels: 2 },
    codec: 'mp4a.40.2',
  },
  {
    name: 'Main',
    config: '0990',
    expected: { objectType: 1, samplingRate: 48_000, channels: 2 },
    codec: 'mp4a.40.1',
  },
  { name: 'SSR', config: '1990', expected: { objectType: 3, frameSize: 1024 }, codec: 'mp4a.40.3' },
  {
    name: 'LTP',
    config: '2190',
    expected: { objectType: 4, samplingRate: 48_000, channels: 2 },
    codec: 'mp4a.40.4',
  },
  {
    name: 'HE, hierarchical',
    config: '2b118800',
    expected: {
      objectType: 2,
      samplingRate: 24_000,
      extensionRate: 48_000,
      outputRate: 48_000,
      channels: 2,
      frameSize: 1024,
      outputFrameSize: 2048,
      sbr: true,
      ps: false,
    },
    codec: 'mp4a.40.5',
  },
  {
    name: 'HE, hierarchical, downsampled',
    config: '29918800',
    expected: {
      samplingRate: 48_000,
      extensionRate: 48_000,
      outputRate: 48_000,
      outputFrameSize: 1024,
      sbr: true,
    },
    codec: 'mp4a.40.5',
  },
  {
    name: 'HE, backward compatible',
    config: '131056e598',
    expected: {
      objectType: 2,
      samplingRate: 24_000,
      outputRate: 48_000,
      channels: 2,
      outputFrameSize: 2048,
      sbr: true,
      ps: false,
    },
    codec: 'mp4a.40.5',
  },
  {
    name: 'backward compatible without SBR',
    config: '119056e500',
    expected: { ...PLAIN, objectType: 2, samplingRate: 48_000, outputFrameSize: 1024 },
    codec: 'mp4a.40.2',
  },
  {
    name: 'HE v2, hierarchical',
    config: 'eb098800',
    expected: {
      objectType: 2,
      samplingRate: 24_000,
      outputRate: 48_000,
      channelConfiguration: 1,
      channels: 2,
      outputFrameSize: 2048,
      sbr: true,
      ps: true,
    },
    codec: 'mp4a.40.29',
  },
  {
    name: 'HE v2, backward compatible',
    config: '130856e59d4880',
    expected: {
      samplingRate: 24_000,
      outputRate: 48_000,
      channelConfiguration: 1,
      channels: 2,
      outputFrameSize: 2048,
      sbr: true,
      ps: true,
    },
    codec: 'mp4a.40.29',
  },
  {
    name: 'a program config element: quad, with comment and extension, as ffmpeg 5.1 writes it',
    config: '118004c4040021100d4c61766335392e33372e31303056e500',
    expected: {
      channelConfiguration: 0,
      samplingRate: 48_000,
      channels: 4,
      sbr: false,
      elements: [
        { kind: 'pair', position: 'front', tag: 0 },
        { kind: 'pair', position: 'back', tag: 1 },
      ],
    },
    codec: 'mp4a.40.2',
  },
  {
    name: 'ER LC',
    config: '899000',
    expected: { objectType: 17, frameSize: 1024, channels: 2 },
    codec: 'mp4a.40.17',
  },
  {
    name: 'LD with frames of 512',
    config: 'b98800',
    expected: { objectType: 23, samplingRate: 48_000, frameSize: 512, channels: 1 },
    codec: 'mp4a.40.23',
  },
  {
    name: 'LD with frames of 480',
    config: 'b98c00',
    expected: { objectType: 23, frameSize: 480 },
    codec: 'mp4a.40.23',
  },
  {
    name: 'ELD with frames of 512',
    config: 'f8e64000',
    expected: { objectType: 39, samplingRate: 48_000, channels: 2, frameSize: 512, sbr: false },
    codec: 'mp4a.40.39',
  },
  {
    name: 'ELD with frames of 480',
    config: 'f8e65000',
    expected: { objectType: 39, samplingRate: 48_000, channels: 2, frameSize: 480 },
    codec: 'mp4a.40.39',
  },
  {
    name: 'ELD with SBR at twice the rate',
    config: 'f8ec41800000',
    expected: {
      objectType: 39,
      samplingRate: 24_000,
      outputRate: 48_000,
      channels: 2,
      frameSize: 512,
      outputFrameSize: 1024,
      sbr: true,
    },
    codec: 'mp4a.40.39',
  },
  {
    name: 'xHE (USAC) without SBR',
    config: 'f94824211cc01852002000a6104640b800',
    expected: {
      objectType: 42,
      samplingRate: 44_100,
      outputRate: 44_100,
      channels: 1,
      frameSize: 1024,
      outputFrameSize: 1024,
    },
    codec: 'mp4a.40.42',
  },
  {
    name: 'xHE (USAC) with 2:1 SBR',
    config: 'f94643622cc04152660673002b9000013800800011bf2c00',
    expected: {
      objectType: 42,
      samplingRate: 24_000,
      outputRate: 48_000,
      channels: 2,
      outputFrameSize: 2048,
      sbr: true,
    },
    codec: 'mp4a.40.42',
  },
];
