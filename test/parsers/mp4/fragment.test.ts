import { beforeEach, describe, expect, it, test } from 'vitest';
import { type Box, boxes } from '../../../parsers/mp4/box.ts';
import { planEdits } from '../../../parsers/mp4/edit-list.ts';
import { type FragmentContext, parseMovieFragment } from '../../../parsers/mp4/fragment.ts';
import { presentedFragmentTime } from '../../../parsers/mp4/presentation.ts';
import {
  compositionTime,
  decodeDuration,
  isSync,
  type SampleTable,
} from '../../../parsers/mp4/sample-table.ts';
import type { SampleDefaults } from '../../../parsers/mp4/track-run.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { ascii, box, u32, u64 } from './table-writer.ts';
import { ffmpegFile, probePackets, type TestTrack, tracksOf, X264_AAC } from './track-files.ts';

/** Where the fragments of these tests lie. */
const START = 5000;

const DEFAULTS: SampleDefaults = { description: 1, duration: 100, size: 50, flags: 0x10000 };
const NOTHING: FragmentContext = { defaults: new Map(), times: new Map(), fileEnd: null };
const CONTEXT: FragmentContext = { ...NOTHING, defaults: new Map([[1, DEFAULTS]]) };

function moof(...trafs: readonly Uint8Array[]): Box {
  const bytes = box('moof', box('mfhd', u32(0, 7)), ...trafs);
  const [found] = boxes(bytes, START);
  if (!found) throw new Error('There is no box');
  return found;
}

const traf = (...parts: readonly Uint8Array[]): Uint8Array => box('traf', ...parts);
const tfhd = (flags: number, trackId: number, ...fields: readonly Uint8Array[]): Uint8Array =>
  box('tfhd', u32(flags, trackId), ...fields);
const trun = (flags: number, count: number, ...fields: readonly number[]): Uint8Array =>
  box('trun', u32(flags, count, ...fields));
const tfdt = (time: number): Uint8Array => box('tfdt', u32(0, time));
const uuid = (id: string, ...fields: readonly Uint8Array[]): Uint8Array =>
  box('uuid', bytesOf(id.replaceAll('-', '')), ...fields);

const BASE_IS_MOOF = 0x20000;
/** A fragment of one track, whose samples are told by `runs`. */
const single = (flags: number, ...runs: readonly Uint8Array[]): Box =>
  moof(traf(tfhd(BASE_IS_MOOF | flags, 1), ...runs));

function onlyTrack(from: Box, context: FragmentContext = CONTEXT) {
  const [track] = parseMovieFragment(from, context).tracks;
  if (!track) throw new Error('There is no track');
  return track;
}

const indexes = ({ count }: SampleTable) => Array.from({ length: count }, (_, i) => i);
const durations = (samples: SampleTable) => indexes(samples).map((i) => decodeDuration(samples, i));
const syncs = (samples: SampleTable) => indexes(samples).filter((i) => isSync(samples, i));

