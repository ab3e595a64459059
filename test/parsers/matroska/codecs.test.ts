import { describe, expect, test } from 'vitest';
import { joinLengthPrefixed, splitLengthPrefixed } from '../../../src/codecs/nal.ts';
import { splitSuperframe } from '../../../src/codecs/vp9-superframe.ts';
import { BitWriter, insertEmulationPrevention } from '../../../src/core/bits.ts';
import type { AudioTrack, VideoTrack } from '../../../src/core/media.ts';
import { SPS_ROWS } from '../../codecs/h264-rows.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { changeChild, changed, type Element, elements, mapClusters } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { readFile } from './reading.ts';

/** The TrackEntry of that number with other fields. */
const changeTrack = (
  file: Uint8Array,
  number: number,
  change: (fields: readonly Element[]) => w.Content,
): Uint8Array =>
  changeChild(file, w.ID.Tracks, (data) =>
    elements(data).map((entry) => {
      const fields = entry.id === w.ID.TrackEntry ? elements(entry.data) : [];
      const isWanted = fields.some(({ id, data }) => id === w.ID.TrackNumber && data[0] === number);
      return isWanted ? changed(entry, change(fields)).whole : entry.whole;
    }),
  );

const wholes = (fields: readonly Element[]): Uint8Array[] => fields.map(({ whole }) => whole);
const video = async (file: Uint8Array): Promise<VideoTrack> => {
  const { demuxer } = await readFile(file);
  const track = demuxer.tracks.find(({ kind }) => kind === 'video');
  if (track?.kind !== 'video') throw new Error('no video');
  return track;
};
const audio = async (file: Uint8Array): Promise<AudioTrack> => {
  const { demuxer } = await readFile(file);
  const track = demuxer.tracks.find(({ kind }) => kind === 'audio');
  if (track?.kind !== 'audio') throw new Error('no audio');
  return track;
};

describe('HDR', () => {
  test('mastering display and light level come from the pictures where the container does not tell', async () => {
    const bare = changeTrack(fixture('hevc-hdr10'), 1, (fields) =>
      fields.map((field) =>
        field.id === w.ID.Video
          ? changed(field, wholes(elements(field.data).filter(({ id }) => id !== w.ID.Colour))).whole
          : field.whole,
      ),
    );
    const [told, found] = [await video(fixture('hevc-hdr10')), await video(bare)];
    // G, B, R, white point in 0.00002, then luminance in 0.0001 cd/m²: as x265 was told them.
    const mdcv = '33c286c4 1d4c0bb8 84d03e80 3d134042 00989680 00000032';
    expect(found.masteringDisplay).toEqual(bytesOf(mdcv));
    expect(found.contentLight).toEqual(bytesOf('03e80190'));
    expect([told.masteringDisplay, told.contentLight]).toEqual([found.masteringDisplay, found.contentLight]);
    expect(found.colour).toEqual({ primaries: 9, transfer: 16, matrix: 9, fullRange: false });
  });
});

describe('Dolby Vision', () => {
  const mapping = (record: Uint8Array) =>
    w.element(
      w.ID.BlockAdditionMapping,
      w.uint(w.ID.BlockAddIDType, 0x64766343),
      w.element(w.ID.BlockAddIDExtraData, record),
    );
  const marked = (record: string) =>
    changeTrack(fixture('hevc'), 1, (fields) => [wholes(fields), mapping(w.hex(record))]);
  /** RPU and enhancement layer NAL units (62, 63) behind each picture. */
  const layered = (file: Uint8Array) =>
    mapClusters(file, (entry) => {
      if (entry.id !== w.ID.SimpleBlock || entry.data[0] !== 0x81) return entry.whole;
      const extra = joinLengthPrefixed([w.hex('7c0119aabb'), w.hex('7e0102030405')]);
      return w.element(w.ID.SimpleBlock, [entry.data, extra]);
    });

  test('profile 8 keeps its record and its metadata', async () => {
    const record = `0100 1035 10 ${'00'.repeat(19)}`;
    const { demuxer, samples } = await readFile(layered(marked(record)));
    expect((demuxer.tracks[0] as VideoTrack).dolbyVision).toEqual(bytesOf(record));
    const [first] = samples.filter(({ trackId }) => trackId === 1);
    const types = [...splitLengthPrefixed(first?.data ?? new Uint8Array(), 4)].map(
      (nal) => (nal[0] ?? 0) >> 1,
    );
    expect(types.slice(-2)).toEqual([62, 63]);
  });

  test('profile 7 is served as its base layer', async () => {
    const { demuxer, samples } = await readFile(layered(marked(`0100 0e37 60 ${'00'.repeat(19)}`)));
    const plain = await readFile(fixture('hevc'));
    expect((demuxer.tracks[0] as VideoTrack).dolbyVision).toBeNull();
    const pictures = (all: typeof samples) =>
      all.filter(({ trackId }) => trackId === 1).map(({ data }) => data);
    expect(pictures(samples)).toEqual(pictures(plain.samples));
  });

  test('a record that is cut off counts as none', async () => {
    expect((await video(marked('01'))).dolbyVision).toBeNull();
  });
});

