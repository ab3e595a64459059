import { describe, expect, test } from 'vitest';
import { readAttachmentHeads } from '../../../parsers/matroska/attachments.ts';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { pieceSource, readFile, signal } from './reading.ts';

const { ID } = w;
const tracks = w.tracks(w.videoTrack({ number: 1, codec: 'V_X', width: 16, height: 16 }));
const cluster = w.cluster(0, w.simpleBlock({ track: 1, time: 0, isKey: true }, w.hex('aa')));
const infoOf = async (...parts: readonly w.SegmentPart[]) =>
  (await readFile(w.matroska(w.info(), tracks, ...parts, cluster))).demuxer.info;

const atom = (start: number, title: string | null, ...extra: readonly w.Content[]) =>
  w.element(
    ID.ChapterAtom,
    w.uint(ID.ChapterTimeStart, start * 1e6),
    title === null
      ? []
      : w.element(ID.ChapterDisplay, w.string(ID.ChapString, title), w.string(ID.ChapLanguage, 'ger')),
    extra,
  );
const edition = (...children: readonly w.Content[]) => w.element(ID.EditionEntry, children);
const chapters = (...editions: readonly w.Content[]) => w.element(ID.Chapters, editions);

describe('chapters', () => {
  test('times, titles, languages', async () => {
    const info = await infoOf(
      chapters(edition(atom(0, 'One', w.uint(ID.ChapterTimeEnd, 5e9)), atom(5000, null), atom(9000, ''))),
    );
    expect(info?.chapters).toEqual([
      { edition: 0, title: 'One', language: 'de', start: 0, end: 5000 },
      { edition: 0, title: null, language: 'en', start: 5000, end: null },
      { edition: 0, title: null, language: 'de', start: 9000, end: null },
    ]);
  });

  test.each([
    {
      name: 'nested ones follow their parent',
      element: chapters(edition(atom(0, 'A', atom(1, 'A1'), atom(2, 'A2')), atom(3, 'B'))),
      titles: ['0 A', '0 A1', '0 A2', '0 B'],
    },
    {
      name: 'hidden ones are left out',
      element: chapters(edition(atom(0, 'A', w.uint(ID.ChapterFlagHidden, 1)), atom(3, 'B'))),
      titles: ['0 B'],
    },
    {
      name: 'editions are counted, hidden ones left out',
      element: chapters(edition(w.uint(ID.EditionFlagHidden, 1), atom(0, 'A')), edition(atom(0, 'B'))),
      titles: ['1 B'],
    },
    {
      name: 'a broken one costs itself',
      element: chapters(edition(w.element(ID.ChapterAtom, w.hex('91')), atom(3, 'B'))),
      titles: ['0 B'],
    },
    { name: 'the element broken', element: w.element(ID.Chapters, w.hex('45b990')), titles: [] },
  ])('$name', async ({ element, titles }) => {
    const info = await infoOf(element);
    expect(info?.chapters.map(({ edition: number, title }) => `${number} ${title}`)).toEqual(titles);
  });

  test('thousands, and nested without end: bounded', async () => {
    const many = await infoOf(chapters(edition(Array.from({ length: 3000 }, (_, i) => atom(i, `${i}`)))));
    expect(many?.chapters).toHaveLength(LIMITS.listed);
    let deep = atom(0, 'x');
    for (let i = 0; i < 200; i++) deep = atom(0, 'x', deep);
    expect((await infoOf(chapters(edition(deep))))?.chapters).toHaveLength(LIMITS.depth);
  });

  test('behind the clusters, named by a SeekHead: read with the index, in the same round', async () => {
    const file = w.matroska(
      (at: w.Positions) =>
        w.seekHead(
          { id: ID.Chapters, position: at('chapters') },
          { id: ID.Attachments, position: at('files') },
        ),
      w.info(),
      tracks,
      cluster,
      w.voidOf(1_000_000),
      w.labelled(
        'files',
        w.attachments({ name: 'a.ttf', type: 'font/ttf', data: new Uint8Array(2_000_000) }),
      ),
      w.labelled('chapters', chapters(edition(atom(0, 'One')))),
    );
    const source = pieceSource(file, () => 1 << 20);
    const { info } = await openMatroska(source, signal);
    expect(info?.chapters).toHaveLength(1);
    expect(info?.attachments).toEqual([{ name: 'a.ttf', type: 'font/ttf', bytes: 2_000_000 }]);
    expect(source.reads.length).toBe(3);
    expect(source.reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(500_000);
  });
});

/** An element that says that it has one byte more than it has. */
function longer(content: Uint8Array, id: number): Uint8Array {
  const whole = w.element(id, content);
  const last = whole.length - content.length - 1;
  return whole.with(last, (whole[last] ?? 0) + 1);
}

describe('attachments', () => {
  const files = [
    { name: 'cover.jpg', type: 'image/jpeg', data: new Uint8Array(300) },
    { name: 'b.ttf', type: 'font/ttf', data: new Uint8Array(70) },
  ];
  const heads = files.map(({ name, type, data }) => ({ name, type, bytes: data.length }));
  const content = child(w.attachments(...files), ID.Attachments)?.data ?? new Uint8Array();

  test.each([
    { name: 'all', length: content.length, expected: heads, isComplete: true },
    { name: 'the data of the last cut off', length: content.length - 60, expected: heads, isComplete: true },
    { name: 'the data of the first cut off', length: 200, expected: heads.slice(0, 1), isComplete: false },
    { name: 'a name cut off', length: 8, expected: [], isComplete: false },
    { name: 'nothing', length: 0, expected: [], isComplete: false },
  ])('$name', ({ length, expected, isComplete }) => {
    const found = readAttachmentHeads(content.subarray(0, length), content.length, 1000);
    const told = found.files.map(({ name, type, range }) => ({ name, type, bytes: range.end - range.start }));
    expect({ files: told, isComplete: found.isComplete }).toEqual({ files: expected, isComplete });
  });

  test('where their bytes lie', () => {
    const marked = files.map((file, i) => ({ ...file, data: file.data.map(() => i + 1) }));
    const bytes = child(w.attachments(...marked), ID.Attachments)?.data ?? new Uint8Array();
    const found = readAttachmentHeads(bytes, bytes.length, 1000).files;
    const read = found.map(({ range }) => bytes.slice(range.start - 1000, range.end - 1000));
    expect(read).toEqual(marked.map(({ data }) => data));
  });

  test.each([
    { name: 'behind its file', at: 'file' },
    { name: 'behind all of them', at: 'all' },
  ])('data that end $name are none', ({ at }) => {
    const data = longer(new Uint8Array(50), ID.FileData);
    const content = w.bytes(w.string(ID.FileName, 'a.ttf'), data);
    const whole =
      at === 'file'
        ? w.bytes(w.element(ID.AttachedFile, content), new Uint8Array(9))
        : longer(content, ID.AttachedFile);
    expect(readAttachmentHeads(whole, whole.length, 0).files).toEqual([]);
  });

  test('any change of a byte', () => {
    for (let i = 0; i < 60; i++)
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = content.slice();
        changed[i] = value;
        expect(readAttachmentHeads(changed, changed.length, 0).files.length).toBeLessThanOrEqual(
          content.length,
        );
      }
  });

  test('of a file: told, not read', async () => {
    const info = await infoOf(w.attachments(...files));
    expect(info).toMatchObject({ attachments: heads, hasAllAttachments: true });
    expect(await infoOf()).toMatchObject({ attachments: [], hasAllAttachments: true });
  });
});

