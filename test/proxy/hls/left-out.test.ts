import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlaylist } from '../../../src/proxy/hls/playlist.ts';
import { isWithin, mergeRanges, type TimeRange } from '../../../src/proxy/hls/time-ranges.ts';
import { factsOf } from './segment-facts.ts';

const URL_OF_LIST = 'https://example.org/i.m3u8';

function without(text: string, ...skip: readonly TimeRange[]): string {
  return readPlaylist(text, { url: URL_OF_LIST, skip }).write((link) =>
    link.url.slice('https://example.org/'.length),
  );
}

/** Of segments of six seconds. */
const list = (...lines: readonly string[]): string =>
  ['#EXTM3U', '#EXT-X-TARGETDURATION:6', '#EXT-X-PLAYLIST-TYPE:VOD', ...lines, '#EXT-X-ENDLIST', ''].join(
    '\n',
  );
const segment = (uri: string, ...tags: readonly string[]): string => [...tags, '#EXTINF:6,', uri].join('\n');

interface Row {
  readonly what: string;
  readonly before: readonly string[];
  readonly skip: readonly TimeRange[];
  /** Between the header and the end. */
  readonly after: readonly string[];
}

const KEY = '#EXT-X-KEY:METHOD=AES-128,URI="k"';
const vector = (number: number): string => `${KEY},IV=0x${number.toString(16).padStart(32, '0')}`;
const DATE = '#EXT-X-PROGRAM-DATE-TIME:';