describe('audio', () => {
  const relabelled = (file: Uint8Array, number: number, id: string) =>
    changeTrack(file, number, (fields) =>
      fields.map((field) => (field.id === w.ID.CodecID ? w.string(w.ID.CodecID, id) : field.whole)),
    );

  test.each([
    { film: 'av1-eac3', id: 'A_AC3', codec: 'eac3' },
    { film: 'ac3', id: 'A_EAC3', codec: 'ac3' },
    { film: 'ac3', id: 'A_AC3/BSID9', codec: 'ac3' },
  ])('$film called $id is $codec', async ({ film, id, codec }) => {
    expect((await audio(relabelled(fixture(film), 2, id))).configs[0]?.codec).toBe(codec);
  });

  test('SBR that only OutputSamplingFrequency tells', async () => {
    const half = changeTrack(fixture('audio-only'), 1, (fields) =>
      fields.map((field) => {
        if (field.id === w.ID.CodecPrivate) return w.element(w.ID.CodecPrivate, w.hex('1310'));
        if (field.id !== w.ID.Audio) return field.whole;
        return w.element(
          w.ID.Audio,
          w.float(w.ID.SamplingFrequency, 24_000),
          w.float(w.ID.OutputSamplingFrequency, 48_000),
          w.uint(w.ID.Channels, 2),
        );
      }),
    );
    const track = await audio(half);
    // audioObjectType 5, 24 kHz, stereo, extension rate 48 kHz, AAC LC.
    expect(track.configs[0]?.record).toEqual(bytesOf('2b1188 00'));
    expect([track.sampleRate, track.frameSize]).toEqual([48_000, 2048]);
  });
});

describe('several blocks that are one sample', () => {
  test('hidden frames of VP9 join the next shown one', async () => {
    const plain = await readFile(fixture('vp9-opus'));
    let hidden = 0;
    const apart = mapClusters(fixture('vp9-opus'), (entry) => {
      if (entry.id !== w.ID.SimpleBlock || entry.data[0] !== 0x81) return entry.whole;
      const frames = splitSuperframe(entry.data.subarray(4));
      hidden += frames.length - 1;
      return frames.map((frame) => w.element(w.ID.SimpleBlock, [entry.data.subarray(0, 4), frame]));
    });
    expect(hidden).toBeGreaterThan(2);
    const { samples } = await readFile(apart);
    const of = (all: typeof samples) =>
      all.filter(({ trackId }) => trackId === 1).map(({ time, data, isKey }) => ({ time, data, isKey }));
    expect(of(samples)).toEqual(of(plain.samples));
  });

  const row = SPS_ROWS.find(({ name }) => name === 'interlaced 576i, 16:9');
  const sps = bytesOf(row?.sps ?? '');
  const pps = bytesOf('68ebe3cb22c0');
  /** Slice header of a field: first_mb 0, slice_type, PPS 0, frame_num, field_pic_flag, bottom_field_flag. */
  const field = (head: number, frameNum: number, isBottom: boolean) => {
    const bits = new BitWriter()
      .ue(0)
      .ue(head === 0x65 ? 7 : 5)
      .ue(0);
    bits
      .u(frameNum, row?.expected.frameNumBits ?? 4)
      .flag(true)
      .flag(isBottom)
      .u(0xabcdef, 24);
    return w.bytes(Uint8Array.of(head), insertEmulationPrevention(bits.bytes()));
  };
  const frameOf = (...nals: readonly Uint8Array[]) => joinLengthPrefixed(nals);
  const film = (...frames: readonly Uint8Array[]) =>
    w.matroska(
      w.info(),
      w.tracks(
        w.videoTrack({
          number: 1,
          codec: 'V_MPEG4/ISO/AVC',
          width: 720,
          height: 576,
          private: w.bytes(
            w.hex('01640028ffe1'),
            w.hex(sps.length.toString(16).padStart(4, '0')),
            sps,
            w.hex('01'),
            w.hex(pps.length.toString(16).padStart(4, '0')),
            pps,
          ),
        }),
      ),
      w.cluster(
        0,
        ...frames.map((data, i) => w.simpleBlock({ track: 1, time: i * 20, isKey: i === 0 }, data)),
      ),
    );
  const [top, bottom, top1, bottom1] = [
    field(0x65, 0, false),
    field(0x41, 0, true),
    field(0x41, 1, false),
    field(0x41, 1, true),
  ];

  test.each([
    {
      name: 'two pairs',
      blocks: [[top], [bottom], [top1], [bottom1]],
      samples: [
        { time: 0, nals: [top, bottom] },
        { time: 40, nals: [top1, bottom1] },
      ],
    },
    {
      name: 'a pair in one block stays',
      blocks: [[top, bottom], [top1], [bottom1]],
      samples: [
        { time: 0, nals: [top, bottom] },
        { time: 20, nals: [top1, bottom1] },
      ],
    },
    {
      name: 'a field whose partner is missing stays alone',
      blocks: [[top], [top1], [bottom1]],
      samples: [
        { time: 0, nals: [top] },
        { time: 20, nals: [top1, bottom1] },
      ],
    },
    { name: 'the last field of the file', blocks: [[top]], samples: [{ time: 0, nals: [top] }] },
  ])('fields of H.264: $name', async ({ blocks, samples }) => {
    const read = await readFile(film(...blocks.map((nals) => frameOf(...nals))));
    expect(
      read.samples.map(({ time, data }) => ({ time: time / 1e6, nals: [...splitLengthPrefixed(data, 4)] })),
    ).toEqual(samples);
  });
});