describe('samples of a run', () => {
  it('are as the track says where neither fragment nor run tell', () => {
    const { samples } = onlyTrack(single(0, trun(0x1, 3, 200)));
    expect([...samples.sizes]).toEqual([50, 50, 50]);
    expect([...samples.offsets]).toEqual([START + 200, START + 250, START + 300]);
    expect([...samples.times]).toEqual([0, 100, 200]);
    expect(samples).toMatchObject({ end: 300, compositionOffsets: null, description: 1 });
    expect(syncs(samples)).toEqual([]);
  });

  it('are as the fragment says', () => {
    const header = tfhd(BASE_IS_MOOF | 0x3a, 1, u32(2, 30, 40, 0));
    const { samples } = onlyTrack(moof(traf(header, trun(0x1, 2, 200))));
    expect([...samples.sizes]).toEqual([40, 40]);
    expect(durations(samples)).toEqual([30, 30]);
    expect(samples).toMatchObject({ description: 2, sync: null });
  });

  it('are as they say themselves', () => {
    const fields = [10, 60, 0, 500, 20, 70, 0x10000, -500];
    const { samples } = onlyTrack(single(0, trun(0xf01, 2, 200, ...fields)));
    expect([...samples.sizes]).toEqual([60, 70]);
    expect(durations(samples)).toEqual([10, 20]);
    expect(syncs(samples)).toEqual([0]);
    expect(indexes(samples).map((i) => compositionTime(samples, i))).toEqual([500, -490]);
  });

  test.each([
    { name: 'nothing', flags: 0, expected: true },
    { name: 'that it is none', flags: 0x10000, expected: false },
    { name: 'that it depends on others', flags: 0x1000000, expected: false },
    { name: 'that it depends on none', flags: 0x2000000, expected: true },
    { name: 'that it depends on none and is none', flags: 0x2010000, expected: false },
    { name: 'that others depend on it', flags: 0x400000, expected: true },
  ])('are sync samples where flags say $name: $expected', ({ flags, expected }) => {
    const { samples } = onlyTrack(single(0, trun(0x401, 1, 200, flags)));
    expect(isSync(samples, 0)).toBe(expected);
  });

  test.each([
    { name: 'to the first only', run: trun(0x5, 3, 200, 0), expected: [0] },
    { name: 'not where each has its own', run: trun(0x405, 3, 200, 0, 0x10000, 0x10000, 0), expected: [2] },
  ])('have the first flags apply $name', ({ run, expected }) => {
    expect(syncs(onlyTrack(single(0, run)).samples)).toEqual(expected);
  });

  it('of one without defaults have none', () => {
    const { samples } = onlyTrack(single(0, trun(0x201, 2, 200, 5, 6)), NOTHING);
    expect([...samples.sizes]).toEqual([5, 6]);
    expect(samples).toMatchObject({ end: 0, description: 1, sync: null });
  });

  it('of PCM are joined where they are all alike', () => {
    const context = { ...CONTEXT, joinTicks: new Map([[1, 1000]]) };
    const { samples } = onlyTrack(single(0, trun(0x1, 25, 200), trun(0x200, 2, 8, 9)), context);
    expect([...samples.sizes]).toEqual([500, 500, 250, 8, 9]);
    expect([...samples.times]).toEqual([0, 1000, 2000, 2500, 2600]);
    expect([...samples.offsets]).toEqual([5200, 5700, 6200, 6450, 6458]);
  });

  it('beyond the end of the file are left out', () => {
    const { samples } = onlyTrack(single(0, trun(0x1, 3, 200)), { ...CONTEXT, fileEnd: START + 300 });
    expect(samples).toMatchObject({ count: 2, end: 200, missing: 1 });
  });
});

describe('where samples lie', () => {
  const offsets = (from: Box) =>
    parseMovieFragment(from, CONTEXT).tracks.map(({ samples }) => [...samples.offsets]);

  test.each<{ name: string; from: Box; expected: number[][] }>([
    {
      name: 'a run without offset: at the base',
      from: single(0, trun(0, 2)),
      expected: [[START, START + 50]],
    },
    {
      name: 'a run without offset behind another',
      from: single(0, trun(0x1, 2, 300), trun(0, 1)),
      expected: [[START + 300, START + 350, START + 400]],
    },
    {
      name: 'a run with an offset behind another',
      from: single(0, trun(0x1, 1, 300), trun(0x1, 1, 900)),
      expected: [[START + 300, START + 900]],
    },
    {
      name: 'a base of its own',
      from: moof(traf(tfhd(0x1, 1, u64(2 ** 33)), trun(0x1, 1, 8))),
      expected: [[2 ** 33 + 8]],
    },
    {
      name: 'an offset below its base',
      from: moof(traf(tfhd(0x1, 1, u64(90_000)), trun(0x1, 1, -1000))),
      expected: [[89_000]],
    },
    {
      name: 'no base: the first at the fragment, the second behind the data of the first',
      from: moof(traf(tfhd(0, 1), trun(0x1, 2, 300)), traf(tfhd(0, 2, u32()), trun(0x201, 1, 10, 5))),
      expected: [[START + 300, START + 350], [START + 410]],
    },
    {
      name: 'no base, but the second counts from the fragment, too: its offset says so',
      from: moof(traf(tfhd(0, 1), trun(0x1, 2, 300)), traf(tfhd(0, 2, u32()), trun(0x201, 1, 400, 5))),
      expected: [[START + 300, START + 350], [START + 400]],
    },
    {
      name: 'each at the fragment',
      from: moof(
        traf(tfhd(BASE_IS_MOOF, 1), trun(0x1, 2, 300)),
        traf(tfhd(BASE_IS_MOOF, 2), trun(0x201, 1, 400, 5)),
      ),
      expected: [[START + 300, START + 350], [START + 400]],
    },
  ])('$name', ({ from, expected }) => {
    expect(offsets(from)).toEqual(expected);
  });
});

const TFXD = '6d1d9b05-42d5-44e6-80e2-141daff757b2';
const TFRF = 'd4807ef2-ca39-4695-8e54-26cb9e46a79f';

