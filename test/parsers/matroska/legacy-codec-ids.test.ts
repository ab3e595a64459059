import { describe, expect, test } from 'vitest';
import { Master } from '../../../parsers/matroska/ebml.ts';
import { resolveCodec } from '../../../parsers/matroska/legacy-codec-ids.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';

const VFW = 'V_MS/VFW/FOURCC';
const ACM = 'A_MS/ACM';

const resolve = (codec: string, data?: Uint8Array) => {
  const entry = w.subtitleTrack({ number: 1, codec, ...(data && { private: data }) });
  const { id, privateData, sourceCodec } = resolveCodec(
    new Master(child(entry, w.ID.TrackEntry)?.data ?? new Uint8Array(), 0),
  );
  return [id, privateData && Buffer.from(privateData).toString('hex'), sourceCodec];
};

/** BITMAPINFOHEADER of 320x240 with what stands behind it. */
const bitmap = (fourcc: string, extra = '') =>
  w.bytes(
    w.hex('28000000 40010000 f0000000 0100 1800'),
    new TextEncoder().encode(fourcc),
    w.hex('00840300 00000000 00000000 00000000 00000000'),
    w.hex(extra),
  );

/** WAVEFORMATEX: stereo, 48 kHz, 16 bits. */
const wave = (tag: string, extra = '') =>
  w.bytes(
    w.hex(`${tag} 0200 80bb0000 803e0000 0400 1000`),
    w.hex((extra.length / 2).toString(16).padStart(2, '0')),
    w.hex('00'),
    w.hex(extra),
  );

describe('V_MS/VFW/FOURCC', () => {
  test.each([
    { fourcc: 'H264', id: 'V_MPEG4/ISO/AVC' },
    { fourcc: 'h264', id: 'V_MPEG4/ISO/AVC' },
    { fourcc: 'avc1', id: 'V_MPEG4/ISO/AVC' },
    { fourcc: 'X264', id: 'V_MPEG4/ISO/AVC' },
    { fourcc: 'HEVC', id: 'V_MPEGH/ISO/HEVC' },
    { fourcc: 'hvc1', id: 'V_MPEGH/ISO/HEVC' },
    { fourcc: 'H265', id: 'V_MPEGH/ISO/HEVC' },
    { fourcc: 'VP90', id: 'V_VP9' },
    { fourcc: 'AV01', id: 'V_AV1' },
    { fourcc: 'MJPG', id: 'V_MJPEG' },
    { fourcc: 'XVID', id: 'V_MPEG4/ISO/ASP' },
    { fourcc: 'divx', id: 'V_MPEG4/ISO/ASP' },
    { fourcc: 'DX50', id: 'V_MPEG4/ISO/ASP' },
    { fourcc: 'MPG2', id: 'V_MPEG2' },
  ])('$fourcc is $id', ({ fourcc, id }) => {
    expect(resolve(VFW, bitmap(fourcc))).toEqual([id, null, `${VFW} ${fourcc}`]);
    expect(resolve(VFW, bitmap(fourcc, '01640028'))).toEqual([id, '01640028', `${VFW} ${fourcc}`]);
  });

  test.each([
    { name: 'DIV3', data: bitmap('DIV3'), source: `${VFW} DIV3` },
    { name: 'an uncompressed picture', data: bitmap('\0\0\0\0'), source: `${VFW} ....` },
    { name: 'a header cut off', data: bitmap('H264').subarray(0, 39), source: VFW },
  ])('$name stays unknown', ({ data, source }) => {
    expect(resolve(VFW, data)).toEqual([source, Buffer.from(data).toString('hex'), source]);
  });

  test('nothing to go by', () => {
    expect(resolve(VFW)).toEqual([VFW, null, VFW]);
  });
});

describe('A_MS/ACM', () => {
  test.each([
    { tag: 'ff00', extra: '1190', id: 'A_AAC', source: '0x00ff' },
    { tag: '0016', extra: '1190', id: 'A_AAC', source: '0x1600' },
    { tag: '0116', extra: '1190', id: 'A_AAC', source: '0x1601' },
    { tag: '0216', extra: '1190', id: 'A_AAC', source: '0x1602' },
    { tag: '0100', extra: '', id: 'A_PCM/INT/LIT', source: '0x0001' },
    { tag: '0300', extra: '', id: 'A_PCM/FLOAT/IEEE', source: '0x0003' },
    { tag: '5000', extra: '', id: 'A_MPEG/L2', source: '0x0050' },
    { tag: '5500', extra: '010002000000', id: 'A_MPEG/L3', source: '0x0055' },
    { tag: '0020', extra: '', id: 'A_AC3', source: '0x2000' },
    { tag: '0120', extra: '', id: 'A_DTS', source: '0x2001' },
    { tag: 'acf1', extra: '664c6143', id: 'A_FLAC', source: '0xf1ac' },
    { tag: '4f70', extra: '4f707573', id: 'A_OPUS', source: '0x704f' },
  ])('$source is $id', ({ tag, extra, id, source }) => {
    expect(resolve(ACM, wave(tag, extra))).toEqual([id, extra || null, `${ACM} ${source}`]);
  });

  test('HEAACWAVEINFO stands before the AudioSpecificConfig', () => {
    const info = '000029000000000000000000';
    expect(resolve(ACM, wave('1016', `${info}1190`))).toEqual(['A_AAC', '1190', `${ACM} 0x1610`]);
  });

  test('WAVEFORMATEXTENSIBLE: the tag is in the GUID', () => {
    const guid = '0100000000001000800000aa00389b71';
    const data = wave('feff', `100003000000${guid}`);
    expect(resolve(ACM, data)).toEqual(['A_PCM/INT/LIT', null, `${ACM} 0x0001`]);
  });

  test.each([
    { name: 'a tag nobody knows', data: wave('4242'), source: `${ACM} 0x4242` },
    { name: 'a header cut off', data: wave('5500').subarray(0, 15), source: ACM },
  ])('$name stays unknown', ({ data, source }) => {
    expect(resolve(ACM, data)).toEqual([source, Buffer.from(data).toString('hex'), source]);
  });
});

test('other IDs are what they are', () => {
  expect(resolve('A_FLAC', w.hex('01'))).toEqual(['A_FLAC', '01', 'A_FLAC']);
});

test.each([
  { codec: VFW, data: bitmap('H264', '0164') },
  { codec: ACM, data: wave('ff00', '1190') },
])('any change of $codec', ({ codec, data }) => {
  expectMediaErrors(data, (bytes) => resolve(codec, bytes));
});
