import { describe, expect, test } from 'vitest';
import type { AudioTrack, OtherTrack, SubtitleTrack, Track, VideoTrack } from '../../src/core/media.ts';
import { selectTracks } from '../../src/pipeline/select-tracks.ts';
import { AUDIO, VIDEO } from '../muxers/fmp4/tracks.ts';

const NO_CODEC = 'V_X cannot be copied into MP4';
const v = (change: Partial<VideoTrack> = {}): VideoTrack => ({ ...VIDEO, ...change });
const a = (change: Partial<AudioTrack> = {}): AudioTrack => ({ ...AUDIO, ...change });
const OTHER: OtherTrack = {
  kind: 'other',
  id: 9,
  index: 9,
  sourceCodec: 'S_TEXT/UTF8',
  isEnabled: true,
  isDefault: true,
  isForced: false,
  language: 'und',
  name: null,
  unreadable: null,
};
const s = (change: Partial<SubtitleTrack> = {}): SubtitleTrack => ({
  ...OTHER,
  kind: 'subtitle',
  text: { codec: 'subrip', setup: new Uint8Array(0) },
  isForHearingImpaired: false,
  ...change,
});
const bare = { configs: [], sourceCodec: 'V_X' } as const;
const MAIN = 'copy';
const SECOND = 'secondary-video';

describe('selectTracks', () => {
  test.each<{ name: string; tracks: Track[]; video?: number; audio?: string[]; told: string[] }>([
    { name: 'one of each', tracks: [v(), a()], told: [MAIN, 'copy'] },
    {
      name: 'every audio track',
      tracks: [v(), a(), a(), a({ isEnabled: false })],
      told: [MAIN, 'copy', 'copy', 'copy'],
    },
    {
      name: 'enabled before default',
      tracks: [v({ isEnabled: false }), v({ isDefault: false })],
      told: [SECOND, MAIN],
    },
    {
      name: 'default before pixels',
      tracks: [v({ isDefault: false, width: 3840 }), v()],
      told: [SECOND, MAIN],
    },
    { name: 'copyable before pixels', tracks: [v({ ...bare, width: 3840 }), v()], told: [SECOND, MAIN] },
    { name: 'pixels', tracks: [v(), v({ width: 1920 })], told: [SECOND, MAIN] },
    { name: 'the first of equals', tracks: [v(), v()], told: [MAIN, SECOND] },
    {
      name: 'the one wished for',
      tracks: [v({ index: 0 }), v({ index: 1, isDefault: false })],
      video: 1,
      told: [SECOND, MAIN],
    },
    {
      name: 'a wish for what is none',
      tracks: [v({ index: 0 }), a({ index: 1 })],
      video: 1,
      told: [MAIN, 'copy'],
    },
    {
      name: 'a cover is no film',
      tracks: [v({ isAttachedPicture: true, width: 4000 }), v()],
      told: ['attached picture', MAIN],
    },
    {
      name: 'nothing but a cover',
      tracks: [v({ isAttachedPicture: true }), a()],
      told: ['attached picture', 'copy'],
    },
    { name: 'unknown codec', tracks: [v(bare), a()], told: [NO_CODEC, 'copy'] },
    {
      name: 'unknown codec without a name',
      tracks: [a({ configs: [], sourceCodec: '' })],
      told: ['this codec cannot be copied into MP4'],
    },
    {
      name: 'encrypted',
      tracks: [v({ unreadable: 'encrypted' }), a({ unreadable: 'encrypted' })],
      told: ['encrypted', 'encrypted'],
    },
    { name: 'no size', tracks: [v({ width: 0 })], told: ['picture size unknown'] },
    {
      name: 'subtitles of what is read in order only',
      tracks: [a(), s(), s({ text: null }), s({ text: null, sourceCodec: 'S_HDMV/PGS' }), OTHER],
      told: [
        'copy',
        'subtitles of what is read in order only are not offered',
        'S_TEXT/UTF8 cannot be written as WebVTT',
        'subtitles that are pictures are not offered',
        'neither video nor audio',
      ],
    },
    {
      name: 'audio by index and by language',
      tracks: [v(), a({ index: 1 }), a({ index: 2, language: 'de-AT' }), a({ index: 3, language: 'fr' })],
      audio: ['1', 'de'],
      told: ['copy', 'copy', 'copy', 'not asked for'],
    },
    { name: 'no audio', tracks: [v(), a()], audio: [], told: ['copy', 'not asked for'] },
    { name: 'nothing', tracks: [], told: [] },
  ])('$name', ({ tracks, video = null, audio = null, told }) => {
    const { decisions, kept } = selectTracks(tracks, { video, audio, recovery: 'shown' });
    expect(decisions.map(({ action, reason }) => reason ?? action)).toEqual(told);
    expect(decisions.map(({ track }) => track)).toEqual(tracks);
    const copied = decisions.filter(({ action }) => action === 'copy').map(({ track }) => track);
    expect([...(kept.video ? [kept.video] : []), ...kept.audio]).toEqual(copied);
  });
});

describe('subtitles', () => {
  const tracks = [a(), s({ index: 2 }), s({ index: 3, language: 'de-AT' }), s({ index: 4, language: 'fr' })];
  const TEXT = 'S_TEXT/UTF8 becomes WebVTT';
  const NOT = 'not asked for';

  test.each<{ name: string; subtitles?: string[]; told: string[] }>([
    { name: 'all of them', told: [TEXT, TEXT, TEXT] },
    { name: 'by index and by language', subtitles: ['2', 'de'], told: [TEXT, TEXT, NOT] },
    { name: 'none', subtitles: [], told: [NOT, NOT, NOT] },
  ])('$name', ({ subtitles, told }) => {
    const options = {
      video: null,
      audio: null,
      recovery: 'shown',
      ...(subtitles ? { subtitles } : {}),
    } as const;
    const abilities = { transcoder: null, encodesVideo: false, readsTexts: true } as const;
    const { decisions, kept } = selectTracks(tracks, options, abilities);
    expect(decisions.slice(1).map(({ reason }) => reason)).toEqual(told);
    expect(kept.subtitles?.length).toBe(told.filter((reason) => reason === TEXT).length);
  });

  test('what cannot be read says why', () => {
    const options = { video: null, audio: null, recovery: 'shown' } as const;
    const { decisions } = selectTracks([a(), s({ unreadable: 'encrypted' })], options);
    expect(decisions[1]).toMatchObject({ action: 'omit', reason: 'encrypted' });
  });
});

describe('video that is only decoded', () => {
  const decodeOnly = {
    codec: 'vp8',
    codecId: 'V_VP8',
    codecPrivate: new Uint8Array(0),
    mayBeInterlaced: false,
  } as const;
  const vp8 = v({ configs: [], sourceCodec: 'V_VP8', decodeOnly });
  const options = { video: null, audio: null, recovery: 'shown' } as const;

  test.each([
    { encodesVideo: true, action: 'transcode', reason: /is encoded anew/, isKept: true },
    { encodesVideo: false, action: 'omit', reason: /not encoded here: that takes FFmpeg/, isKept: false },
  ])('$action, encoders: $encodesVideo', ({ encodesVideo, action, reason, isKept }) => {
    const { decisions, kept } = selectTracks([vp8, a()], options, { transcoder: null, encodesVideo });
    expect(decisions[0]).toMatchObject({ action, reason: expect.stringMatching(reason) });
    expect(kept.video !== null).toBe(isKept);
  });
});
