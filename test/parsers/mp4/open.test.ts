import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import { byTrack, readAll } from '../mpegts/streams.ts';
import { at, type Node, node, ofTrack, reshaped, sampleTable } from './reshape.ts';
import { u32 } from './table-writer.ts';

const NEVER = new AbortController().signal;
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../fixtures/${name}.mp4`, import.meta.url)));
const open = (file: Uint8Array) => openMp4(memorySource(file), NEVER);

const trex = (id: number) => node('trex', u32(0, id, 1, 0, 0, 0));
const announcing = (top: Node[]) =>
  at(top, 'moov').children?.push({ ...node('mvex'), children: [trex(1), trex(2), trex(3)] });

test('chapters of a track of text go before those of Nero; they stay where the text cannot be read', async () => {
  const titles = async (file: Uint8Array) =>
    (await open(file)).info?.chapters.map(({ title, end }) => [title, end]);
  const file = fixture('progressive');
  expect(await titles(file)).toEqual([
    ['Overture', 1500],
    ['Größe ±', 3200],
    ['終わり', 5000],
  ]);
  const isolated = reshaped(file, (top) => {
    for (const track of [0, 1, 2]) ofTrack(top, track, 'tref').content = u32(12, 0x73796e63, 1);
  });
  expect(await titles(isolated)).toEqual([
    ['Overture', null],
    ['Größe ±', null],
    ['終わり', null],
  ]);
});

test('fragments that are announced, and none behind a movie box that comes last', async () => {
  const file = fixture('progressive');
  const plain = byTrack(await readAll(await open(file)));
  expect(byTrack(await readAll(await open(reshaped(file, announcing))))).toEqual(plain);
});

test('a track whose tables are broken does not take the others along', async () => {
  const broken = reshaped(fixture('progressive'), (top) => {
    at(sampleTable(top, 1).children ?? [], 'stsz').content = u32(0, 0, 99_999, 1);
  });
  const demuxer = await open(broken);
  expect(demuxer.tracks.map(({ kind, unreadable }) => [kind, unreadable])).toEqual([
    ['video', null],
    ['audio', 'stsz tells 99999 sizes, it has bytes for 1'],
    ['audio', null],
    ['other', null],
  ]);
  expect([...byTrack(await readAll(demuxer))].map(([id, samples]) => [id, samples.length])).toEqual([
    [1, 120],
    [3, 216],
  ]);
});
