import { describe, expect, test } from 'vitest';
import { narrow } from '../../src/web/narrowing.ts';
import type { ProbeAnswer, ProbeTrack } from '../../src/web/probe-view.ts';

const track = (index: number, kind: 'video' | 'audio', codec: string): ProbeTrack => ({
  index,
  kind,
  codec,
  forms: [codec],
  sourceCodec: codec,
  language: 'und',
  name: null,
  default: true,
  action: 'copy',
  reason: null,
});

const probe = (...tracks: readonly ProbeTrack[]): ProbeAnswer => ({
  container: 'matroska',
  duration: 1,
  segments: 1,
  index: { kind: 'every packet read' },
  tracks,
  renditions: [],
  encoding: null,
  silent: null,
  warnings: [],
});

const inChromium = (_: string, codec: string) => /^(avc1|vp09|av01|mp4a\.40|Opus|fLaC)/.test(codec);
const H264 = track(0, 'video', 'avc1.64001f');

describe('narrow', () => {
  test.each([
    {
      name: 'keeps the tracks that can be decoded',
      tracks: [H264, track(1, 'audio', 'ec-3'), track(2, 'audio', 'mp4a.40.2'), track(3, 'audio', 'Opus')],
      expected: { kind: 'audio', audio: '2,3', leftOut: 'This browser cannot decode the audio ec-3.' },
    },
    {
      name: 'asks for none where none can be',
      tracks: [H264, track(1, 'audio', 'ec-3'), track(2, 'audio', 'ac-3')],
      expected: { kind: 'audio', audio: 'none', leftOut: 'This browser cannot decode the audio ec-3, ac-3.' },
    },
    {
      name: 'does not count tracks that are left out anyway',
      tracks: [
        H264,
        { ...track(1, 'audio', 'ac-3'), action: 'omit' as const },
        track(2, 'audio', 'alac'),
        track(3, 'audio', 'fLaC'),
      ],
      expected: { kind: 'audio', audio: '3', leftOut: 'This browser cannot decode the audio alac.' },
    },
  ])('$name', ({ tracks, expected }) => {
    expect(narrow(probe(...tracks), inChromium)).toEqual(expected);
  });

  test.each([
    {
      name: 'video',
      tracks: [track(0, 'video', 'hvc1.1.6.L93.B0'), track(1, 'audio', 'mp4a.40.2')],
      message: 'This browser cannot decode the video hvc1.1.6.L93.B0.',
    },
    {
      name: 'audio alone',
      tracks: [track(0, 'audio', 'ac-3')],
      message: 'This browser cannot decode the audio ac-3.',
    },
  ])('says so when it is the $name', ({ tracks, message }) => {
    const narrowed = narrow(probe(...tracks), inChromium);
    expect(narrowed).toMatchObject({ kind: 'failure', failure: { code: 'browser-codec', message } });
  });

  test.each([
    { encoders: 'absent', next: /whoever runs this one can install it/ },
    { encoders: 'here', next: /no encoder of its FFmpeg works/ },
  ] as const)('says what would help where encoders are $encoders', ({ encoders, next }) => {
    const encoding = { needed: true, why: null, offered: false, encoders };
    const answer = { ...probe(track(0, 'video', 'hvc1.1.6.L93.B0')), encoding };
    expect(narrow(answer, inChromium)).toMatchObject({ failure: { next: expect.stringMatching(next) } });
  });
});
