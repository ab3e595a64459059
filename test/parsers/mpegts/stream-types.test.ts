import { describe, expect, test } from 'vitest';
import { streamKind } from '../../../parsers/mpegts/stream-types.ts';

describe('kinds of streams', () => {
  const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
  const registered = (name: string) => ({ tag: 5, data: Uint8Array.from(letters(name)) });
  const HDMV = [registered('HDMV')];
  const tagged = (tag: number, ...data: number[]) => [{ tag, data: Uint8Array.from(data) }];
  const metadata = (name: string) =>
    tagged(0x26, 0xff, 0xff, ...letters(name), 0xff, ...letters(name), 0, 0x0f);
  test.each([
    { type: 0x1b, own: [], program: [], kind: 'video', name: 'h264' },
    { type: 0x24, own: [], program: [], kind: 'video', name: 'hevc' },
    { type: 0x02, own: [], program: [], kind: 'video', name: 'mpeg2video' },
    { type: 0x0f, own: [], program: [], kind: 'audio', name: 'aac' },
    { type: 0x11, own: [], program: [], kind: 'audio', name: 'aac_latm' },
    { type: 0x03, own: [], program: [], kind: 'audio', name: 'mpeg-audio' },
    { type: 0x81, own: [], program: [], kind: 'audio', name: 'ac3' },
    { type: 0x87, own: [], program: [], kind: 'audio', name: 'eac3' },
    { type: 0x86, own: [], program: [], kind: 'other', name: 'scte35' },
    { type: 0x86, own: [], program: HDMV, kind: 'audio', name: 'dts' },
    { type: 0x83, own: [], program: HDMV, kind: 'audio', name: 'truehd' },
    { type: 0x90, own: [], program: HDMV, kind: 'subtitle', name: 'hdmv_pgs' },
    { type: 0x06, own: tagged(0x6a, 0), program: [], kind: 'audio', name: 'ac3' },
    { type: 0x06, own: tagged(0x7a, 0), program: [], kind: 'audio', name: 'eac3' },
    {
      type: 0x06,
      own: tagged(0x56, 0x64, 0x65, 0x75, 9, 0),
      program: [],
      kind: 'subtitle',
      name: 'teletext',
    },
    { type: 0x06, own: tagged(0x59), program: [], kind: 'subtitle', name: 'dvb_subtitle' },
    { type: 0x06, own: tagged(0x7f, 0x80, 2), program: [], kind: 'audio', name: 'opus' },
    { type: 0x06, own: [registered('Opus')], program: [], kind: 'audio', name: 'opus' },
    { type: 0x06, own: [registered('HEVC')], program: [], kind: 'video', name: 'hevc' },
    { type: 0x06, own: [], program: [], kind: 'other', name: 'private' },
    { type: 0x15, own: [], program: [], kind: 'other', name: 'id3' },
    { type: 0x05, own: [], program: [], kind: 'other', name: 'sections' },
    { type: 0x05, own: tagged(0x6f, 0, 0, 0), program: [], kind: 'other', name: 'ait' },
    { type: 0x0b, own: [], program: [], kind: 'other', name: 'dsmcc' },
    { type: 0x10, own: [], program: [], kind: 'video', name: 'mpeg4' },
    { type: 0x21, own: [], program: [], kind: 'video', name: 'jpeg2000' },
    { type: 0x33, own: [], program: [], kind: 'video', name: 'vvc' },
    { type: 0x42, own: [], program: [], kind: 'video', name: 'cavs' },
    { type: 0xd2, own: [], program: [], kind: 'video', name: 'avs2' },
    { type: 0xd4, own: [], program: [], kind: 'video', name: 'avs3' },
    { type: 0xea, own: [], program: [], kind: 'video', name: 'vc1' },
    { type: 0x80, own: [], program: [], kind: 'other', name: 'stream_type 0x80' },
    { type: 0x80, own: [], program: HDMV, kind: 'audio', name: 'pcm_bluray' },
    { type: 0x82, own: [], program: [], kind: 'audio', name: 'dts' },
    { type: 0x83, own: [], program: [], kind: 'audio', name: 'truehd' },
    { type: 0x84, own: [], program: [], kind: 'audio', name: 'eac3' },
    { type: 0x84, own: [], program: HDMV, kind: 'audio', name: 'eac3' },
    { type: 0x85, own: [], program: HDMV, kind: 'audio', name: 'dts' },
    { type: 0x86, own: [registered('DTS2')], program: [], kind: 'audio', name: 'dts' },
    { type: 0x86, own: [], program: [registered('CUEI')], kind: 'other', name: 'scte35' },
    { type: 0x86, own: [registered('CUEI')], program: HDMV, kind: 'audio', name: 'dts' },
    { type: 0xa1, own: [], program: [registered('HDPR')], kind: 'audio', name: 'eac3' },
    { type: 0x06, own: tagged(0x46), program: [], kind: 'subtitle', name: 'teletext' },
    { type: 0x06, own: tagged(0x7f, 0x20), program: [], kind: 'subtitle', name: 'ttml' },
    { type: 0x06, own: tagged(0xfd, 0, 8), program: [], kind: 'subtitle', name: 'arib_caption' },
    { type: 0x06, own: [registered('KLVA')], program: [], kind: 'other', name: 'klv' },
    { type: 0x15, own: metadata('KLVA'), program: [], kind: 'other', name: 'klv' },
    { type: 0x15, own: metadata('ID3 '), program: [], kind: 'other', name: 'id3' },
    { type: 0x7e, own: [], program: [], kind: 'other', name: 'stream_type 0x7e' },
  ])('$type is $name', ({ type, own, program, kind, name }) => {
    expect(streamKind({ type, pid: 256, descriptors: own }, program)).toMatchObject({
      kind,
      name,
      unreadable: null,
    });
  });

  test('SAMPLE-AES is named', () =>
    expect(streamKind({ type: 0xdb, pid: 256, descriptors: [] }, [])).toEqual({
      kind: 'video',
      name: 'h264',
      unreadable: 'encrypted (SAMPLE-AES)',
      mayBeSound: false,
    }));

  test.each([
    { type: 0x06, own: [], program: [], isOpen: true },
    { type: 0x06, own: tagged(0x56), program: [], isOpen: false },
    { type: 0x06, own: tagged(0xfd, 0, 8), program: [], isOpen: false },
    { type: 0x06, own: tagged(0x0a, 0x64, 0x65, 0x75, 0), program: [], isOpen: true },
    { type: 0x05, own: [], program: [], isOpen: false },
    { type: 0x90, own: [], program: [], isOpen: true },
    { type: 0x90, own: [], program: HDMV, isOpen: false },
    { type: 0x86, own: [], program: [], isOpen: true },
    { type: 0x86, own: [], program: [registered('CUEI')], isOpen: false },
    { type: 0x1b, own: [], program: [], isOpen: false },
  ])('$type may be sound: $isOpen', ({ type, own, program, isOpen }) =>
    expect(streamKind({ type, pid: 256, descriptors: own }, program).mayBeSound).toBe(isOpen));
});