const ROWS: readonly Row[] = [
  {
    what: 'in the middle, with a seam',
    before: [segment('0'), segment('1'), segment('2'), segment('3')],
    skip: [[6, 12]],
    after: [segment('0'), segment('2', '#EXT-X-DISCONTINUITY'), segment('3')],
  },
  {
    what: 'at the end, without one',
    before: [segment('0'), segment('1'), segment('2')],
    skip: [[6, 100]],
    after: [segment('0')],
  },
  {
    what: 'all',
    before: [segment('0'), segment('1')],
    skip: [[0, 12]],
    after: [],
  },
  {
    what: 'in two places, the later one written first',
    before: [segment('0'), segment('1'), segment('2'), segment('3'), segment('4')],
    skip: [
      [18.05, 23.9],
      [6, 7],
      [6.5, 11],
    ],
    after: [segment('0'), segment('2', '#EXT-X-DISCONTINUITY'), segment('4', '#EXT-X-DISCONTINUITY')],
  },
  {
    what: 'nothing where ranges touch segments only by rounding',
    before: [segment('0'), segment('1')],
    skip: [
      [11.95, 20],
      [-5, 0.05],
      [6, 6],
      [9, 8],
    ],
    after: [segment('0'), segment('1')],
  },
  {
    what: 'the key of a map behind an end of keys that is lost with both',
    before: [
      segment('0'),
      segment('1', '#EXT-X-KEY:METHOD=NONE', vector(15)),
      segment('2', '#EXT-X-MAP:URI="m"'),
      segment('3', '#EXT-X-KEY:METHOD=NONE'),
    ],
    skip: [[6, 18]],
    after: [
      segment('0'),
      segment(
        '3',
        '#EXT-X-DISCONTINUITY',
        vector(15),
        '#EXT-X-KEY:METHOD=NONE',
        vector(15),
        '#EXT-X-MAP:URI="m"',
        '#EXT-X-KEY:METHOD=NONE',
      ),
    ],
  },
  {
    what: 'with the discontinuity that was there',
    before: [segment('0'), segment('1', '#EXT-X-DISCONTINUITY'), segment('2', '#EXT-X-DISCONTINUITY')],
    skip: [[6, 12]],
    after: [segment('0'), segment('2', '#EXT-X-DISCONTINUITY')],
  },
  {
    what: 'keys that vectors are made of by number: said for each',
    before: [KEY, segment('0'), segment('1'), segment('2'), segment('3')],
    skip: [[6, 12]],
    after: [KEY, segment('0'), segment('2', '#EXT-X-DISCONTINUITY', vector(2)), segment('3', vector(3))],
  },
  {
    what: 'keys with a vector and without encryption as they are',
    before: [
      segment('0', `${KEY},IV=0x7`),
      segment('1', '#EXT-X-KEY:METHOD=NONE'),
      segment('2', vector(9)),
      segment('3'),
    ],
    skip: [[6, 12]],
    after: [
      segment('0', `${KEY},IV=0x7`),
      segment('2', '#EXT-X-DISCONTINUITY', '#EXT-X-KEY:METHOD=NONE', vector(9)),
      segment('3'),
    ],
  },
  {
    what: 'a key that began, a map that changed and a bit rate in what is gone',
    before: [
      segment('0', '#EXT-X-MAP:URI="m0"'),
      segment(
        '1',
        `${KEY},IV=0x7`,
        '#EXT-X-MAP:URI="m1"',
        '#EXT-X-BITRATE:100',
        '#EXT-X-GAP',
        '#EXT-X-CUE-OUT:6',
        '# ad',
      ),
      segment('2', '#EXT-X-CUE-IN'),
    ],
    skip: [[6, 12]],
    after: [
      segment('0', '#EXT-X-MAP:URI="m0"'),
      segment(
        '2',
        '#EXT-X-DISCONTINUITY',
        `${KEY},IV=0x7`,
        '#EXT-X-MAP:URI="m1"',
        '#EXT-X-BITRATE:100',
        '#EXT-X-CUE-IN',
      ),
    ],
  },
  {
    what: 'the key of a map that comes before another key',
    before: [
      segment('0', `${KEY},IV=0x7`),
      segment('1', vector(8)),
      segment('2', '#EXT-X-MAP:URI="m"', vector(9)),
    ],
    skip: [[6, 12]],
    after: [
      segment('0', `${KEY},IV=0x7`),
      segment('2', '#EXT-X-DISCONTINUITY', vector(8), '#EXT-X-MAP:URI="m"', vector(9)),
    ],
  },
  {
    what: 'encryption that ended in what is gone',
    before: [segment('0', `${KEY},IV=0x7`), segment('1', '#EXT-X-KEY:METHOD=NONE'), segment('2')],
    skip: [[6, 12]],
    after: [segment('0', `${KEY},IV=0x7`), segment('2', '#EXT-X-DISCONTINUITY', '#EXT-X-KEY:METHOD=NONE')],
  },
  {
    what: 'the date behind the seam',
    before: [segment('0', `${DATE}2026-01-01T01:00:00+01:00`), segment('1'), segment('2'), segment('3')],
    skip: [[6, 12]],
    after: [
      segment('0', `${DATE}2026-01-01T01:00:00+01:00`),
      segment('2', '#EXT-X-DISCONTINUITY', `${DATE}2026-01-01T00:00:12.000Z`),
      segment('3'),
    ],
  },
  {
    what: 'dates that are none',
    before: [segment('0', `${DATE}yesterday`), segment('1'), segment('2')],
    skip: [[6, 12]],
    after: [segment('0', `${DATE}yesterday`), segment('2', '#EXT-X-DISCONTINUITY')],
  },
  {
    what: 'the offset of a byte range that began where a lost one ended',
    before: [
      segment('a', '#EXT-X-BYTERANGE:10@5'),
      segment('a', '#EXT-X-BYTERANGE:20'),
      segment('a', '#EXT-X-BYTERANGE:30'),
      segment('a', '#EXT-X-BYTERANGE:40'),
    ],
    skip: [[6, 12]],
    after: [
      segment('a', '#EXT-X-BYTERANGE:10@5'),
      segment('a', '#EXT-X-DISCONTINUITY', '#EXT-X-BYTERANGE:30@35'),
      segment('a', '#EXT-X-BYTERANGE:40'),
    ],
  },
  {
    what: 'ranges of interstitials, which are of the whole list',
    before: [segment('0'), segment('1', '#EXT-X-DATERANGE:ID="x"'), segment('2')],
    skip: [[6, 12]],
    after: [segment('0'), '#EXT-X-DATERANGE:ID="x"', segment('2', '#EXT-X-DISCONTINUITY')],
  },
];

