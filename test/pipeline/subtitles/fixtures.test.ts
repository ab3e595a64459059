import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TextIndex } from '../../../src/core/contracts.ts';
import type { Cue } from '../../../src/core/cues.ts';
import { titlePlaylist } from '../../../src/pipeline/title-playlist.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { fixture, fixturePath } from '../../helpers/fixtures.ts';
import { withAttachment } from '../../helpers/matroska-edit.ts';
import { allSegments, newCache, type Served, segmentBytes, serve } from '../serve.ts';
import { asSpans, bodiesOf, bodyOf, cuesOfBody } from './served-texts.ts';

/** Sound begins at zero, and the texts were timed against it. */
const CUES: readonly Cue[] = [
  { start: 500, end: 1500, settings: '', text: 'Hello <i>there</i>' },
  { start: 1800, end: 8200, settings: '', text: 'Over the borders &amp; on' },
  { start: 3000, end: 4000, settings: '', text: 'At the same\ntime' },
  { start: 11_000, end: 11_900, settings: '', text: 'Größe 終' },
];
/** What 3GPP timed text makes of it: one text at a time. */
const ONE_AT_A_TIME = CUES.map((cue) => (cue.start === 1800 ? { ...cue, end: 3000 } : cue));

/** Over the size up to which a file is read whole. */
const large = () => serve(withAttachment(fixture('subtitles'), 3_000_000));

const FORMS: readonly { name: string; kind: string; open: () => Promise<Served>; cues: readonly Cue[] }[] = [
  { name: 'Matroska that is read whole', kind: 'seen', open: () => serve(fixture('subtitles')), cues: CUES },
  { name: 'Matroska with cues', kind: 'index', open: large, cues: CUES },
  {
    name: 'Matroska without cues of texts',
    kind: 'spans',
    open: async () => asSpans(await large()),
    cues: CUES,
  },
  { name: 'MP4', kind: 'index', open: () => serve(fixture('subtitles-mp4')), cues: ONE_AT_A_TIME },
];

describe.each(FORMS)('$name', ({ kind, open, cues }) => {
  const opened = open();

  test('finds texts in its own way', async () => {
    const { title } = await opened;
    expect(new Set(title.subtitles.map(({ texts }) => texts.kind))).toEqual(new Set([kind]));
  });

  test('every cue is in each segment that it is shown in, unchanged', async () => {
    const served = await opened;
    const { cuts, timescale } = served.title.timeline;
    const at = (n: number) => ((cuts[n]?.time ?? Number.POSITIVE_INFINITY) / timescale) * 1000;
    for (const subtitle of served.title.subtitles) {
      const bodies = await bodiesOf(served, subtitle);
      expect(bodies.length).toBeGreaterThan(3);
      for (const [n, body] of bodies.entries()) {
        const shown = cues.filter(({ start, end }) => end > at(n) && start < at(n + 1));
        expect(cuesOfBody(body).map(withoutAmpersand)).toEqual(shown.map(withoutAmpersand));
      }
    }
  });

  test('makes the same bytes in any order, and after pictures and sound', async () => {
    const served = await opened;
    const spans = newCache();
    for (const rendition of served.renditions)
      for (let n = 0; n < served.count; n++) await segmentBytes(served, rendition, n, spans);
    for (const subtitle of served.title.subtitles) {
      const alone = await bodiesOf(served, subtitle);
      for (let n = served.count - 1; n >= 0; n--)
        expect(await bodyOf(served.title, subtitle, n, spans)).toBe(alone[n]);
    }
  });
});

