import { describe, expect, it } from 'vitest';
import { buildAvcRecord } from '../../../src/codecs/h264.ts';
import { parseSps } from '../../../src/codecs/h264-sps.ts';
import type { VideoEncoders, VideoWish } from '../../../src/core/encoding.ts';
import type { VideoTrack } from '../../../src/core/media.ts';
import { offerVideo, type VideoSettings } from '../../../src/pipeline/reencoded/forms.ts';
import type { Title } from '../../../src/pipeline/title.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { VIDEO } from '../../muxers/fmp4/tracks.ts';

const NEVER = new AbortController().signal;
const encoders: VideoEncoders = {
  encodersFor: async ({ codec }) => (codec === 'av1' ? [] : [`lib${codec}`]),
  encode: () => {
    throw new Error('Nothing is encoded here');
  },
  demote: () => undefined,
};

interface Facts {
  readonly track?: Partial<VideoTrack>;
  readonly isSync?: boolean;
  readonly wish?: Partial<VideoWish>;
  readonly settings?: Partial<VideoSettings>;
  readonly rate?: number;
  readonly hasEncoders?: false;
  readonly hasSound?: false;
}

async function offered({
  track = {},
  isSync = true,
  wish,
  settings,
  rate = 25,
  hasEncoders,
  hasSound,
}: Facts) {
  const video = { track: { ...VIDEO, ...track }, usualRate: rate };
  const title = {
    video,
    timeline: { cuts: [{ point: { isSync } }] },
    audio: hasSound === false ? [] : [{}],
    bandwidth: new Map([[video.track.id, { peak: 9_000_000, average: 8_000_000 }]]),
  } as unknown as Title;
  const { isCopied, isCopyFirst, encoded } = await offerVideo(
    title,
    {
      encoders: hasEncoders === false ? null : encoders,
      settings: { maxHeight: 1080, ladder: [], ...settings },
      wish: wish && { forms: null, maxHeight: null, maxBitrate: null, ...wish },
    },
    NEVER,
  );
  const forms = encoded.map(({ target, codecString }) => {
    const { width, height, depth, range, maxBitrate } = target;
    return `${codecString} ${width}x${height} ${depth} bit ${range} ${maxBitrate / 1000}k`;
  });
  const copy = isCopied ? ['copy'] : [];
  return isCopyFirst ? [...copy, ...forms] : [...forms, ...copy];
}

const HEVC = { codec: 'h265', record: new Uint8Array(23) } as const;
const BT2020 = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
const DECODE_ONLY = {
  codec: 'mpeg2',
  codecId: 'V_MPEG2',
  codecPrivate: new Uint8Array(0),
  mayBeInterlaced: true,
} as const;
/** An SPS that x264 writes for 1280x720 in fields. */
const FIELDS = '674d4020f402805df97011000003000100000300321f162ea0';

const H264_720 = 'avc1.64001f 1280x720 8 bit SDR 4500k';

const ROWS: readonly (Facts & { readonly name: string; readonly gives: readonly string[] })[] = [
  { name: 'H.264 that everybody plays', gives: ['copy'] },
  { name: 'HEVC', track: { configs: [HEVC] }, gives: ['copy', H264_720] },
  { name: 'HEVC without FFmpeg', track: { configs: [HEVC] }, hasEncoders: false, gives: ['copy'] },
  {
    name: 'what is only decoded',
    track: { configs: [], decodeOnly: DECODE_ONLY },
    gives: [H264_720],
  },
  { name: 'H.264 that browsers cannot seek in', isSync: false, gives: [H264_720, 'copy'] },
  {
    name: 'HDR becomes SDR',
    track: { configs: [HEVC], colour: BT2020, width: 3840, height: 2160 },
    gives: ['copy', 'avc1.640028 1920x1080 8 bit SDR 8000k'],
  },
  {
    name: 'HDR that is kept',
    track: { configs: [HEVC], colour: BT2020 },
    wish: { forms: ['h265'] },
    gives: ['hvc1.2.4.L93.90 1280x720 10 bit PQ 2925k'],
  },
  { name: 'H.264 on demand', wish: { forms: ['h264'] }, gives: [H264_720] },
  { name: 'both on demand', wish: { forms: ['copy', 'h264'] }, gives: ['copy', H264_720] },
  {
    name: 'the copy alone on demand',
    track: { configs: [HEVC] },
    wish: { forms: ['copy'] },
    gives: ['copy'],
  },
  {
    name: 'less height',
    wish: { forms: ['h264'], maxHeight: 480 },
    gives: ['avc1.64001e 854x480 8 bit SDR 2500k'],
  },
  {
    name: 'less height of H.264 that everybody plays',
    wish: { maxHeight: 480 },
    gives: ['avc1.64001e 854x480 8 bit SDR 2500k'],
  },
  {
    name: 'fewer bits of H.264 that everybody plays',
    wish: { maxBitrate: 3_000_000 },
    gives: ['avc1.64001f 1280x720 8 bit SDR 3000k'],
  },
  {
    name: 'less height takes the copy away',
    track: { configs: [HEVC] },
    wish: { maxHeight: 480 },
    gives: ['avc1.64001e 854x480 8 bit SDR 2500k'],
  },
  {
    name: 'fewer bits',
    wish: { forms: ['h264'], maxBitrate: 900_000 },
    gives: ['avc1.64001f 1280x720 8 bit SDR 900k'],
  },
  {
    name: 'a ladder of what is smaller',
    settings: {
      ladder: [
        { height: 1080, maxBitrate: 6e6 },
        { height: 480, maxBitrate: 1e6 },
      ],
    },
    gives: ['copy', 'avc1.64001e 854x480 8 bit SDR 1000k'],
  },
  {
    name: 'an upright film is as wide as others are high',
    track: { configs: [HEVC], width: 2160, height: 3840 },
    gives: ['copy', 'avc1.640028 1080x1920 8 bit SDR 8000k'],
  },
  {
    name: '50 pictures a second',
    track: { configs: [HEVC] },
    rate: 50,
    gives: ['copy', 'avc1.640020 1280x720 8 bit SDR 6750k'],
  },
  {
    name: 'odd sides',
    track: { configs: [HEVC], width: 427, height: 241 },
    gives: ['copy', 'avc1.640015 428x242 8 bit SDR 800k'],
  },
];

describe('the forms of a video that are offered', () => {
  it.each(ROWS)('$name', async ({ name: _, gives, ...facts }) => {
    const list = await offered(facts);
    expect(list).toEqual(gives);
  });

  it.each<Facts & { readonly name: string }>([
    { name: 'no encoder has what is wished', wish: { forms: ['av1'] } },
    { name: 'encoded, without FFmpeg', wish: { forms: ['h264'] }, hasEncoders: false },
    { name: 'smaller, without FFmpeg', wish: { maxHeight: 480 }, hasEncoders: false },
    {
      name: 'nothing is left of the title',
      track: { configs: [], decodeOnly: DECODE_ONLY },
      hasEncoders: false,
      hasSound: false,
    },
  ])('$name: refused', async ({ name: _, ...facts }) => {
    await expect(offered(facts)).rejects.toMatchObject({ code: 'not-offered' });
  });

  it('interlaced H.264: what is encoded stands first', async () => {
    const record = buildAvcRecord({ sps: [bytesOf(FIELDS)], pps: [bytesOf('68ebe3cb22c0')] });
    if (parseSps(bytesOf(FIELDS)).isFramesOnly) throw new Error('The example is not interlaced');
    const list = await offered({ track: { configs: [{ codec: 'h264', record }] } });
    expect(list).toEqual([H264_720, 'copy']);
  });
});