describe('texts', () => {
  test('title and applications', async () => {
    const head = w.element(
      ID.Info,
      w.string(ID.Title, 'A film'),
      w.string(ID.MuxingApp, 'm'),
      w.string(ID.WritingApp, 'w'),
    );
    const { demuxer } = await readFile(w.matroska(head, tracks, cluster));
    expect(demuxer.info).toMatchObject({ title: 'A film', muxingApp: 'm', writingApp: 'w' });
    const bare = await readFile(w.matroska(w.element(ID.Info), tracks, cluster));
    expect(bare.demuxer.info).toMatchObject({ title: null, muxingApp: null, writingApp: null });
  });

  test('tags of the title, not those of tracks and chapters', async () => {
    const info = await infoOf(
      w.tags(
        w.tag(0, { ARTIST: 'somebody', EMPTY: '' }),
        w.tag(1, { BPS: '100' }),
        w.element(
          ID.Tag,
          w.element(ID.Targets, w.uint(0x63c4, 5)),
          w.element(ID.SimpleTag, w.string(ID.TagName, 'X'), w.string(ID.TagString, 'y')),
        ),
        w.element(
          ID.Tag,
          w.element(ID.SimpleTag, w.string(ID.TagName, 'YEAR'), w.string(ID.TagString, '1999')),
        ),
      ),
      w.tags(w.tag(0, { MORE: 'in a second element' })),
    );
    expect(info?.tags).toEqual([
      { name: 'ARTIST', value: 'somebody' },
      { name: 'YEAR', value: '1999' },
      { name: 'MORE', value: 'in a second element' },
    ]);
  });
});
