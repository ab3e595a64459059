import { expect, test } from 'vitest';
import type { AudioConfig, AudioTrack } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import type { AudioTranscoder } from '../../src/core/transcoding.ts';
import { audioGroups } from '../../src/pipeline/audio-groups.ts';
import type { AudioRenditionPlan } from '../../src/pipeline/renditions.ts';
import { audioForms, whyNotDecoded } from '../../src/pipeline/transcoded/audio-forms.ts';
import { AUDIO } from '../muxers/fmp4/tracks.ts';

type Codec = AudioConfig['codec'] | 'dts' | 'truehd';

interface Sound {
  readonly codec: Codec;
  readonly channels: number;
  readonly rate?: number;
}

const NO_RECORD = new Uint8Array();

function trackOf({ codec, channels, rate = 48_000 }: Sound, index: number): AudioTrack {
  const isKept = codec !== 'dts' && codec !== 'truehd';
  return {
    ...AUDIO,
    id: index + 1,
    index,
    channels,
    sampleRate: rate,
    configs: isKept ? [{ codec, record: NO_RECORD }] : [],
    decodeOnly: isKept ? null : { codec, record: NO_RECORD },
    codecDelay: nanoseconds(0),
  };
}

/** Of everything but AAC and TrueHD, as what is in process. */
const TRANSCODER: AudioTranscoder = {
  reasonAgainst: ({ codec }) => (codec === 'aac' || codec === 'truehd' ? `no decoder of ${codec}` : null),
  settings: '',
  peakPerChannel: 140_000,
  prepare: () => undefined,
  // biome-ignore lint/correctness/useYield: nothing is made here
  async *transcode() {
    throw new Error('Nothing is made here');
  },
};

/** By name, as `planRenditions` has them. */
function renditionsOf(sounds: readonly Sound[], transcoder: AudioTranscoder | null): AudioRenditionPlan[] {
  return sounds.map(trackOf).flatMap((track) => {
    const { aac, isCopied } = audioForms(track, transcoder);
    const common = { kind: 'audio', timescale: 0, codecString: '', durations: [] } as const;
    const encoded = aac.map((output) => ({
      ...common,
      name: `a${track.index}-aac${output.channels === 6 ? '51' : ''}`,
      track: { ...track, channels: output.channels },
      aac: { output, boundaries: [] },
    }));
    const copied = isCopied ? [{ ...common, name: `a${track.index}-copy`, track, aac: null }] : [];
    return [...encoded, ...copied] as unknown as AudioRenditionPlan[];
  });
}

const told = (sounds: readonly Sound[], transcoder: AudioTranscoder | null) =>
  audioGroups(renditionsOf(sounds, transcoder)).map(
    ({ id, members }) => `${id}: ${members.map(({ name }) => name).join(' ')}`,
  );

const AAC: Sound = { codec: 'aac', channels: 2 };
const AAC_51: Sound = { codec: 'aac', channels: 6 };
const AC3: Sound = { codec: 'ac3', channels: 6 };
const EAC3: Sound = { codec: 'eac3', channels: 6 };
const DTS: Sound = { codec: 'dts', channels: 6 };
const DTS_STEREO: Sound = { codec: 'dts', channels: 2 };
const TRUEHD: Sound = { codec: 'truehd', channels: 8 };

test.each([
  { sounds: [], with: TRANSCODER, groups: [] },
  { sounds: [AAC], with: TRANSCODER, groups: ['audio: a0-copy'] },
  { sounds: [AAC, AAC], with: TRANSCODER, groups: ['audio: a0-copy a1-copy'] },
  { sounds: [AC3], with: TRANSCODER, groups: ['audio: a0-aac', 'audio-ac3: a0-copy'] },
  { sounds: [DTS_STEREO], with: TRANSCODER, groups: ['audio: a0-aac'] },
  { sounds: [DTS], with: TRANSCODER, groups: ['audio: a0-aac', 'audio-aac-surround: a0-aac51'] },
  {
    sounds: [AAC, AC3, DTS],
    with: TRANSCODER,
    groups: [
      'audio: a0-copy a1-aac a2-aac',
      'audio-ac3: a0-copy a1-copy a2-aac',
      'audio-aac-surround: a0-copy a1-aac a2-aac51',
    ],
  },
  {
    sounds: [AC3, EAC3],
    with: TRANSCODER,
    groups: ['audio: a0-aac a1-aac', 'audio-ac3: a0-copy a1-aac', 'audio-eac3: a0-aac a1-copy'],
  },
  // What is not decoded here stands in the first group as it is: the same tracks in every one.
  { sounds: [AAC_51], with: TRANSCODER, groups: ['audio: a0-copy'] },
  {
    sounds: [AC3, AAC_51],
    with: TRANSCODER,
    groups: ['audio: a0-aac a1-copy', 'audio-ac3: a0-copy a1-copy', 'audio-aac-surround: a0-aac a1-copy'],
  },
  { sounds: [TRUEHD], with: TRANSCODER, groups: [] },
  { sounds: [TRUEHD, AC3], with: TRANSCODER, groups: ['audio: a1-aac', 'audio-ac3: a1-copy'] },
  { sounds: [AAC, AC3, DTS], with: null, groups: ['audio: a0-copy a1-copy', 'audio-ac3: a0-copy a1-copy'] },
  { sounds: [AC3, EAC3], with: null, groups: ['audio: a0-copy a1-copy'] },
  { sounds: [DTS], with: null, groups: [] },
])('$sounds', ({ sounds, with: transcoder, groups }) => {
  expect(told(sounds, transcoder)).toEqual(groups);
});

test('every group has the same tracks, each once', () => {
  const all = [AAC, AAC_51, AC3, EAC3, DTS, DTS_STEREO, TRUEHD];
  for (const transcoder of [TRANSCODER, null])
    for (let set = 1; set < 1 << all.length; set++) {
      const groups = audioGroups(
        renditionsOf(
          all.filter((_, i) => set & (1 << i)),
          transcoder,
        ),
      );
      const tracks = groups.map(({ members }) => members.map(({ track }) => track.id).join());
      expect(new Set(tracks).size).toBeLessThanOrEqual(1);
      expect(new Set(groups.map(({ id }) => id)).size).toBe(groups.length);
      for (const { members } of groups)
        expect(new Set(members.map(({ track }) => track.id)).size).toBe(members.length);
    }
});

test.each([
  { sound: { ...AC3, rate: 44_100 }, rate: 44_100 },
  { sound: { ...AC3, rate: 96_000 }, rate: 48_000 },
  { sound: { ...AC3, rate: 176_400 }, rate: 44_100 },
  { sound: { ...AC3, rate: 8000 }, rate: 8000 },
])('$sound.rate Hz become $rate Hz', ({ sound, rate }) => {
  expect(audioForms(trackOf(sound, 0), TRANSCODER).aac.map((output) => output.rate)).toEqual([rate]);
});

test.each([
  { sound: { ...AC3, rate: 37_800 }, reason: 'AAC has no rate for 37800 Hz' },
  { sound: TRUEHD, reason: 'no decoder of truehd' },
  { sound: AC3, reason: null },
])('$sound: $reason', ({ sound, reason }) => {
  expect(whyNotDecoded(trackOf(sound, 0), TRANSCODER)).toBe(reason);
});
