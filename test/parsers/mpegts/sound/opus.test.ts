import { describe, expect, test } from 'vitest';
import { createSplitter } from '../../../../parsers/mpegts/sound/splitter.ts';
import { parseDops } from '../../../../src/codecs/opus.ts';
import { concat } from '../../../../src/core/bytes.ts';
import { encode } from '../../../codecs/encoded-audio.ts';
import { needsFfmpeg } from '../../../helpers/ffmpeg.ts';
import { encodeStream, identity, piecesOf, splitAll } from './streams.ts';

const describedAs = (code: number) => [{ tag: 0x7f, data: Uint8Array.of(0x80, code) }];

interface Control {
  readonly startTrim?: number;
  readonly endTrim?: number;
  readonly extension?: Uint8Array;
}

/** A packet behind its control header. */
function unit(packet: Uint8Array, { startTrim, endTrim, extension }: Control = {}): Uint8Array {
  const flags = (startTrim ? 0x10 : 0) | (endTrim ? 0x08 : 0) | (extension ? 0x04 : 0);
  const size = [...new Uint8Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255];
  const trims = [startTrim, endTrim].flatMap((trim) => (trim ? [trim >> 8, trim & 255] : []));
  const added = extension ? [extension.length, ...extension] : [];
  return concat([Uint8Array.of(0x7f, 0xe0 | flags, ...size, ...trims, ...added), packet]);
}

/** CELT of 20 ms. */
const packetOf = (size: number): Uint8Array => new Uint8Array(size).fill(1).fill(31 * 8, 0, 1);

test.each<Control & { readonly what: string; readonly size: number }>([
  { what: 'plain', size: 100 },
  { what: 'one byte', size: 1 },
  { what: '255 bytes', size: 255 },
  { what: '1000 bytes', size: 1000 },
  { what: 'trimmed at both ends', size: 100, startTrim: 312, endTrim: 648 },
  { what: 'with an extension', size: 300, startTrim: 312, extension: packetOf(20) },
])('$what: the control header is taken off', ({ size, ...control }) => {
  const packet = packetOf(size);
  const stream = concat([unit(packet, control), unit(packet, control), unit(packet, control)]);
  for (const payloads of [[stream], piecesOf(stream, 1), piecesOf(stream, 99)]) {
    const { frames, skipped } = splitAll('opus', payloads, describedAs(2));
    expect(frames.map(({ data, samples }) => [data, samples])).toEqual(
      Array.from({ length: 3 }, () => [packet, 960]),
    );
    expect(concat(frames.map(({ raw }) => raw))).toEqual(stream);
    expect(skipped).toBe(0);
  }
});

test('what is no packet is passed over', () => {
  const broken = unit(Uint8Array.of(3, 0));
  const splitter = createSplitter('opus', []);
  const frames = splitter.push(concat([unit(packetOf(9)), broken, unit(packetOf(9))]));
  expect(frames).toHaveLength(2);
  expect(splitter.takeSkipped()).toBe(broken.length);
  expect(splitter.refused?.code).toBe('corrupt');
});

test.each([0, 9, 0x81, 255])('channel_config_code %d is unsupported', (code) => {
  expect(() => createSplitter('opus', describedAs(code))).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  );
});

test('without a descriptor it is stereo', () => {
  const splitter = createSplitter('opus', []);
  splitter.push(unit(packetOf(9)));
  expect(splitter.format).toMatchObject({ sampleRate: 48_000, channels: 2, frameSize: null });
});

/** Payloads of the elementary stream that ffmpeg's muxer gives the first PID. */
function payloadsOf(file: Uint8Array): Uint8Array[] {
  const payloads: Uint8Array[][] = [];
  for (const packet of piecesOf(file, 188)) {
    const [, high = 0, low = 0, flags = 0, adaptation = 0] = packet;
    if ((((high & 31) << 8) | low) !== 0x100 || (flags & 0x10) === 0) continue;
    const payload = packet.subarray(flags & 0x20 ? 5 + adaptation : 4);
    if (high & 0x40) payloads.push([payload.subarray(9 + (payload[8] ?? 0))]);
    else payloads.at(-1)?.push(payload);
  }
  return payloads.map(concat);
}

describe("ffmpeg's muxer", () => {
  test.for([
    { channels: 2, layout: 'stereo' },
    { channels: 6, layout: '5.1' },
  ])('$layout: packets and configuration are those of its MP4', ({ channels, layout }, context) => {
    needsFfmpeg(context);
    const options = ['-c:a', 'libopus', '-mapping_family', channels > 2 ? '1' : '0'];
    const payloads = payloadsOf(encodeStream([...options, '-f', 'mpegts'], [48_000, channels]));
    const { frames, skipped } = splitAll('opus', payloads, describedAs(channels));
    const mp4 = encode({
      channels: layout,
      rate: 48_000,
      options: [...options, '-t', '0.5'],
      box: 'dOps',
      head: 0,
    });
    expect(frames.map(({ data }) => data)).toEqual(mp4.packets);
    const told = parseDops(frames[0]?.format.config.record ?? new Uint8Array(0));
    expect(told).toEqual({ ...parseDops(mp4.record), preSkip: 0 });
    expect(skipped).toBe(0);
    const stream = concat(payloads);
    const whole = identity(splitAll('opus', [stream], describedAs(channels)));
    expect(identity(splitAll('opus', piecesOf(stream, 333), describedAs(channels)))).toEqual(whole);
  });
});