describe('leaving out', () => {
  it.each(ROWS)('$what', ({ before, skip, after }) => {
    expect(without(list(...before), ...skip)).toBe(list(...after));
  });

  it('raises the numbers when the beginning goes, so that vectors stay the numbers', () => {
    const text = list(
      '#EXT-X-MEDIA-SEQUENCE:7',
      KEY,
      segment('0', '#EXT-X-DISCONTINUITY', `${DATE}2026-01-01T00:00:00Z`),
      segment('1'),
      segment('2', '#EXT-X-DISCONTINUITY'),
      segment('3', '#EXT-X-DISCONTINUITY'),
    );
    expect(without(text, [0, 12])).toBe(
      [
        '#EXTM3U',
        '#EXT-X-DISCONTINUITY-SEQUENCE:2',
        '#EXT-X-MEDIA-SEQUENCE:9',
        '#EXT-X-TARGETDURATION:6',
        '#EXT-X-PLAYLIST-TYPE:VOD',
        `${DATE}2026-01-01T00:00:12.000Z`,
        KEY,
        segment('2'),
        segment('3', '#EXT-X-DISCONTINUITY'),
        '#EXT-X-ENDLIST',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['a window that moves on', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n', false],
    [
      'an update',
      '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n',
      false,
    ],
    ['a list that grows', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:EVENT\n', true],
  ])('of %s', (_, header, isDone) => {
    const text = `${header}${segment('0')}\n${segment('1')}\n`;
    expect(without(text, [0, 6])).toBe(
      isDone ? `${header.replace('\n', '\n#EXT-X-MEDIA-SEQUENCE:1\n')}${segment('1')}\n` : text,
    );
  });

  it.each([
    ['CAN-SKIP-UNTIL=36,CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3', ['CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3']],
    ['CAN-SKIP-UNTIL=36.0', []],
  ])('offers no updates that would count what is gone: %s', (before, after) => {
    const written = (attributes: readonly string[]): string =>
      [
        '#EXTM3U',
        '#EXT-X-TARGETDURATION:6',
        '#EXT-X-PLAYLIST-TYPE:EVENT',
        ...attributes.map((text) => `#EXT-X-SERVER-CONTROL:${text}`),
        segment('0'),
        '',
      ].join('\n');
    expect(without(written([before]), [60, 66])).toBe(written(after));
  });

  it('is bounded where a key is said again for each segment', () => {
    const key = `#EXT-X-KEY:METHOD=AES-128,URI="${'k'.repeat(60_000)}"`;
    const text = list(key, ...Array.from({ length: 400 }, (_, i) => segment(`${i}`)));
    expect(() => without(text, [6, 12])).toThrow(expect.objectContaining({ code: 'limit' }));
  });
});

const COMMON = [
  fc.constantFrom(
    '#EXT-X-KEY:METHOD=NONE',
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-GAP',
    '# comment',
    '#EXT-X-BITRATE:8',
  ),
  fc.nat(3).map((n) => `#EXT-X-KEY:METHOD=AES-128,URI="k${n}",IV=0x${n}f`),
  fc.nat(3).map((n) => `${DATE}2026-01-0${n + 1}T00:00:00.000Z`),
];
/** A map can only be decrypted by a key with a vector: RFC 8216, 4.3.2.5. */
const tagsWithMaps = fc.oneof(
  ...COMMON,
  fc.nat(3).map((n) => `#EXT-X-MAP:URI="m${n}"`),
);
const tagsWithoutMaps = fc.oneof(
  ...COMMON,
  fc.nat(3).map((n) => `#EXT-X-KEY:METHOD=AES-128,URI="k${n}"`),
  fc.nat(3).map((n) => `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k${n}",KEYFORMAT="other"`),
);
const listOf = (tag: fc.Arbitrary<string>) =>
  fc.record({
    sequence: fc.nat(20),
    segments: fc.array(
      fc.record({
        tags: fc.array(tag, { maxLength: 3 }),
        duration: fc.integer({ min: 1, max: 8 }),
        range: fc.constantFrom('', '#EXT-X-BYTERANGE:10', '#EXT-X-BYTERANGE:10@50'),
      }),
      { maxLength: 12 },
    ),
    ranges: fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 3 }),
  });
const anyList = fc.oneof(listOf(tagsWithMaps), listOf(tagsWithoutMaps));

describe('what stays', () => {
  it('has the keys, vectors, maps, bytes and dates that it had', () => {
    fc.assert(
      fc.property(anyList, ({ sequence, segments, ranges }) => {
        const text = list(
          `#EXT-X-MEDIA-SEQUENCE:${sequence}`,
          ...segments.flatMap(({ tags, duration, range }, i) => [
            ...tags,
            `#EXTINF:${duration},`,
            // Those with a range lie in one file; one without an offset follows another of it.
            ...(range === ''
              ? [`s${i}.ts`]
              : [segments[i - 1]?.range ? range : '#EXT-X-BYTERANGE:10@50', 'file.ts']),
          ]),
        );
        const merged = mergeRanges(ranges);
        let time = 0;
        const expected = factsOf(text).filter(({ duration }) => {
          const start = time;
          time += duration;
          return !isWithin(merged, start, time);
        });
        expect(factsOf(without(text, ...ranges))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('is in no range', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(60))), fc.nat(60), (ranges, start) => {
        const isIn = ranges.some(([from, to]) => to > from && from < start + 1 && to > start);
        expect(isWithin(mergeRanges(ranges), start, start + 1)).toBe(isIn);
      }),
    );
  });
});
