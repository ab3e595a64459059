import { describe, expect, test } from 'vitest';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Source, TextIndex } from '../../../src/core/contracts.ts';
import { unpackCues } from '../../../src/core/cues.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { at, type Node, ofTrack, reshaped, sampleTable } from './reshape.ts';
import { constantSize, stco, stsc, stsz, stts } from './table-writer.ts';

const NEVER = new AbortController().signal;
const TEXTS = fixture('subtitles-mp4');

/** Tables of one track of text, which may claim what they like. */
interface Claimed {
  readonly count: number;
  /** File offset of each; null: all lie in one place. */
  readonly offsets: readonly number[] | null;
}

function claim(table: Node, { count, offsets }: Claimed): void {
  const set = (type: string, { bytes }: { readonly bytes: Uint8Array }) => {
    at(table.children ?? [], type).content = bytes;
  };
  set('stts', stts([count, 1000]));
  set('stsz', offsets ? stsz(...offsets.map(() => 4)) : constantSize(2, count));
  set('stsc', stsc([1, offsets ? 1 : count, 1]));
  set('stco', stco(...(offsets ?? [60])));
}

/** Number of the first track of text in the file. */
const FIRST_TEXT = 2;

/** The fixture with copies of its first track of text. */
const fileOf = (tracks: readonly Claimed[]): Uint8Array =>
  reshaped(TEXTS, (top) => {
    const moov = at(top, 'moov');
    const others = moov.children?.filter(({ type }) => type !== 'trak') ?? [];
    const first = ofTrack(top, FIRST_TEXT);
    const played = [0, 1].map((i) => ofTrack(top, i));
    const copies = tracks.map((claimed, i) => {
      const copy = structuredClone(first);
      copy.children = copy.children?.filter(({ type }) => type !== 'edts') ?? null;
      new DataView(at(copy.children ?? [], 'tkhd').content.buffer).setUint32(12, 10 + i);
      claim(sampleTable([{ ...moov, children: [copy] }], 0), claimed);
      return copy;
    });
    moov.children = [...others, ...played, ...copies];
  });

/** Counts the requests that are open. */
function counting(inner: Source): { readonly source: Source; most(): number } {
  let [open, most] = [0, 0];
  return {
    most: () => most,
    source: {
      size: inner.size,
      async *read(range, signal) {
        open += 1;
        most = Math.max(most, open);
        try {
          yield* inner.read(range, signal);
        } finally {
          open -= 1;
        }
      },
    },
  };
}

async function indexesOf(file: Uint8Array | Source): Promise<(TextIndex | null)[]> {
  const demuxer = await openMp4(file instanceof Uint8Array ? memorySource(file) : file, NEVER);
  const texts = demuxer.tracks.filter(({ kind }) => kind === 'subtitle');
  return texts.map(({ id }) => demuxer.texts?.(id) ?? null);
}

const words = async (index: TextIndex | null | undefined): Promise<string[]> =>
  ((await index?.read([...index.times.keys()], NEVER)) ?? []).flatMap(({ data }) =>
    unpackCues(data).map(({ text }) => text),
  );

describe('texts by the tables', () => {
  test('are those of the file', async () => {
    const [index] = await indexesOf(TEXTS);
    expect((await words(index)).slice(0, 2)).toEqual([
      'Hello <i>there</i>',
      expect.stringMatching(/^Over the/),
    ]);
  });

  test.each([
    { name: 'few', counts: [10, 10], made: [true, true] },
    { name: 'one with too many', counts: [200_001, 10], made: [false, true] },
    { name: 'too many together', counts: [120_000, 120_000, 10], made: [true, false, true] },
  ])('$name: of all tracks 200 000 at the most', async ({ counts, made }) => {
    const file = fileOf(counts.map((count) => ({ count, offsets: null })));
    const padded = new Uint8Array(Math.max(file.length, 500_000));
    padded.set(file);
    expect((await indexesOf(padded)).map((index) => index !== null)).toEqual(made);
  });

  test('far ones are read one after the other', async () => {
    const offsets = Array.from({ length: 100 }, (_, i) => 1_000_000 + i * 400_000);
    const file = fileOf([{ count: offsets.length, offsets }]);
    const padded = new Uint8Array(42_000_000);
    padded.set(file);
    const { source, most } = counting(memorySource(padded));
    const [index] = await indexesOf(source);
    expect(await index?.read([...index.times.keys()], NEVER)).toHaveLength(100);
    expect(most()).toBe(1);
  });

  test('more than may be held are not begun with', async () => {
    const [index] = await indexesOf(TEXTS);
    await expect(index?.read(new Array(60_000).fill(0), NEVER)).rejects.toMatchObject({ code: 'limit' });
  });
});
