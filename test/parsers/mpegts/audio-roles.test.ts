import { expect, test } from 'vitest';
import { audioRole, supplementaryLanguage } from '../../../parsers/mpegts/audio-roles.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { makeStream, open } from './streams.ts';

const ENGLISH = [0x65, 0x6e, 0x67];
const AAC = 0x0f;
const ATSC_AC3 = 0x81;
const DVB = 0x06;

const stream = (type: number, ...descriptors: (readonly number[])[]) => ({
  type,
  pid: 256,
  descriptors: descriptors.map(([tag = 0, ...data]) => ({ tag, data: Uint8Array.from(data) })),
});
const language = (audioType: number) => [0x0a, ...ENGLISH, audioType];
const supplementary = (flags: number, ...rest: number[]) => [0x7f, 0x06, flags, ...rest];

test.each([
  { what: 'nothing', of: stream(AAC), role: null },
  { what: 'audio_type 0', of: stream(AAC, language(0)), role: null },
  { what: 'audio_type 1', of: stream(AAC, language(1)), role: 'Clean effects' },
  { what: 'audio_type 2', of: stream(AAC, language(2)), role: 'Hearing impaired' },
  { what: 'audio_type 3', of: stream(AAC, language(3)), role: 'Audio description' },
  { what: "audio_type of somebody's own", of: stream(AAC, language(9)), role: null },
  { what: 'a language without audio_type', of: stream(AAC, [0x0a, ...ENGLISH]), role: null },
  { what: 'description, mixed', of: stream(AAC, supplementary(0x84)), role: 'Audio description' },
  {
    what: 'description, not mixed',
    of: stream(AAC, language(3), supplementary(0x04)),
    role: 'Audio description (to be mixed)',
  },
  { what: 'clean audio', of: stream(AAC, supplementary(0x88)), role: 'Clean audio' },
  { what: 'spoken subtitles', of: stream(AAC, supplementary(0x8c)), role: 'Spoken subtitles' },
  { what: 'for all', of: stream(AAC, supplementary(0xdc)), role: 'Supplementary audio' },
  { what: 'main audio of the same descriptor', of: stream(AAC, supplementary(0x80)), role: null },
  { what: 'another extension', of: stream(DVB, [0x7f, 0x15, 0x84]), role: null },
  { what: 'AC-3, main', of: stream(DVB, [0x6a, 0x80, 0x42]), role: null },
  { what: 'AC-3, visually impaired', of: stream(DVB, [0x6a, 0x80, 0x52]), role: 'Audio description' },
  { what: 'AC-3 without a type', of: stream(DVB, [0x6a, 0x40, 0x52]), role: null },
  { what: 'E-AC-3, hearing impaired', of: stream(DVB, [0x7a, 0x80, 0x98]), role: 'Hearing impaired' },
  { what: 'E-AC-3, commentary', of: stream(DVB, [0x7a, 0x80, 0xa8]), role: 'Commentary' },
  { what: 'voice-over', of: stream(DVB, [0x7a, 0x80, 0xb8]), role: 'Voice-over' },
  { what: 'karaoke', of: stream(DVB, [0x7a, 0x80, 0xf8]), role: null },
  { what: 'ATSC, main', of: stream(ATSC_AC3, [0x81, 8, 0x3c, 0x0b]), role: null },
  { what: 'ATSC, visually impaired', of: stream(ATSC_AC3, [0x81, 8, 0x3c, 0x45]), role: 'Audio description' },
  { what: 'ATSC E-AC-3, dialogue', of: stream(0x87, [0xcc, 0x80, 0xe2]), role: 'Dialogue' },
  { what: 'the same tag elsewhere', of: stream(DVB, [0x81, 8, 0x3c, 0x45]), role: null },
])('$what: $role', ({ of, role }) => {
  expect(audioRole(of)).toBe(role);
  for (const { tag, data } of of.descriptors)
    expectMediaErrors(data, (bytes) => audioRole({ ...of, descriptors: [{ tag, data: bytes }] }));
});

test('the language of the supplementary descriptor', () => {
  expect(supplementaryLanguage(stream(AAC, language(3), supplementary(0x85, 0x64, 0x65, 0x75)))).toBe('de');
  expect(supplementaryLanguage(stream(AAC, supplementary(0x84, 0x64, 0x65, 0x75)))).toBeNull();
  expect(supplementaryLanguage(stream(AAC, supplementary(0x85, 0x64)))).toBeNull();
});

test("what ffmpeg's muxer marks is named and not the default, wherever it stands", async (context) => {
  needsFfmpeg(context);
  const maps = ['-map', '0', '-map', '1', '-map', '1', '-map', '1', '-metadata:s:a', 'language=eng'];
  const marks = ['-disposition:a:0', 'visual_impaired', '-disposition:a:2', 'hearing_impaired'];
  const { tracks } = await open(makeStream({ seconds: 1, mux: [...maps, ...marks] }));
  expect(tracks.map(({ name, isDefault, language }) => [name, isDefault, language])).toEqual([
    [null, true, 'und'],
    ['Audio description', false, 'en'],
    [null, true, 'en'],
    ['Hearing impaired', false, 'en'],
  ]);
});
