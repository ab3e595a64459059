import { expect } from 'vitest';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { box, serialize, u32 } from '../../parsers/mp4/movie-writer.ts';
import { readAll } from '../../parsers/mpegts/streams.ts';
import { type Box, boxes, only, readSegment } from '../mp4-reader.ts';
import { NEVER } from '../serve.ts';

/** Checks on files that movies are written to. */

/** What was written, with what was written over it afterwards. */
export function patched(
  body: Uint8Array,
  patches: readonly { readonly position: number; readonly bytes: Uint8Array }[],
): Uint8Array {
  const length = Math.max(body.length, ...patches.map(({ position, bytes }) => position + bytes.length));
  const file = new Uint8Array(length);
  file.set(body);
  for (const { position, bytes } of patches) file.set(bytes, position);
  return file;
}

const word = (data: Uint8Array, at: number): number =>
  new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(at);
const double = (data: Uint8Array, at: number): number => word(data, at) * 2 ** 32 + word(data, at + 4);

/** 2^31 ticks: a longer one is a negative number that was written. */
const LONGEST = 2 ** 31;

const styp = serialize(box('styp', u32(0)));
const whole = ({ type, data }: Box): Uint8Array => serialize(box(type, data));

/** The fragments of each track lie behind each other, and no number in them is a negative one. Gives the tracks' ends. */
export function checkFragments(file: Uint8Array): ReadonlyMap<number, number> {
  const list = boxes(file);
  const moov = list.find(({ type }) => type === 'moov');
  if (moov) {
    checkEdits(moov.data);
    const duration = double(only(moov.data, 'mvex', 'mehd'), 4);
    expect(Number.isSafeInteger(duration), `A movie of ${duration}`).toBe(true);
  }
  const ends = new Map<number, number>();
  for (const [i, one] of list.entries()) {
    const media = list[i + 1];
    if (one.type !== 'moof' || !media) continue;
    const track = word(only(one.data, 'traf', 'tfhd'), 4);
    const [fragment] = readSegment(concat([styp, whole(one), whole(media)])).fragments;
    if (!fragment) throw new Error('A fragment without samples');
    const { tfdt, samples } = fragment;
    expect(Number.isSafeInteger(tfdt), `tfdt ${tfdt}`).toBe(true);
    const end = ends.get(track);
    if (end !== undefined) expect(tfdt, `tfdt of track ${track}`).toBe(end);
    for (const { duration } of samples)
      if (duration <= 0 || duration >= LONGEST) throw new Error(`A duration of ${duration}`);
    ends.set(
      track,
      samples.reduce((sum, { duration }) => sum + duration, tfdt),
    );
  }
  return ends;
}

function checkEdits(moov: Uint8Array): void {
  for (const trak of boxes(moov).filter(({ type }) => type === 'trak'))
    for (const edts of boxes(trak.data).filter(({ type }) => type === 'edts')) {
      const elst = only(edts.data, 'elst');
      for (let at = 8; at < elst.length; at += 20) {
        expect(Number.isSafeInteger(double(elst, at)), `An edit of ${double(elst, at)}`).toBe(true);
        const time = double(elst, at + 8);
        expect(word(elst, at + 8) === 0xffff_ffff || Number.isSafeInteger(time), `Media time ${time}`).toBe(
          true,
        );
      }
    }
}

/** Our own parser finds every byte of the media in a sample, and none twice. */
export async function checkFile(file: Uint8Array): Promise<void> {
  const list = boxes(file);
  expect(list.map(({ type }) => type)).toContain('moov');
  const moov = only(file, 'moov');
  checkEdits(moov);
  const media = only(file, 'mdat').length;
  for (const trak of boxes(moov).filter(({ type }) => type === 'trak')) {
    const stbl = only(trak.data, 'mdia', 'minf', 'stbl');
    const stts = only(stbl, 'stts');
    for (let at = 8; at < stts.length; at += 8)
      if (word(stts, at + 4) === 0 || word(stts, at + 4) >= LONGEST)
        throw new Error(`A duration of ${word(stts, at + 4)}`);
  }
  const sizes = boxes(moov)
    .filter(({ type }) => type === 'trak')
    .map(({ data }) => only(data, 'mdia', 'minf', 'stbl', 'stsz'))
    .map((stsz) => Array.from({ length: word(stsz, 8) }, (_, i) => word(stsz, 12 + 4 * i)));
  expect(sizes.flat().reduce((sum, size) => sum + size, 0)).toBe(media);
  if (sizes.flat().length === 0) return;
  await readAll(await openMp4(memorySource(file), NEVER));
}
