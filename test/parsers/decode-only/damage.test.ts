import { expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { openTransportStream } from '../../../parsers/mpegts/demuxer.ts';
import { bitmapInfo } from '../../../src/codecs/bitmap-info.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer } from '../../../src/core/contracts.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { bytesOf } from '../../helpers/hex.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { pesPacket } from '../../helpers/ts-writer.ts';
import { random } from '../matroska/reading.ts';
import { program } from '../mpegts/streams.ts';
import { greyFrame } from './grey-fields.ts';

/** Files with bytes that were changed at random: what is read of them is samples or a MediaError, in bounded time. */

const signal = new AbortController().signal;
const LAYER = bytesOf('000001b0f1000001b5a913000001000000012008d48d0800cd03040814103f');
const VOPS = ['10c0', '50c0', '90c0', '90c4', '10c8'].map((text) => bytesOf(`000001b6${text}aabbccdd`));

function transportStream(): Uint8Array {
  const writer = program({ pcrPid: 256, streams: [{ type: 2, pid: 256 }] });
  for (let i = 0; i < 6; i++)
    for (const { data: payload } of greyFrame(i, i % 3 === 0 ? 'sequence' : 'bare'))
      writer.pes(256, pesPacket({ streamId: 0xe0, payload, ...(i % 2 === 0 && { pts: 90_000 + i * 3600 }) }));
  return writer.bytes();
}

function aviInMatroska(): Uint8Array {
  const bitmap = bitmapInfo(bytesOf('58564944'), { width: 96, height: 64 });
  const codec = { codec: 'V_MS/VFW/FOURCC', private: concat([bitmap, LAYER]) };
  const entry = w.videoTrack({ number: 1, width: 96, height: 64, ...codec });
  const clusters = VOPS.map((data, i) =>
    w.element(
      w.ID.Cluster,
      w.uint(w.ID.Timestamp, i * 40),
      w.element(w.ID.SimpleBlock, w.hex('81 0000 80'), data, data),
    ),
  );
  return w.bytes(w.ebmlHead(), w.element(w.ID.Segment, [w.info(), w.tracks(entry), ...clusters]));
}

async function readThrough(demuxer: Demuxer): Promise<number> {
  const { start, end } = demuxer.payload;
  const tracks = new Set(demuxer.tracks.map(({ id }) => id));
  let count = 0;
  for await (const { samples } of demuxer.samples({ start, soft: end, end, tracks }, signal))
    count += samples.length;
  return count;
}

test.each([
  { name: 'a transport stream', file: transportStream(), open: openTransportStream },
  { name: 'Matroska', file: aviInMatroska(), open: openMatroska },
])('$name', async ({ file, open }) => {
  const next = random(7);
  let whole = 0;
  for (let i = 0; i < 400; i++) {
    const changed = file.slice();
    for (let n = 0; n < 1 + (i % 8); n++)
      changed[Math.floor(next() * file.length)] = Math.floor(next() * 256);
    try {
      const count = await readThrough(await open(memorySource(changed), signal));
      expect(count).toBeLessThan(100);
      whole++;
    } catch (error) {
      expect(error).toBeInstanceOf(MediaError);
    }
  }
  expect(whole).toBeGreaterThan(100);
});
