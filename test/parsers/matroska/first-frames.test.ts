import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { buildAvcRecord } from '../../../src/codecs/h264.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { SPS_ROWS } from '../../codecs/h264-rows.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { pieceSource, readAll, signal } from './reading.ts';

const row = SPS_ROWS.find(({ name }) => name === 'progressive 720p');
if (!row) throw new Error('No row.');
const sps = w.hex(row.sps);
const pps = w.hex(row.pps);
const record = buildAvcRecord({ sps: [sps], pps: [pps] });
const start = w.hex('00000001');
/** Annex B. */
const key = w.bytes(start, sps, start, pps, start, w.hex('6588'));
const other = w.bytes(start, w.hex('4101'));

const trackOf = (number: number, extra: w.Content = []) =>
  w.videoTrack({ number, codec: 'V_MPEG4/ISO/AVC', width: 64, height: 36, extra });
const block = (track: number, time: number, frame: Uint8Array, isKey = true) =>
  w.simpleBlock({ track, time, isKey }, frame);
const fileOf = (tracks: readonly w.Content[], ...clusters: readonly w.Content[]) =>
  w.matroska(w.info(), w.tracks(...tracks), clusters);
const open = async (file: Uint8Array) => {
  const source = pieceSource(file, () => 64 * 1024);
  const demuxer = await openMatroska(source, signal);
  return { demuxer, source };
};
const configs = { configs: [{ codec: 'h264', record }], width: 1280, height: 720, unreadable: null };
const nothing = { configs: [], width: 64, unreadable: 'no frame in the first 4 MB tells its configuration' };

describe('tracks that only their frames tell', () => {
  test.each([
    { name: 'the first frame', clusters: [w.cluster(0, block(1, 0, key))] },
    {
      name: 'the third frame',
      clusters: [w.cluster(0, block(1, 0, other, false), block(1, 1, other, false), block(1, 2, key))],
    },
    {
      name: 'in a later cluster',
      clusters: [w.cluster(0, block(1, 0, other)), w.voidOf(900_000), w.cluster(9, block(1, 0, key))],
    },
    {
      name: 'behind a damaged one',
      clusters: [w.cluster(0, block(1, 0, other)), new Uint8Array(50), w.cluster(9, block(1, 0, key))],
    },
  ])('$name', async ({ clusters }) => {
    const { demuxer } = await open(fileOf([trackOf(1)], ...clusters));
    expect(demuxer.tracks[0]).toMatchObject(configs);
    const { samples } = await readAll(demuxer);
    expect(Buffer.from(samples.at(-1)?.data.subarray(0, 4) ?? []).readUInt32BE()).toBe(sps.length);
  });

  test('frames come decompressed', async () => {
    const track = trackOf(1, w.headerStripping(key.subarray(0, 10)));
    const { demuxer } = await open(fileOf([track], w.cluster(0, block(1, 0, key.subarray(10)))));
    expect(demuxer.tracks[0]).toMatchObject(configs);
  });

  test('out of AVI', async () => {
    const header = w.bytes(
      w.hex('28000000 00050000 d0020000 0100 1800'),
      new TextEncoder().encode('H264'),
      new Uint8Array(20),
    );
    const track = w.videoTrack({
      number: 1,
      codec: 'V_MS/VFW/FOURCC',
      width: 64,
      height: 36,
      private: header,
    });
    const { demuxer } = await open(fileOf([track], w.cluster(0, block(1, 0, key))));
    expect(demuxer.tracks[0]).toMatchObject({ ...configs, sourceCodec: 'V_MS/VFW/FOURCC H264' });
  });

  test('each by its own frames; what has none is named, and the others play', async () => {
    const file = fileOf(
      [trackOf(1), trackOf(2), trackOf(3)],
      w.cluster(0, block(3, 0, key), block(1, 0, other), block(1, 5, key)),
    );
    const { demuxer } = await open(file);
    expect(demuxer.tracks).toMatchObject([configs, nothing, configs]);
  });

  test('nobody waits for a track that is not enabled, or for one that cannot be read', async () => {
    const encrypted = w.element(
      w.ID.ContentEncodings,
      w.element(w.ID.ContentEncoding, w.uint(w.ID.ContentEncodingType, 1)),
    );
    const tracks = [trackOf(1, w.uint(w.ID.FlagEnabled, 0)), trackOf(2, encrypted)];
    const { demuxer, source } = await open(
      fileOf(tracks, w.cluster(0, block(1, 0, other)), w.voidOf(3_000_000)),
    );
    expect(demuxer.tracks).toMatchObject([nothing, { configs: [], unreadable: 'encrypted' }]);
    expect(source.reads).toHaveLength(1);
  });

  test('one forward read, which ends with the frame or 4 MiB behind the head', async () => {
    const filler = Array.from({ length: 200 }, (_, i) =>
      w.cluster(i + 1, block(7, 0, new Uint8Array(100_000))),
    );
    const early = await open(fileOf([trackOf(1)], w.cluster(0, block(1, 0, key)), ...filler));
    expect(early.source.reads).toHaveLength(2);
    expect(Math.max(...early.source.reads.map(({ end }) => end))).toBe(LIMITS.head);
    const late = await open(fileOf([trackOf(1)], ...filler, w.cluster(999, block(1, 0, key))));
    expect(late.demuxer.tracks[0]).toMatchObject(nothing);
    const [, ...reads] = late.source.reads;
    reads.forEach(({ start: from }, i) => {
      if (i > 0) expect(from).toBe(reads[i - 1]?.end);
    });
    expect(reads.at(-1)?.end).toBe(LIMITS.head + LIMITS.firstFrames);
  });
});