describe('an index of texts', () => {
  /** The first track with other texts in its index. */
  async function served(change: (index: TextIndex) => TextIndex) {
    const film = await large();
    const [subtitle] = film.title.subtitles;
    if (subtitle?.texts.kind !== 'index') throw new Error('no index');
    return {
      film,
      subtitle: { ...subtitle, texts: { ...subtitle.texts, index: change(subtitle.texts.index) } },
    };
  }

  test('that leads to nothing: texts are found as if there were none', async () => {
    const { film, subtitle } = await served((index) => ({ ...index, read: async () => [] }));
    const [other] = asSpans(film).title.subtitles;
    if (!other) throw new Error('no subtitles');
    expect(await bodiesOf(film, subtitle)).toEqual(await bodiesOf(film, other));
  });

  test('that leads to some of them: the others are found, and none twice', async () => {
    const { film, subtitle } = await served((index) => ({
      ...index,
      read: async (wanted, signal) => (await index.read(wanted, signal)).slice(1),
    }));
    const [other] = film.title.subtitles;
    if (!other) throw new Error('no subtitles');
    expect(await bodiesOf(film, subtitle)).toEqual(await bodiesOf(film, other));
  });

  test('with more texts in a segment than anybody reads is refused', async () => {
    const { film, subtitle } = await served((index) => ({
      ...index,
      times: new Float64Array(5001),
      ends: new Float64Array(5001).fill(1e9),
    }));
    await expect(bodyOf(film.title, subtitle, 0)).rejects.toMatchObject({ code: 'limit' });
  });
});

/** WebVTT of a file may have a bare ampersand. */
const withoutAmpersand = (cue: Cue): Cue => ({ ...cue, text: cue.text.replace('&amp;', '&') });

describe('judged by FFmpeg', () => {
  beforeEach(needsFfmpeg);

  test.each([
    { name: 'Matroska', form: ['-f', 'matroska'], texts: ['srt', 'ass'] },
    { name: 'WebM’s own texts', form: ['-f', 'matroska'], texts: ['webvtt', 'srt'] },
    { name: 'MP4', form: ['-f', 'mp4', '-movflags', '+faststart'], texts: ['mov_text'] },
    {
      name: 'MP4 in fragments',
      form: ['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov'],
      texts: ['mov_text'],
    },
  ])('$name: the texts of all segments are those of the file', async ({ form, texts }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-texts-'));
    try {
      const path = join(folder, 'film');
      const maps = texts.flatMap((codec, i) => ['-map', '0:s:0', `-c:s:${i}`, codec]);
      const input = ['-i', fixturePath('subtitles'), '-map', '0:v', '-map', '0:a', '-c', 'copy'];
      run('ffmpeg', [...input, ...maps, '-y', ...form, path], new Uint8Array(0));
      const served = await serve(new Uint8Array(readFileSync(path)));
      expect(served.title.subtitles).toHaveLength(texts.length);
      for (const [i, subtitle] of served.title.subtitles.entries()) {
        const shown = run('ffmpeg', ['-i', path, '-map', `0:s:${i}`, '-f', 'webvtt', '-'], new Uint8Array(0));
        const expected = wordsOf(shown.stdout.toString());
        const bodies = await bodiesOf(served, subtitle);
        const found = bodies.flatMap((body) => cuesOfBody(body)).map(({ text }) => plain(text));
        expect([...new Set(found)]).toEqual(expected);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const plain = (text: string): string => text.replaceAll(/<[^>]*>/g, '').replaceAll('&amp;', '&');

/** Texts of a WebVTT file in order. */
const wordsOf = (file: string): string[] =>
  file
    .split('\n\n')
    .slice(1)
    .map((block) => plain(block.trim().split('\n').slice(1).join('\n')))
    .filter((text) => text !== '');

test('subtitles change nothing of pictures and sound', async () => {
  const served = await serve(fixture('subtitles'));
  const bare = { ...served, title: { ...served.title, subtitles: [] } };
  for (const [i, rendition] of served.renditions.entries()) {
    const other = bare.renditions[i];
    if (!other) throw new Error('renditions differ');
    expect(await allSegments(served, rendition)).toEqual(await allSegments(bare, other));
  }
});

test('the master names them', async () => {
  const { title, renditions } = await serve(fixture('subtitles'));
  const lines = titlePlaylist(title, renditions, '').split('\n');
  const base = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs"';
  const captions =
    'CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"';
  expect(lines.filter((line) => line.startsWith(base))).toEqual([
    `${base},NAME="With a name",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,URI="s2/index.m3u8"`,
    `${base},NAME="English (forced)",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,FORCED=YES,URI="s3/index.m3u8"`,
    `${base},NAME="French",LANGUAGE="fr",DEFAULT=NO,AUTOSELECT=YES,${captions},URI="s4/index.m3u8"`,
  ]);
  const variants = lines.filter((line) => line.startsWith('#EXT-X-STREAM-INF'));
  expect(variants.every((line) => line.endsWith(',SUBTITLES="subs"'))).toBe(true);
});
