import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withAttachment } from '../../helpers/matroska-edit.ts';
import { bytes, subtitleTrack } from '../../helpers/matroska-writer.ts';
import { someRuns } from '../../helpers/rows.ts';
import { audio, film, type Packet, video } from '../film.ts';
import { newCache, segmentBytes, serve } from '../serve.ts';
import { bodiesOf, bodyOf, cuesOfBody } from './served-texts.ts';

const TEXT = 9;
const SECONDS = 40;

const text = (time: number, words: string): Packet => ({
  track: TEXT,
  time,
  isKey: true,
  data: bytes(new TextEncoder().encode(words)),
  written: time,
});

/** A film without an index of its texts, whose blocks do not say how long they are shown. */
const filmOf = (times: readonly number[]) => filmWith(times.map((time) => text(time, `at ${time}`)));

const filmWith = (texts: readonly Packet[]) =>
  withAttachment(
    film(
      [
        ...video({ pattern: `I${'P'.repeat(49)}`, count: SECONDS * 25 }),
        ...audio({ toMs: SECONDS * 1000 }),
        ...texts,
      ],
      { extra: subtitleTrack({ number: TEXT, codec: 'S_TEXT/UTF8' }) },
    ),
    3_000_000,
  );

/** Until the next one, ten seconds at most. */
const shown = (times: readonly number[]) =>
  times.map((time, i) => [time, Math.min(time + 10_000, times[i + 1] ?? Number.POSITIVE_INFINITY)]);

describe('texts that do not say how long they are shown', () => {
  test.each([
    { name: 'one after the other', times: [500, 1500, 9000, 21_000, 21_500] },
    { name: 'with nothing behind them', times: [1900, 35_000] },
    { name: 'before the border of a segment, and behind it', times: [5990, 13_990, 14_010] },
  ])('$name: each ends at one time in all of its segments', async ({ times }) => {
    const served = await serve(filmOf(times));
    const [subtitle] = served.title.subtitles;
    if (!subtitle) throw new Error('no subtitles');
    expect([served.title.survey, subtitle.texts.kind]).toEqual(['sampled', 'spans']);
    const bodies = await bodiesOf(served, subtitle);
    const found = new Set(bodies.flatMap(cuesOfBody).map(({ start, end }) => `${start} ${end}`));
    expect([...found]).toEqual(shown(times).map((pair) => pair.join(' ')));
    const spans = newCache();
    for (const rendition of served.renditions)
      for (let n = 0; n < served.count; n++) await segmentBytes(served, rendition, n, spans);
    for (let n = served.count - 1; n >= 0; n--)
      expect(await bodyOf(served.title, subtitle, n, spans)).toBe(bodies[n]);
  });

  test.each([
    { name: 'behind one that does', lasts: [400, undefined] },
    { name: 'before one that does', lasts: [undefined, 400] },
  ])('at the time of another text, $name', async ({ lasts }) => {
    const texts = [
      ...lasts.map((length) => ({ ...text(5900, `${length}`), ...(length ? { lasts: length } : {}) })),
      text(8500, 'next'),
    ];
    const served = await serve(filmWith(texts));
    const [subtitle] = served.title.subtitles;
    if (!subtitle) throw new Error('no subtitles');
    const found = (await bodiesOf(served, subtitle))
      .flatMap(cuesOfBody)
      .filter(({ text }) => text !== 'next');
    expect(new Set(found.map(({ start, end }) => `${start} ${end}`))).toEqual(
      new Set(['5900 6300', '5900 8500']),
    );
  });

  test('at any times', async () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: SECONDS * 1000 - 1 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(times, async (unordered) => {
        const ordered = unordered.toSorted((a, b) => a - b);
        const served = await serve(filmOf(ordered));
        const [subtitle] = served.title.subtitles;
        if (!subtitle) throw new Error('no subtitles');
        const bodies = await bodiesOf(served, subtitle);
        const found = new Set(bodies.flatMap(cuesOfBody).map(({ start, end }) => `${start} ${end}`));
        expect([...found].sort()).toEqual(
          shown(ordered)
            .map((pair) => pair.join(' '))
            .sort(),
        );
      }),
      { numRuns: someRuns(200, 15) },
    );
  });
});
