import { buildAvcRecord } from '../../../src/codecs/h264.ts';
import type { TimedPacket } from '../../../src/core/contracts.ts';
import type { AudioTrack, VideoTrack } from '../../../src/core/media.ts';
import { nanoseconds, ticks } from '../../../src/core/time.ts';
import { bytesOf } from '../../helpers/hex.ts';

const common = {
  index: 0,
  isEnabled: true,
  isDefault: true,
  isForced: false,
  language: 'und',
  name: null,
  unreadable: null,
} as const;

export const VIDEO: VideoTrack = {
  ...common,
  kind: 'video',
  id: 1,
  sourceCodec: 'V_MPEG4/ISO/AVC',
  decodeOnly: null,
  configs: [
    {
      codec: 'h264',
      record: buildAvcRecord({
        sps: [bytesOf('6764001facd9405005bb011000000300100000030320f1831960')],
        pps: [bytesOf('68ebe3cb22c0')],
      }),
    },
  ],
  width: 1280,
  height: 720,
  pixelAspect: { h: 1, v: 1 },
  colour: null,
  rotation: 0,
  frameRate: { num: 25, den: 1 },
  reorderDepth: 2,
  masteringDisplay: null,
  contentLight: null,
  dolbyVision: null,
  isAttachedPicture: false,
};

export const AUDIO: AudioTrack = {
  ...common,
  kind: 'audio',
  id: 2,
  sourceCodec: 'A_AAC',
  configs: [{ codec: 'aac', record: bytesOf('1190') }],
  sampleRate: 48_000,
  channels: 2,
  frameSize: 1024,
  codecDelay: nanoseconds(0),
  decodeOnly: null,
  frameStep: null,
  seekPreRoll: nanoseconds(0),
};

interface SampleRow {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly isSync?: boolean;
  readonly size: number;
}

export const sample = ({ pts, dts, duration, isSync = true, size }: SampleRow): TimedPacket => ({
  packet: { trackId: 1, configId: 0, pts: ticks(pts), isSync, data: new Uint8Array(size).fill(dts & 255) },
  dts,
  duration,
});
