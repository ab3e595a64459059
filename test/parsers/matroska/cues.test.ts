import { describe, expect, test } from 'vitest';
import { parseCues, parseTagDuration } from '../../../parsers/matroska/cues.ts';
import { Master } from '../../../parsers/matroska/ebml.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';

const context = { timestampScale: 1_000_000, base: 100, segmentStart: 100, end: 10_000 };
const parse = (cues: Uint8Array) =>
  parseCues([new Master(child(cues, w.ID.Cues)?.data ?? new Uint8Array(), 0)], context);
const cue = (time: number, cluster: number, track = 1): w.Cue => ({ time, cluster, track });
/** Milliseconds and file offsets of track 1. */
const points = (cues: Uint8Array) =>
  parse(cues)
    .get(1)
    ?.map((point) => [point.time / 1e6, point.position]) ?? [];

const rawCue = (time: Uint8Array, position: Uint8Array): Uint8Array =>
  w.element(
    w.ID.CuePoint,
    w.element(w.ID.CueTime, time),
    w.element(w.ID.CueTrackPositions, w.uint(w.ID.CueTrack, 1), w.element(w.ID.CueClusterPosition, position)),
  );
const good = [
  rawCue(Uint8Array.of(0), Uint8Array.of(50)),
  rawCue(Uint8Array.of(20), Uint8Array.of(80)),
  rawCue(Uint8Array.of(40), Uint8Array.of(120)),
] as const;
const withBad = (bad: Uint8Array) => w.element(w.ID.Cues, good[0], bad, good[1], good[2]);
const goodPoints = [
  [0, 150],
  [20, 180],
  [40, 220],
];

describe('parseCues', () => {
  test.each([
    {
      name: 'in order',
      cues: w.cues(cue(0, 50), cue(2000, 500)),
      expected: [
        [0, 150],
        [2000, 600],
      ],
    },
    {
      name: 'out of order',
      cues: w.cues(cue(2000, 500), cue(0, 50), cue(1000, 300)),
      expected: [
        [0, 150],
        [1000, 400],
        [2000, 600],
      ],
    },
    {
      name: 'twice',
      cues: w.cues(cue(0, 50), cue(0, 50), cue(5, 60), cue(5, 70)),
      expected: [
        [0, 150],
        [5, 160],
      ],
    },
    {
      name: 'several in one cluster',
      cues: w.cues(cue(0, 50), cue(5, 50), cue(9, 90)),
      expected: [
        [0, 150],
        [5, 150],
        [9, 190],
      ],
    },
    {
      name: 'beyond the file',
      cues: w.cues(cue(0, 50), cue(5, 9900), cue(9, 9899), cue(10, 1e12)),
      expected: [
        [0, 150],
        [9, 9999],
      ],
    },
    { name: 'other tracks', cues: w.cues(cue(0, 50, 2), cue(5, 60), cue(9, 90, 3)), expected: [[5, 160]] },
    { name: 'none', cues: w.element(w.ID.Cues), expected: [] },
    {
      name: 'one that points far ahead',
      cues: w.cues(cue(0, 9000), cue(1, 100), cue(2, 200), cue(3, 300)),
      expected: [
        [1, 200],
        [2, 300],
        [3, 400],
      ],
    },
    {
      name: 'one that points far back',
      cues: w.cues(cue(0, 10), cue(1, 100), cue(2, 200), cue(3, 20), cue(4, 300)),
      expected: [
        [0, 110],
        [1, 200],
        [2, 300],
        [4, 400],
      ],
    },
    {
      name: 'one with a wild time',
      cues: w.cues(cue(0, 10), cue(9_000_000, 100), cue(2, 200), cue(3, 300)),
      expected: [
        [0, 110],
        [2, 300],
        [3, 400],
      ],
    },
  ])('$name', ({ cues, expected }) => {
    expect(points(cues)).toEqual(expected);
  });

  test.each([
    { name: 'a position below 0, as 2^64 - 5', bad: rawCue(Uint8Array.of(10), w.hex('fffffffffffffffb')) },
    { name: 'a time of 2^64 - 1', bad: rawCue(w.hex('ffffffffffffffff'), Uint8Array.of(70)) },
    { name: 'a time that is no nanosecond', bad: rawCue(w.hex('001fffffffffffff'), Uint8Array.of(130)) },
    { name: 'a position of nine bytes', bad: rawCue(Uint8Array.of(10), new Uint8Array(9)) },
    {
      name: 'no position',
      bad: w.element(
        w.ID.CuePoint,
        w.uint(w.ID.CueTime, 10),
        w.element(w.ID.CueTrackPositions, w.uint(w.ID.CueTrack, 1)),
      ),
    },
    {
      name: 'no time',
      bad: w.element(
        w.ID.CuePoint,
        w.element(w.ID.CueTrackPositions, w.uint(w.ID.CueTrack, 1), w.uint(w.ID.CueClusterPosition, 60)),
      ),
    },
    { name: 'a child beyond the CuePoint', bad: w.element(w.ID.CuePoint, w.lyingElement(w.ID.CueTime, 50)) },
    { name: 'Void', bad: w.voidOf(30) },
  ])('$name costs that point alone', ({ bad }) => {
    expect(points(withBad(bad))).toEqual(goodPoints);
  });

  test('one CuePoint with positions of several tracks', () => {
    const position = (track: number, cluster: number) =>
      w.element(
        w.ID.CueTrackPositions,
        w.uint(w.ID.CueTrack, track),
        w.uint(w.ID.CueClusterPosition, cluster),
      );
    const cues = w.element(
      w.ID.Cues,
      w.element(w.ID.CuePoint, w.uint(w.ID.CueTime, 3), position(1, 10), position(2, 10)),
    );
    expect([...parse(cues).keys()]).toEqual([1, 2]);
    expect(parse(cues).get(2)).toEqual([{ time: 3_000_000, position: 110, blockPosition: null }]);
  });
});

describe('parseTagDuration', () => {
  test.each([
    { text: '00:00:12.010000000', duration: 12_010_000_000 },
    { text: '01:02:03.500000000', duration: 3_723_500_000_000 },
    { text: '123:00:00', duration: 442_800_000_000_000 },
    { text: ' 00:00:01.5\n', duration: 1_500_000_000 },
    { text: '00:00:01,5', duration: null },
    { text: '12.5', duration: null },
    { text: '', duration: null },
    { text: '-00:00:01.0', duration: null },
    { text: '99999999999999:00:00', duration: null },
  ])('$text', ({ text, duration }) => {
    expect(parseTagDuration(text)).toBe(duration);
  });
});