describe('decode time', () => {
  const known = { ...CONTEXT, times: new Map([[1, 900]]) };
  const run = trun(0x1, 1, 200);
  const LONG = 0x1000000;

  test.each<{ name: string; parts: Uint8Array[]; context: FragmentContext; time: number; timing: string }>([
    { name: 'of 32 bits', parts: [tfdt(2 ** 32 - 1)], context: known, time: 2 ** 32 - 1, timing: 'tfdt' },
    {
      name: 'of 64 bits',
      parts: [box('tfdt', u32(LONG), u64(2 ** 40))],
      context: known,
      time: 2 ** 40,
      timing: 'tfdt',
    },
    {
      name: 'a little below zero',
      parts: [box('tfdt', u32(LONG), u64(-1024))],
      context: known,
      time: -1024,
      timing: 'tfdt',
    },
    {
      name: 'of Smooth Streaming',
      parts: [uuid(TFXD, u32(LONG), u64(2 ** 40, 5))],
      context: known,
      time: 2 ** 40,
      timing: 'tfxd',
    },
    {
      name: 'of Smooth Streaming with 32 bits',
      parts: [uuid(TFXD, u32(0, 77, 5))],
      context: known,
      time: 77,
      timing: 'tfxd',
    },
    { name: 'that goes on', parts: [], context: known, time: 900, timing: 'context' },
    { name: 'that nobody tells', parts: [], context: CONTEXT, time: 0, timing: 'none' },
  ])('$name', ({ parts, context, time, timing }) => {
    const track = onlyTrack(single(0, ...parts, run), context);
    expect(track.samples.times[0]).toBe(time);
    expect(track.timing).toBe(timing);
  });

  it('goes on in a second traf of the same track', () => {
    const { tracks } = parseMovieFragment(
      moof(traf(tfhd(0, 1), tfdt(400), trun(0x1, 2, 200)), traf(tfhd(0, 1), trun(0, 1))),
      CONTEXT,
    );
    expect(tracks.map(({ samples }) => samples.times[0])).toEqual([400, 600]);
  });

  it('of fragments that follow is told by Smooth Streaming', () => {
    const tfrf = uuid(TFRF, u32(LONG), bytesOf('02'), u64(1000, 20, 1020, 20));
    expect(onlyTrack(single(0, tfrf, run)).upcoming).toEqual([
      { time: 1000, duration: 20 },
      { time: 1020, duration: 20 },
    ]);
  });
});

describe('encryption', () => {
  const run = trun(0x1, 1, 200);

  test.each([
    { name: 'nothing', part: box('free'), expected: false },
    { name: 'senc', part: box('senc', u32(0, 0)), expected: true },
    { name: 'its forerunner', part: uuid('a2394f52-5a9b-4f14-a244-6c427c648df4', u32(0, 0)), expected: true },
    { name: 'sizes of auxiliary data', part: box('saiz', u32(0, 0, 0)), expected: true },
    { name: 'sizes for cbcs', part: box('saiz', u32(1), ascii('cbcs'), u32(0, 0)), expected: true },
    {
      name: 'places of something else',
      part: box('saio', u32(1), ascii('abcd'), u32(0, 0)),
      expected: false,
    },
  ])('$name: $expected', ({ part, expected }) => {
    expect(onlyTrack(single(0, part, run)).isEncrypted).toBe(expected);
  });
});

