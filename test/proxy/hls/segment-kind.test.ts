import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAudioSpecificConfig } from '../../../src/codecs/aac.ts';
import { buildSilentAc3Frame } from '../../../src/codecs/ac3-silence.ts';
import { toAdts } from '../../../src/codecs/adts.ts';
import { silentMp3Frame } from '../../../src/codecs/mpeg-audio.ts';
import { BitWriter } from '../../../src/core/bits.ts';
import { concat } from '../../../src/core/bytes.ts';
import { type SegmentKind, segmentKind } from '../../../src/proxy/hls/segment-kind.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { bytesOf } from '../../helpers/hex.ts';

const text = (value: string): Uint8Array => Uint8Array.from(value, (char) => char.charCodeAt(0));
const noise = (size: number): Uint8Array => {
  let state = 1;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
};
const repeated = (frame: Uint8Array, count: number): Uint8Array => concat(Array(count).fill(frame));
const box = (name: string): Uint8Array => concat([bytesOf('00000020'), text(name), noise(24)]);

const TRANSPORT = fixture('transport').subarray(0, 188 * 40);
const M2TS = fixture('transport-192').subarray(0, 192 * 40);
const ADTS = toAdts(
  new Uint8Array(300),
  buildAudioSpecificConfig({ objectType: 2, samplingRate: 48_000, channelConfiguration: 2 }),
);
const MP3 = silentMp3Frame(bytesOf('fffb9064')) ?? new Uint8Array(0);
const AC3 = buildSilentAc3Frame({ fscod: 0, bsid: 8, bsmod: 0, acmod: 2, lfeon: false, bitRateCode: 10 });

/** Syncword, an independent substream of 512 bytes at 48 kHz, six blocks, stereo: ETSI TS 102 366, E.1.2. */
function eac3Frame(): Uint8Array {
  const bits = new BitWriter();
  bits.u(0x0b77, 16).u(0, 2).u(0, 3).u(255, 11).u(0, 2).u(3, 2).u(2, 3).u(0, 1).u(16, 5);
  return concat([bits.bytes(), new Uint8Array(512 - bits.bytes().length)]);
}

/** ID3v2.4 with one private frame: RFC 8216, 3.4. */
const tag = (size: number): Uint8Array =>
  concat([text('ID3\x04\0\0'), Uint8Array.of(0, 0, size >> 7, size & 127), new Uint8Array(size)]);

const PNG = concat([bytesOf('89504e470d0a1a0a'), noise(60)]);
const JPEG = concat([bytesOf('ffd8ffe0'), noise(3000)]);
const GIF = concat([text('GIF89a'), noise(37)]);
const BMP = concat([text('BM'), noise(52)]);

const is = (type: string | null, skip = 0): SegmentKind => ({ type, skip });

const ROWS: readonly (readonly [name: string, bytes: Uint8Array, kind: SegmentKind | null])[] = [
  ['a transport stream', TRANSPORT, is('video/mp2t')],
  ['one packet', TRANSPORT.subarray(0, 188), is('video/mp2t')],
  ['packets with times before them', M2TS, is('video/mp2t')],
  ['a transport stream that begins within a packet', TRANSPORT.subarray(100), is('video/mp2t')],
  ['a transport stream behind a PNG', concat([PNG, TRANSPORT]), is('video/mp2t', PNG.length)],
  ['a transport stream behind a JPEG', concat([JPEG, TRANSPORT]), is('video/mp2t', JPEG.length)],
  ['a transport stream behind a GIF', concat([GIF, TRANSPORT]), is('video/mp2t', GIF.length)],
  ['a transport stream behind a BMP', concat([BMP, TRANSPORT]), is('video/mp2t', BMP.length)],
  ['packets with times behind a PNG', concat([PNG, M2TS]), is('video/mp2t', PNG.length)],
  ['a picture', concat([JPEG, noise(70_000)]), is('image/jpeg')],
  ['the beginning of a picture', concat([PNG, noise(30_000)]), null],
  ['ftyp', box('ftyp'), is('video/mp4')],
  ['styp', box('styp'), is('video/mp4')],
  ['moof', box('moof'), is('video/mp4')],
  ['sidx', box('sidx'), is('video/mp4')],
  ['emsg', box('emsg'), is('video/mp4')],
  ['prft', box('prft'), is('video/mp4')],
  ['a file', fixture('fragmented').subarray(0, 100), is('video/mp4')],
  ['subtitles', text('WEBVTT\n\n00:00.000 --> 00:01.000\nx'), is('text/vtt')],
  ['subtitles behind a byte order mark', text('\xef\xbb\xbfWEBVTT\r\nX-TIMESTAMP-MAP=…'), is('text/vtt')],
  ['AAC', repeated(ADTS, 3), is('audio/aac')],
  ['AAC behind a tag', concat([tag(63), ADTS]), is('audio/aac')],
  ['MP3', repeated(MP3, 3), is('audio/mpeg')],
  ['MP3 behind a tag', concat([tag(200), MP3]), is('audio/mpeg')],
  ['AC-3', repeated(AC3, 2), is('audio/ac3')],
  ['AC-3 behind a tag', concat([tag(63), AC3]), is('audio/ac3')],
  ['E-AC-3', repeated(eac3Frame(), 2), is('audio/eac3')],
  ['E-AC-3 behind a tag', concat([tag(63), eac3Frame()]), is('audio/eac3')],
  ['a tag before what nobody knows', concat([tag(63), noise(100)]), is(null)],
  ['a tag that is not over', tag(500).subarray(0, 400), null],
  ['a tag of a megabyte', concat([text('ID3\x04\0\0'), Uint8Array.of(0, 64, 0, 0), noise(2000)]), is(null)],
  ['one frame that nothing follows', ADTS, null],
  ['a frame and no other behind it', concat([ADTS, noise(3000)]), is(null)],
  ['a key', noise(16), is('application/octet-stream')],
  ['encrypted bytes', noise(4096), is(null)],
  ['few encrypted bytes', noise(500), null],
  ['a page', text(`<!doctype html>${' '.repeat(4096)}`), is(null)],
  ['nothing', new Uint8Array(0), null],
];

describe('segmentKind', () => {
  it.each(ROWS)('%s', (_, bytes, kind) => {
    expect(segmentKind(bytes)).toEqual(kind);
  });

  it('says the same of every longer beginning once it says anything', () => {
    for (const [name, bytes] of ROWS) {
      const said = Array.from({ length: Math.min(bytes.length, 4500) }, (_, size) => size)
        // A key is known by its size alone.
        .filter((size) => size !== 16)
        .map((size) => segmentKind(bytes.subarray(0, size)))
        .filter((kind) => kind !== null);
      expect({ name, said: said.filter((kind) => JSON.stringify(kind) !== JSON.stringify(said[0])) }).toEqual(
        {
          name,
          said: [],
        },
      );
    }
  });

  it('returns for any bytes', () => {
    const starts = ROWS.map(([, bytes]) => bytes.subarray(0, 200));
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.nat(200),
        fc.uint8Array({ maxLength: 300 }),
        (start, size, rest) => {
          const kind = segmentKind(concat([start.subarray(0, size), rest]));
          expect(kind === null || kind.skip <= size + rest.length).toBe(true);
        },
      ),
    );
  });
});
