import { describe, expect, it } from 'vitest';
import { box, fourcc, full, sound, u8, u16, zeros } from './movie-writer.ts';

import { linear, quicktime, trackOf } from './sound-writer.ts';

describe('PCM', () => {
  const enda = (little: number) =>
    box('wave', box('frma', fourcc('in24')), box('enda', u16(little)), zeros(8));
  const pcmC = (little: number, bits: number) => full('pcmC', 0, u8(little, bits));
  const [float, big, signed, packed, high, planar] = [1, 2, 4, 8, 16, 32];

  it.each([
    { name: 'twos', entry: sound('twos'), format: 'signed 16 big' },
    { name: 'twos, 8 bits', entry: sound('twos', { bits: 8 }), format: 'signed 8 big' },
    { name: 'sowt', entry: sound('sowt'), format: 'signed 16 little' },
    { name: 'raw', entry: sound('raw ', { bits: 8 }), format: 'unsigned 8 big' },
    { name: 'raw, 16 bits', entry: sound('raw '), format: 'signed 16 big' },
    { name: 'NONE', entry: sound('NONE', { bits: 8 }), format: 'unsigned 8 big' },
    { name: 'no type', entry: sound('\0\0\0\0', { bits: 8 }), format: 'unsigned 8 big' },
    { name: 'in24', entry: quicktime('in24', {}), format: 'signed 24 big' },
    { name: 'in24, enda', entry: quicktime('in24', {}, enda(1)), format: 'signed 24 little' },
    { name: 'in32, enda 0', entry: quicktime('in32', {}, enda(0)), format: 'signed 32 big' },
    { name: 'fl32', entry: quicktime('fl32', {}), format: 'float 32 big' },
    { name: 'fl64, enda', entry: quicktime('fl64', {}, enda(1)), format: 'float 64 little' },
    { name: 'ulaw', entry: sound('ulaw'), format: 'mulaw 8 little' },
    { name: 'alaw', entry: sound('alaw'), format: 'alaw 8 little' },
    { name: 'ms 1', entry: sound('ms\0\x01'), format: 'signed 16 little' },
    { name: 'ms 1, 8 bits', entry: sound('ms\0\x01', { bits: 8 }), format: 'unsigned 8 little' },
    { name: 'ms 3', entry: sound('ms\0\x03', { bits: 32 }), format: 'float 32 little' },
    { name: 'ms 6', entry: sound('ms\0\x06'), format: 'alaw 8 little' },
    { name: 'ms 7', entry: sound('ms\0\x07'), format: 'mulaw 8 little' },
    { name: 'ipcm', entry: sound('ipcm', {}, pcmC(0, 24)), format: 'signed 24 big' },
    { name: 'ipcm, little', entry: sound('ipcm', {}, pcmC(1, 16)), format: 'signed 16 little' },
    { name: 'fpcm', entry: sound('fpcm', {}, pcmC(1, 64)), format: 'float 64 little' },
    {
      name: 'lpcm',
      entry: linear('lpcm', { flags: signed | packed, bits: 16, packetBytes: 4 }),
      format: 'signed 16 little',
    },
    {
      name: 'lpcm, big',
      entry: linear('lpcm', { flags: signed | packed | big, bits: 24, packetBytes: 6 }),
      format: 'signed 24 big',
    },
    {
      name: 'lpcm, float',
      entry: linear('lpcm', { flags: float | packed, bits: 32, packetBytes: 8 }),
      format: 'float 32 little',
    },
    {
      name: 'lpcm, unsigned',
      entry: linear('lpcm', { flags: packed, bits: 8, packetBytes: 2 }),
      format: 'unsigned 8 little',
    },
    {
      name: 'lpcm, 24 bits at the high end of 32',
      entry: linear('lpcm', { flags: signed | high, bits: 24, packetBytes: 8 }),
      format: 'signed 32 little',
    },
    {
      name: 'lpcm, 20 bits without room between',
      entry: linear('lpcm', { flags: signed | packed | big, bits: 20, packetBytes: 5 }),
      format: 'signed 20 big',
    },
    {
      name: 'lpcm, one channel by itself',
      entry: linear('lpcm', { flags: signed | planar, bits: 16, packetBytes: 2, channels: 1 }),
      format: 'signed 16 little',
    },
  ])('$name: $format', ({ entry, format }) => {
    const { decodeOnly, unreadable } = trackOf(entry);
    expect(unreadable).toBeNull();
    if (decodeOnly?.codec !== 'pcm') throw new Error('no PCM');
    const { encoding, bits, isBigEndian } = decodeOnly.format;
    expect(`${encoding} ${bits} ${isBigEndian ? 'big' : 'little'}`).toBe(format);
  });

  it.each([
    { name: 'sizes that are none', entry: sound('twos', { bits: 13 }), reason: /13 bits/ },
    { name: 'no channels', entry: sound('twos', { channels: 0 }), reason: /0 channels/ },
    { name: 'no rate', entry: sound('sowt', { rate: 0 }), reason: /rate/ },
    { name: 'no pcmC', entry: sound('ipcm'), reason: /no known form/ },
    {
      name: 'channels one behind the other',
      entry: linear('lpcm', { flags: signed | planar, bits: 16, packetBytes: 4 }),
      reason: /no known form/,
    },
    {
      name: '24 bits at the low end of 32',
      entry: linear('lpcm', { flags: signed, bits: 24, packetBytes: 8 }),
      reason: /no known form/,
    },
    { name: 'lpcm of another version', entry: sound('lpcm'), reason: /no known form/ },
    {
      name: 'a rate that is none',
      entry: linear('lpcm', { flags: signed, bits: 16, packetBytes: 4, rate: Number.NaN }),
      reason: /rate/,
    },
  ])('refused: $name', ({ entry, reason }) => {
    expect(trackOf(entry)).toMatchObject({ decodeOnly: null, unreadable: expect.stringMatching(reason) });
  });
});