describe('fragments that make no sense', () => {
  test.each<{ name: string; from: () => Box; code: string }>([
    { name: 'no header', from: () => moof(traf(trun(0, 1))), code: 'corrupt' },
    { name: 'a header cut off', from: () => moof(traf(box('tfhd', u32(0x8, 1)))), code: 'truncated' },
    { name: 'more samples than bytes', from: () => single(0, trun(0x201, 3, 200, 1, 2)), code: 'truncated' },
    {
      name: 'four billion samples that all look alike',
      from: () => single(0, trun(0x1, 2 ** 32 - 1, 200)),
      code: 'limit',
    },
    {
      name: 'many runs of many samples that all look alike',
      from: () => moof(...Array.from({ length: 100 }, () => traf(tfhd(0, 1), trun(0, 20_000)))),
      code: 'limit',
    },
    { name: 'a place before the file', from: () => single(0, trun(0x1, 1, -6000)), code: 'corrupt' },
    { name: 'a place beyond 2^53', from: () => moof(traf(tfhd(1, 1, u64(2 ** 60)))), code: 'corrupt' },
    {
      name: 'a time beyond 2^53',
      from: () => single(0, box('tfdt', u32(0x1000000), u64(2 ** 60))),
      code: 'corrupt',
    },
  ])('$name: $code', ({ from, code }) => {
    let thrown: unknown = null;
    try {
      parseMovieFragment(from(), CONTEXT);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(MediaError);
    expect((thrown as MediaError).code).toBe(code);
  });

  it('any byte changed is read or refused', () => {
    const whole = box(
      'moof',
      box('mfhd', u32(0, 7)),
      traf(
        tfhd(0x3b, 1, u64(9000), u32(1, 2, 3, 0)),
        tfdt(5),
        trun(0xf05, 1, 200, 0, 1, 2, 3, 4),
        trun(0, 3),
      ),
      traf(
        tfhd(0, 2),
        uuid(TFXD, u32(0, 77, 5)),
        uuid(TFRF, u32(0), bytesOf('01'), u32(1, 2)),
        trun(0x200, 1, 9),
      ),
    );
    expectMediaErrors(whole, (bytes) => {
      for (const found of boxes(bytes, START)) parseMovieFragment(found, { ...CONTEXT, fileEnd: 20_000 });
    });
  });
});

describe('what ffmpeg writes', () => {
  beforeEach(needsFfmpeg);

  interface FlagCase {
    readonly name: string;
    readonly options: readonly string[];
    /** Ticks by which ffprobe has pictures, then sound, later than the boxes say. */
    readonly later?: readonly [pictures: number, sound: number];
  }

  const FLAGS: readonly FlagCase[] = [
    { name: 'fragments at key pictures', options: ['-movflags', 'frag_keyframe+empty_moov'] },
    { name: 'bases at the fragment', options: ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'] },
    { name: 'a first fragment in the head', options: ['-movflags', 'frag_keyframe'] },
    { name: 'a fragment for each track', options: ['-movflags', 'frag_keyframe+separate_moof+empty_moov'] },
    { name: 'DASH', options: ['-movflags', 'dash+frag_keyframe+delay_moov'] },
    {
      name: 'negative offsets, which ffprobe adds to all stamps',
      options: ['-movflags', 'frag_keyframe+negative_cts_offsets+empty_moov'],
      later: [512, 0],
    },
    {
      name: 'Smooth Streaming, whose times ffprobe does not read',
      options: ['-movflags', 'isml+frag_keyframe', '-f', 'ismv'],
      later: [400_000, 213_333],
    },
  ];

  test.each(FLAGS)('is read as ffprobe does: $name', ({ options, later = [0, 0] }) => {
    const file = ffmpegFile([...X264_AAC, ...options]);
    for (const [stream, track] of tracksOf(file).entries()) {
      const presents = stream === 0 ? 'pictures' : 'frames';
      const rows = fragmentRows(file, track, presents);
      const judged = probePackets(file, stream)
        .slice(-rows.length)
        .map(({ position, size, isKey, pts }) => ({
          position,
          size,
          isKey,
          time: pts - (later[stream] ?? 0),
        }));
      expect(rows.length).toBeGreaterThan(20);
      // What lies before the edit list's start is shown by ffprobe in fragments.
      expect(rows).toEqual(
        judged.map((row, i) => (rows[i]?.time === null && row.time < 0 ? { ...row, time: null } : row)),
      );
    }
  });
});

/** The samples of a track in all fragments; times in its timescale. */
function fragmentRows(file: Uint8Array, track: TestTrack, presents: 'pictures' | 'frames') {
  const { timescale, movieTimescale, edits } = track;
  const made = planEdits(edits, movieTimescale, timescale, { presents, table: null });
  return fragmentsOf(file, track.id).flatMap((samples) =>
    indexes(samples).map((i) => {
      const duration = decodeDuration(samples, i);
      const time = presentedFragmentTime(made, compositionTime(samples, i), duration);
      return {
        position: samples.offsets[i],
        size: samples.sizes[i],
        isKey: isSync(samples, i),
        time: time === null ? null : Math.round((time * timescale) / 1e9),
      };
    }),
  );
}

/** The samples of a track in all fragments of a file. */
function fragmentsOf(file: Uint8Array, trackId: number): SampleTable[] {
  const times = new Map<number, number>();
  const defaults = new Map([1, 2].map((id) => [id, { description: 1, duration: 0, size: 0, flags: 0 }]));
  const tables: SampleTable[] = [];
  for (const found of boxes(file, 0)) {
    if (found.type !== 'moof') continue;
    for (const track of parseMovieFragment(found, { defaults, times, fileEnd: file.length }).tracks) {
      times.set(track.trackId, track.samples.end);
      if (track.trackId === trackId) tables.push(track.samples);
    }
  }
  return tables;
}
